# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import functools
import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import ask, questions, retention
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.settings import KEPT_TASKS

ARGUMENT_SPEC: dict[str, t.Any] = {
    "older_than": {"type": "str", "required": True},
    "keep": {"type": "int", "default": KEPT_TASKS},
    **ask.OPTIONS,
}


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        prune = functools.partial(questions.task_prune, check_mode=self._task.check_mode)
        return ask.ask(self, ARGUMENT_SPEC, variables, retention.ROLE, prune, writes=True)
