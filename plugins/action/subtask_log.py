# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import ask, questions
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction

ARGUMENT_SPEC: dict[str, t.Any] = {
    "task_id": {"type": "raw", "required": True},
    "subtask_id": {"type": "raw"},
    "host_id": {"type": "raw"},
    **ask.WHOLE,
    **ask.OPTIONS,
}


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        return ask.ask(self, ARGUMENT_SPEC, variables, "TASK_VIEWER", questions.subtask_log)
