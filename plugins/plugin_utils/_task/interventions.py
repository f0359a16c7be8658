# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The interventions of an operator in a FAILED task: retry, skip and rollback.

The rules are those of OCP's task engine, as its open sibling ocp-express has them. Once a rollback has begun, the task
can only be rolled back further.
"""

from __future__ import annotations

import typing as t

from .errors import NO_ROLLBACK, NO_SKIP, TASK_STATE, UNKNOWN_TASK, OcpError, join, sub_error
from .task import CANCEL, FAILED, PENDING, READY, RETRY, ROLLBACK, RUNNING, SKIP, SUCCESSFUL, Task


def retry(task: Task) -> None:
    """Run the FAILED subtasks again. Raises OcpError (409) for a task in another state."""
    _check_failed(task)
    if task.operation == ROLLBACK:
        raise OcpError(TASK_STATE, f"task {task.id} is being rolled back and cannot go on: roll it back again")
    _go_on(task, RETRY)
    for subtask in task.failures:
        subtask.become(READY)
        subtask.operation = RETRY
        subtask.run_time += 1
        subtask.clear()


def skip(task: Task, subtask_ids: t.Collection[int]) -> None:
    """Declare FAILED subtasks SUCCESSFUL, and continue the task.

    Raises OcpError: 404 for an unknown subtask, 409 for one that has not FAILED.
    """
    subtasks = {subtask.id: subtask for subtask in task.subtasks}
    unknown = [number for number in subtask_ids if number not in subtasks]
    if unknown:
        message = f"task {task.id} has no subtask {join(unknown)}"
        raise OcpError(UNKNOWN_TASK, message, [sub_error("subtaskId", number, "is unknown") for number in unknown])
    _check_failed(task)
    refused = [number for number in subtask_ids if subtasks[number].status != FAILED]
    if refused or task.operation == ROLLBACK:
        refused = refused or list(subtask_ids)
        states = join([f"{number} is {subtasks[number].status}" for number in refused])
        rolling_back = task.operation == ROLLBACK
        why = "in a rollback nothing is skipped" if rolling_back else "only what has FAILED can be skipped"
        message = f"subtasks of task {task.id}: {states}: {why}"
        raise OcpError(NO_SKIP, message, [sub_error("subtaskId", number, "cannot be skipped") for number in refused])
    _go_on(task, RETRY if task.operation == CANCEL else task.operation)
    for number in subtask_ids:
        subtasks[number].become(SUCCESSFUL)
        subtasks[number].operation = SKIP
        subtasks[number].error = None  # its times stay, they are those of its execution


def rollback(task: Task) -> None:
    """Undo the task in reverse order. Raises OcpError (409) if that is not allowed."""
    _check_failed(task)
    if task.prohibit_rollback:
        raise OcpError(NO_ROLLBACK, f"task {task.id} was created with prohibit_rollback: it can be retried")
    _go_on(task, ROLLBACK)
    for subtask in task.subtasks:
        subtask.undo_tried = False
        if subtask.status != PENDING:
            subtask.operation = ROLLBACK
    task.unwind()


def _check_failed(task: Task) -> None:
    if task.status == RUNNING:
        raise OcpError(
            TASK_STATE,
            f"task {task.id} is RUNNING: this can be done to a FAILED task only. Wait for its end. Where it has none, "
            "as after the end of its workflow, cancel it first (task_cancel)",
        )
    if task.status != FAILED:
        raise OcpError(TASK_STATE, f"task {task.id} is {task.status}: this can be done to a FAILED task only")


def _go_on(task: Task, operation: str) -> None:
    task.status, task.operation, task.finished = RUNNING, operation, None
