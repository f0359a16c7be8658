# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._clock import iso_now

# What a host may say. A host that lies must not set variables, statistics or other hosts' results on the controller.
_KEPT = (
    "boot_id changed deprecations diff exception failed generations module_stderr msg processes reason removed "
    "stopped_at warnings"
).split()

LOOK_AGAIN = 60  # seconds during which a host that was lost in the middle of Stop is tried again
_PAUSE = 2


class ActionModule(ActionBase):
    """Runs the module of the same name, and looks at a host again that was lost while it was at work."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        del tmp
        started, began = iso_now(), time.monotonic()
        try:
            answer = self._work(task_vars or {})
        except BaseException as exc:
            # The timeout of a task arrives as an exception that each ansible-core names differently.
            if isinstance(exc, Exception) or not self._task.timeout or time.monotonic() - began < self._task.timeout:
                raise
            self._connection._shell.tmpdir = None  # its removal would hang on this host too, without a timeout
            answer = {"failed": True, "reason": "deadline", "msg": self._overdue()}
        result.update((key, answer[key]) for key in _KEPT if key in answer)
        if answer.get("unreachable"):
            result["unreachable"] = True
        return {**result, "started_at": started, "finished_at": iso_now()}

    def _overdue(self) -> str:
        text = f"no answer within {self._task.timeout} s"
        if self._stops:
            text += "; whether the agent was stopped is not known: look at the host, or run the stop again"
        return text

    @property
    def _stops(self) -> bool:
        return self._task.args.get("phase") == "stop" and not self._task.check_mode

    def _work(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        try:
            return self._ask(task_vars)
        except AnsibleConnectionFailure as exc:
            if not self._stops:
                return {"unreachable": True, "msg": str(exc)}
            return self._look_again(task_vars, str(exc))

    def _ask(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        return self._execute_module(module_name="oceanbase.ocp.agent_processes", task_vars=task_vars)

    def _look_again(self, task_vars: dict[str, t.Any], lost: str) -> dict[str, t.Any]:
        """Ask a lost host once more. Stop may be done, under way or cut off: asked again, it ends in each case.

        While the first one is under way it holds the agent's lock, and the second one waits for it.
        """
        until = time.monotonic() + min(LOOK_AGAIN, self._task.timeout or LOOK_AGAIN)
        while True:
            time.sleep(_PAUSE)
            self._connection._shell.tmpdir = None  # it may be half written, or gone with the host
            try:
                answer = self._ask(task_vars)
            except AnsibleConnectionFailure as exc:
                answer = {
                    "unreachable": True,
                    "msg": f"connection lost in the middle of Stop ({lost}), and again: {exc}; whether the agent was "
                    "stopped is not known: look at the host, or run the stop again",
                }
            else:
                answer["changed"] = True
                if answer.get("reason") != "locked":
                    return answer
            if time.monotonic() >= until:
                return answer
