# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What every request goes through that makes or takes up a task, before any host is contacted."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible import constants as C
from ansible.errors import AnsibleActionFail

from .._fan_out import client
from .._process import playbook
from .._store.executor import Executor
from .._store.workflow import Workflow
from .._task import settings
from .._task.clock import iso_now
from .._task.errors import CONFLICT, INTERRUPTED, INVALID, OcpError, join
from .._task.host_ids import Target, resolve
from .._task.states import check as check_states
from .._task.task import Outcome, Task
from . import journal, persistence, request_action, screen, supervisor
from .run import Run

OPTIONS: dict[str, t.Any] = {
    "timeouts": {"type": "dict", "default": {}},
    "max_fail_percentage": {"type": "raw"},
    "force": {"type": "bool", "default": False},
    "transport": {"type": "raw"},
    "fanout": {"type": "raw"},
    "workflow": {"type": "bool", "default": False},
    "workflow_timeout": {"type": "raw"},
    **request_action.OPTIONS,
}


class AcceptAction(request_action.RequestAction):
    """An action that makes or takes up a task."""

    def _do(self, run: Run, result: dict[str, t.Any]) -> None:
        del result
        self._response: dict[str, t.Any] = {}
        transport = settings.transport(self.arguments["transport"])
        fanout = settings.fanout(self.arguments["fanout"])
        by_workflow = self.arguments["workflow"]
        executor = None
        if self.url != persistence.NONE and not self.check_mode:
            address = self.request.server
            executor = Executor.nobody(address) if by_workflow else Executor.of(playbook.process(), address)
        new_store = persistence.made_new(self.url) if executor else None
        task = self._accept(executor)
        if new_store:
            screen.display().display(new_store, stderr=True)
        if transport != settings.TASK and not by_workflow:
            client.start(Path(C.DEFAULT_LOCAL_TMP))
        run.task, run.executor, run.response = task, executor, self._response
        run.transport, run.fanout = transport, fanout
        run.resumed = "task_id" in self.spec
        self._publish(run, task)
        if not by_workflow and not self.check_mode:
            journal.note(run)
            self._start_supervisor(task.id, executor)

    def _start_supervisor(self, task_id: int, executor: Executor | None) -> None:
        if executor:
            supervisor.start(self.url, executor, lambda store: store.beat(task_id, executor))
        else:
            supervisor.start(None, Executor.of(playbook.process(), self.request.server), None)

    def _accept(self, executor: Executor | None) -> Task:
        """The task that the request makes or takes up, begun. executor: None where it is not to be stored.

        Raises OcpError.
        """
        raise NotImplementedError

    # For the actions

    def workflow(self, role: str) -> Workflow | None:
        """The workflow that is to execute the task; None for this run. role: what each run of it takes.

        Raises OcpError (400) where its runs would not find the task.
        """
        if not self.arguments["workflow"]:
            return None
        transient = persistence.transient(self.url)
        if transient:
            raise OcpError(
                INVALID,
                f"the runs of a workflow hand the task on in the task store, but {transient}: give ocp_task_store the "
                "URL of a database that all of them reach",
            )
        return Workflow(settings.workflow_timeout(self.arguments["workflow_timeout"]), role)

    def find_hosts(self, host_ids: t.Sequence[int]) -> list[Target]:
        """The hosts of the inventory with these ids. Raises OcpError where one is not there, or must be left alone."""
        targets = resolve(host_ids, self.ids_of_hosts(), self.variables["groups"])
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
            check_states(targets, self.hosts.__getitem__)
        return targets

    def answer(self, task: Task) -> Task:
        """Make the answer to the request from the task as it is before it begins, then begin it.

        Raises OcpError (409) where another run writes the response file.
        """
        if self.held_by:
            raise OcpError(CONFLICT, "two runs cannot write one response file: give ocp_response_file another path")
        self._response = self.request.answer(task)
        task.begin()
        return task

    def _publish(self, run: Run, task: Task) -> None:
        """Write the response before any host is contacted; where that cannot be done none will be."""
        try:
            self.write(run)
        except OSError as exc:
            problem = f"The response cannot be written to {run.response_file}: {exc.strerror}"
            task.close(iso_now(), Outcome.failure(INTERRUPTED, problem))
            persistence.save(self.url, run.executor, task, {})
            raise AnsibleActionFail(
                f"{problem}. No host was contacted: give ocp_response_file a path that can be written."
            ) from exc
