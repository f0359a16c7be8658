# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import time
import typing as t
from dataclasses import replace

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import playbook
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    cancel,
    persistence,
    request_action,
    supervisor,
    workflow_request,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store, StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import settings, subtask_log
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.barrier import pass_on
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso_now
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INTERRUPTED
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import RUNNING, Outcome, Subtask, Task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.workflow_report import of_barrier

ARGUMENT_SPEC: dict[str, t.Any] = {
    "task_id": {"type": "raw"},
    "last": {"type": "bool", "default": False},
    "wait_timeout": {"type": "raw"},
    **request_action.OPTIONS,
}

_LOOK_EVERY = 1  # seconds
_LAST_PHASE = PHASES[-1]  # its outcomes are the report's, as in a run that does everything


class ActionModule(request_action.RequestAction):
    spec = ARGUMENT_SPEC

    def _do(self, run: Run, result: dict[str, t.Any]) -> None:
        started = iso_now()
        given = settings.timeouts({"wait": self.arguments["wait_timeout"] or ""}).get("wait")
        self.check_controller()
        task_id = workflow_request.task_id(self.arguments["task_id"], check_mode=self.check_mode)
        if task_id is None:
            result["msg"] = workflow_request.NO_TASK
            return
        executor = Executor.of(playbook.process(), self.request.server)
        with persistence.open_store(self.url, read_only=self.check_mode) as store:
            self.authorize(store.workflow(task_id).role, "task_barrier")
            task = store.load(task_id) if self.check_mode else store.hold(task_id, executor)
            if task.status == RUNNING and not self.check_mode:
                supervisor.start(self.url, executor, lambda store: store.beat(task_id, executor))
                outcomes = _wait(store, task_id, given or task.timeouts["wait"])
                task = self._pass(run, task, outcomes, executor, started)
        run.task, run.response = task, self.request.answer(task)
        with contextlib.suppress(OSError):  # the report writes it again, and tells
            self.write(run)
        head = "check mode, nothing was changed: " if self.check_mode else ""
        result["msg"] = head + of_barrier(task) + (f". {self.left_alone}" if self.held_by else "")

    def _pass(
        self,
        run: Run,
        task: Task,
        outcomes: t.Mapping[str, t.Mapping[int, Outcome]],
        executor: Executor,
        started: str,
    ) -> Task:
        """Settle what was handed in, and go on to what follows, or end the task where nothing does. Store it."""
        with contextlib.suppress(StoreError):  # saving tells
            run.cancelled = persistence.cancelled(self.url, executor, task.id)
        last = {phase: answers for phase, answers in outcomes.items() if phase == _LAST_PHASE}
        behind = {phase: answers for phase, answers in outcomes.items() if phase != _LAST_PHASE}
        settled = [pair for phase, answers in behind.items() for pair in task.settle(phase, answers)]
        if not run.cancelled:
            settled += pass_on(task, behind, started)
        goes_on = any(set(indices) - set(last.get(phase, ())) for phase, indices in task.work().items())
        if goes_on and not run.cancelled and not self.arguments["last"]:
            settled += [pair for phase, answers in last.items() for pair in task.settle(phase, answers, complete=False)]
            logs = self._logs(task, settled)
        else:
            cause = (INTERRUPTED, "the workflow came to its report before this was done") if goes_on else None
            ending = replace(run, task=task).end(last, None if run.cancelled else cause)
            task, logs = ending.task, {**self._logs(task, settled), **ending.logs}
        run.problem = persistence.save(self.url, executor, task, logs)
        if run.problem and task.status == RUNNING:  # nobody goes on to what no record could tell of
            ending = replace(run, task=task, barrier_error=run.problem).end({})
            task = ending.task
            run.problem = persistence.save(self.url, executor, task, ending.logs)
        return task

    def _logs(self, task: Task, settled: t.Iterable[tuple[Subtask, Outcome]]) -> dict[int, str]:
        return subtask_log.blocks(task, settled, self.request.trace_id, self.request.context)


def _wait(store: Store, task_id: int, patience: int) -> dict[str, dict[int, Outcome]]:
    """Wait until all that is due was handed in, or need not be waited for. Returns the outcomes. Raises StoreError."""
    until = time.monotonic() + patience
    told = False
    while time.monotonic() < until:
        with contextlib.suppress(StoreError):  # it may come back
            if not store.slices.awaited(task_id):
                break
            if cancel.asked() and not told:
                store.cancel(task_id)
                told = True
        time.sleep(_LOOK_EVERY)
    return store.slices.give_up(task_id, patience)
