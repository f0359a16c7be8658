# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import functools
import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import ask, questions
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction

ARGUMENT_SPEC: dict[str, t.Any] = {
    "task_id": {"type": "raw", "required": True},
    **ask.OPTIONS,
}


class ActionModule(ControllerAction):
    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        del tmp
        cancel = functools.partial(questions.task_cancel, check_mode=self._task.check_mode)
        asked = ask.ask(self, ARGUMENT_SPEC, task_vars or {}, "TASK_MANAGER", cancel, writes=True)
        return {**result, **asked}
