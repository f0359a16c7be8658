# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.oceanbase.ocp.plugins.plugin_utils import _unfinished
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._clock import iso_now
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._document import plain, write
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._outcomes import collect
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import Task

ARGUMENT_SPEC: dict[str, t.Any] = {"run": {"type": "dict", "required": True}}


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        started = iso_now()
        result = super().run(tmp, task_vars)
        del tmp
        dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        run = plain(arguments["run"])
        run.pop("response", None)  # the answer to the request has been given; nobody behind the barrier needs it
        if "barrier_error" in run:  # behind a barrier that broke there is nothing to wait for
            return {**result, "changed": False, "run": run}
        try:
            result["run"] = self._pass(run, (task_vars or {})["hostvars"], started)
        except BaseException as exc:
            # Also the task's timeout, which is no Exception: the report needs the run whatever happened here, and no
            # host may go past a barrier that broke.
            result["run"] = {**run, "targets": [], "barrier_error": f"{type(exc).__name__}: {exc}"}
            result.update(failed=True, msg=f"The barrier broke, no host goes on: {result['run']['barrier_error']}")
        return {**result, "changed": False}

    @staticmethod
    def _pass(run: dict[str, t.Any], hostvars: t.Any, started: str) -> dict[str, t.Any]:
        task = Task.load(run["task"])
        task.settle(collect(task, hostvars))
        go_on = task.pass_wait(started, iso_now(), run["max_fail_percentage"])
        if run["response_file"] and not run["check_mode"]:
            with contextlib.suppress(OSError):  # the report writes it again, and tells; hosts must not wait for a file
                write(run["response_file"], Request(**run["request"]).answer(task))
        run = {**run, "task": task.dump(), "targets": [task.targets[index].host for index in go_on]}
        _unfinished.note(run)
        return run
