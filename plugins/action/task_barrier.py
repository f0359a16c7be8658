# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import playbook
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process.waiting import wait_until
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    cancel,
    persistence,
    request_action,
    supervisor,
    workflow_request,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.request_action import Asked
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store, StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import settings, subtask_log
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.barrier import pass_on
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso_now
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INTERRUPTED
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import RUNNING, Outcome, Subtask, Task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.workflow_report import of_barrier

ARGUMENT_SPEC: dict[str, t.Any] = {
    "task_id": {"type": "raw"},
    "last": {"type": "bool", "default": False},
    "wait_timeout": {"type": "raw"},
    **request_action.OPTIONS,
}

_LOOK_EVERY = 1  # seconds
_LAST_PHASE = PHASES[-1]  # the report settles its outcomes, as in a run without a workflow


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        return request_action.carry_out(self, ARGUMENT_SPEC, variables, _join)


def _join(asked: Asked, run: Run) -> dict[str, t.Any]:
    """Wait for the slices, and let the task go on. Returns the progress of the task as C(msg). Raises OcpError."""
    started = iso_now()
    given = settings.timeouts({"wait": asked.arguments["wait_timeout"] or ""}).get("wait")
    asked.inventory.check_controller()
    task_id = workflow_request.task_id(asked.arguments["task_id"], check_mode=asked.check_mode)
    if task_id is None:
        return {"msg": workflow_request.NO_TASK}
    executor = Executor.of(playbook.process(), asked.request.server)
    with persistence.open_store(asked.url, read_only=asked.check_mode) as store:
        asked.authorize(store.workflow(task_id).role, "task_barrier")
        task = store.load(task_id) if asked.check_mode else store.hold(task_id, executor)
        if task.status == RUNNING and not asked.check_mode:
            supervisor.start(asked.url, executor, lambda store: store.beat(task_id, executor))
            outcomes = _wait(store, task_id, given or task.timeouts["wait"])
            task = _pass(asked, run, task, outcomes, executor, started)
    run.task, run.response = task, asked.request.respond(task)
    with contextlib.suppress(OSError):  # the report writes it again, and reports errors
        request_action.write_response(run)
    head = "check mode, nothing was changed: " if asked.check_mode else ""
    return {"msg": head + of_barrier(task) + (f". {asked.left_alone}" if asked.held_by else "")}


def _pass(
    asked: Asked,
    run: Run,
    task: Task,
    outcomes: t.Mapping[str, t.Mapping[int, Outcome]],
    executor: Executor,
    started: str,
) -> Task:
    """Settle the outcomes, begin the next phases, or end the task if there is none. Store the task."""
    with contextlib.suppress(StoreError):  # saving tells
        run.cancelled = persistence.cancelled(asked.url, executor, task.id)
    last = {phase: answers for phase, answers in outcomes.items() if phase == _LAST_PHASE}
    behind = {phase: answers for phase, answers in outcomes.items() if phase != _LAST_PHASE}
    settled = [pair for phase, answers in behind.items() for pair in task.settle(phase, answers)]
    if not run.cancelled:
        settled += pass_on(task, behind, started)
    goes_on = any(set(indices) - set(last.get(phase, ())) for phase, indices in task.work().items())
    if goes_on and not run.cancelled and not asked.arguments["last"]:
        settled += [pair for phase, answers in last.items() for pair in task.settle(phase, answers, complete=False)]
        logs = _logs(asked.request, task, settled)
    else:
        cause = (INTERRUPTED, "the workflow came to its report before this was done") if goes_on else None
        ending = replace(run, task=task).end(last, None if run.cancelled else cause)
        task, logs = ending.task, {**_logs(asked.request, task, settled), **ending.logs}
    run.problem = persistence.save(asked.url, executor, task, logs)
    if run.problem and task.status == RUNNING:  # no host goes on without a record
        ending = replace(run, task=task, barrier_error=run.problem).end({})
        task = ending.task
        run.problem = persistence.save(asked.url, executor, task, ending.logs)
    return task


def _logs(request: Request, task: Task, settled: t.Iterable[tuple[Subtask, Outcome]]) -> dict[int, str]:
    return subtask_log.blocks(task, settled, request.trace_id, request.context)


def _wait(store: Store, task_id: int, patience: int) -> dict[str, dict[int, Outcome]]:
    """Wait for the outcomes that slices can still hand in. Returns all outcomes. Raises StoreError."""
    told = False

    def is_complete() -> bool:
        nonlocal told
        with contextlib.suppress(StoreError):  # it may come back
            if not store.slices.awaited(task_id):
                return True
            if cancel.asked() and not told:
                store.cancel(task_id)
                told = True
        return False

    wait_until(is_complete, patience, _LOOK_EVERY)
    return store.slices.give_up(task_id, patience)
