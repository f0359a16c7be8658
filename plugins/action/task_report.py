# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.oceanbase.ocp.plugins.plugin_utils import _unfinished
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._clock import iso_now
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._document import plain, write
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._outcomes import collect
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report import plan, summary
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import SUCCESSFUL, Task

ARGUMENT_SPEC: dict[str, t.Any] = {"run": {"type": "dict", "required": True}}


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        del tmp
        dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        run = plain(arguments["run"])
        lines = []
        if "task" in run:
            hostvars = (task_vars or {})["hostvars"]
            response, message, successful = _close(run, hostvars)
            if run["check_mode"]:
                lines = plan(Task.load(run["task"]), lambda host: hostvars.raw_get(host).get("stop_result") or {})
        else:
            response, successful = run["response"], False
            error = response["error"]
            message = f"{response['status']} {error['code']}: {error['message']}"
        if run["response_file"] and not run["check_mode"]:
            try:
                write(run["response_file"], response)
            except OSError as exc:
                successful = False
                message += (
                    f". The response cannot be written to {run['response_file']}: {exc.strerror}; "
                    f"it is: {json.dumps(response)}"
                )
        _unfinished.forget()
        return {
            **result,
            "changed": False,
            "msg": message,
            "plan": plain(lines),
            "successful": successful,
            "response": response,
            "ansible_stats": {"data": {"ocp_response": response}, "per_host": False, "aggregate": False},
        }


def _close(run: dict[str, t.Any], hostvars: t.Any) -> tuple[dict[str, t.Any], str, bool]:
    task = Task.load(run["task"])
    task.settle(collect(task, hostvars))
    task.close(iso_now(), run.get("barrier_error"))
    # A plan must never be taken for the deed.
    context = {"check_mode": "true"} if run["check_mode"] else {}
    prefix = "check mode, nothing was changed: " if run["check_mode"] else ""
    return Request(**run["request"]).answer(task, context), prefix + summary(task), task.status == SUCCESSFUL
