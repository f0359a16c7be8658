# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What every request that runs on hosts goes through before any of them is contacted."""

from __future__ import annotations

import os
import typing as t
from dataclasses import asdict

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from . import _controller, _heart, _keeping, _run_state, _unfinished
from ._clock import iso_now, now_ms
from ._document import plain, write
from ._errors import INTERRUPTED, INVALID, SPELLINGS, OcpError, join
from ._executor import Executor
from ._host_ids import Target, resolve
from ._response import Request
from ._states import check as check_states
from ._task import Outcome, Task

OPTIONS: dict[str, t.Any] = {
    "timeouts": {"type": "dict", "default": {}},
    "max_fail_percentage": {"type": "raw"},
    "response_file": {"type": "path"},
    "role_bindings": {"type": "path"},
    "force": {"type": "bool", "default": False},
    "error_codes": {"type": "str", "default": SPELLINGS[0], "choices": list(SPELLINGS)},
    **_keeping.OPTION,
}


class AcceptAction(ActionBase):
    """An action that accepts a request, or refuses it with OCP's own answer. spec: its arguments."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    spec: t.ClassVar[dict[str, t.Any]]

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        received = now_ms()
        result = super().run(tmp, task_vars)
        del tmp
        dummy, self.arguments = self.validate_argument_spec(argument_spec=self.spec)
        self.variables: t.Mapping[str, t.Any] = task_vars or {}
        self.check_mode = self._task.check_mode
        self.url = _keeping.chosen(plain(self.arguments["task_store"]))
        context = _controller.job(self.variables)
        transient = None if self.check_mode else _keeping.transient(self.url)
        if transient:
            context["task_store"] = transient
        self.request = Request(
            _controller.trace_id(), _controller.address(), received, self.arguments["error_codes"], context
        )
        self._response: dict[str, t.Any] = {}
        run: dict[str, t.Any] = {
            "request": self.request.dump(),
            "response_file": self.arguments["response_file"],
            "check_mode": self.check_mode,
            "executor": None,
            "cancelled": False,
        }
        keep = self.url != _keeping.NONE and not self.check_mode
        executor = Executor.of(os.getppid(), self.request.server) if keep else None
        task = None
        try:
            task = self._accept(executor)
        except OcpError as error:
            run["response"] = self.request.refuse(error)
        else:
            run.update(
                _run_state.holding(task),
                response=self._response,
                executor=asdict(executor) if executor else None,
                resumed=self.spec.get("task_id") is not None,
            )
        self._publish(run, task)
        if task and executor:
            _unfinished.note(run, self.url)
            _heart.start(self.url, task.id, executor)
        return {**result, "changed": False, "run": run}

    def _accept(self, executor: Executor | None) -> Task:
        """The task that the request makes or takes up, begun. executor: None where it is not to be stored.

        Raises OcpError.
        """
        raise NotImplementedError

    # For the actions

    def check_controller(self) -> None:
        """Raises OcpError (400) when a limit has left out the controller, whose plays Ansible would skip in silence."""
        if "localhost" not in self.variables["ansible_play_hosts_all"]:
            raise OcpError(
                INVALID,
                f"--limit {self.variables.get('ansible_limit')} leaves out localhost, which keeps the task: add "
                "localhost to it",
            )

    def find_hosts(self, host_ids: t.Sequence[int]) -> list[Target]:
        """The hosts of the inventory with these ids. Raises OcpError where one is not there, or must be left alone."""
        hostvars = self.variables["hostvars"]
        given = {name: hostvars.raw_get(name).get("ocp_host_id") for name in hostvars}
        templated = {
            name: hostvars[name]["ocp_host_id"] if isinstance(value, str) else value
            for name, value in given.items()
            if value is not None
        }
        targets = resolve(host_ids, plain(templated), self.variables["groups"])
        limit = self.variables.get("ansible_limit")
        reached = set(self.variables["ansible_play_hosts_all"]) if limit else {target.host for target in targets}
        cut_off = [target for target in targets if target.host not in reached]
        if cut_off:
            raise OcpError(
                INVALID,
                f"--limit {limit} leaves out {join(cut_off)}: add them to it, or take them out of the request",
                [
                    {
                        "object": "request",
                        "field": "hostIds",
                        "rejectedValue": target.host_id,
                        "message": "is left out by --limit",
                    }
                    for target in cut_off
                ],
            )
        if not self.arguments["force"]:
            check_states(targets, hostvars.raw_get)
        return targets

    def answer(self, task: Task) -> Task:
        """Make the answer to the request from the task as it is before it begins, then begin it."""
        self._response = self.request.answer(task)
        task.begin()
        return task

    def _publish(self, run: t.Mapping[str, t.Any], task: Task | None) -> None:
        """Write the response before any host is contacted; where that cannot be done none will be."""
        if not run["response_file"] or run["check_mode"]:
            return
        try:
            write(run["response_file"], run["response"])
        except OSError as exc:
            problem = f"The response cannot be written to {run['response_file']}: {exc.strerror}"
            if task:
                task.close(iso_now(), Outcome.failure(INTERRUPTED, problem))
                _keeping.Keeping(self.url, run["executor"]).save(task, {})
            raise AnsibleActionFail(
                f"{problem}. No host was contacted: give ocp_response_file a path that can be written."
            ) from exc
