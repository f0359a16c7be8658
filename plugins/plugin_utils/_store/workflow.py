# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The store's data of a task that a workflow executes: several runs, each for its own part.

The task's row names the run that executes it, or Executor.nobody() between two barriers of a workflow. A table of its
own then has what is due on hosts. Slices take it from there and hand the outcomes in (slices.py). Every write of
the task also updates that table, so what a barrier has settled can neither be taken nor handed in. A single run hands
in, too, what its hosts have come to before its barrier.

The functions are part of the caller's transaction. A transaction that locks several rows locks the task's first, and
the due ones in the order of the subtasks.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import asdict, dataclass

from .._files.document import plain
from .._task.operation import PHASES
from .._task.task import DUE, RUNNING, Outcome, Task
from . import schema as tables
from .rows import as_json, chunks
from .sql import sa

Outcomes = dict[str, dict[int, Outcome]]  # by phase, then by host index


@dataclass(frozen=True)
class Workflow:
    """How a workflow executes a task.

    timeout: seconds without a heartbeat between two of its runs. role: OCP's role that each run needs.
    """

    timeout: int
    role: str


def enrol(connection: sa.Connection, task_id: int, workflow: Workflow | None) -> None:
    """Record that from now on a workflow executes a task, or a single run if workflow is None."""
    connection.execute(sa.delete(tables.WORKFLOW).where(tables.WORKFLOW.c.task_id == task_id))
    if workflow:
        connection.execute(sa.insert(tables.WORKFLOW), plain({"task_id": task_id, **asdict(workflow)}))


def of(connection: sa.Connection, task_id: int) -> Workflow | None:
    """The last workflow that has executed a task; None for a single run."""
    row = connection.execute(sa.select(tables.WORKFLOW).where(tables.WORKFLOW.c.task_id == task_id)).one_or_none()
    return Workflow(row.timeout, row.role) if row else None


def lay_out(connection: sa.Connection, task: Task) -> None:
    """List what is due on hosts, for slices, and remove what no longer is.

    The caller has locked the task's row.
    """
    stored = {row.subtask_id for row in lock(connection, task.id)}
    due = {subtask.id: (phase, subtask) for phase, subtask in task.due()} if task.status == RUNNING else {}
    _remove(connection, tables.DUE, task.id, stored - due.keys())
    new = [
        {
            "task_id": task.id,
            "subtask_id": number,
            "phase": phase,
            "position": subtask.parallel_idx,
            "host_id": task.targets[subtask.parallel_idx].host_id,
            "slice": None,
            "handed_in": False,
        }
        for number, (phase, subtask) in due.items()
        if number not in stored
    ]
    if new:
        connection.execute(sa.insert(tables.DUE), plain(new))


def lock(connection: sa.Connection, task_id: int, *conditions: sa.ColumnElement[bool]) -> t.Sequence[t.Any]:
    """The rows of what is due in a task, under these conditions, locked until the end of the transaction."""
    found = sa.select(tables.DUE).where(tables.DUE.c.task_id == task_id, *conditions)
    return connection.execute(found.order_by(tables.DUE.c.subtask_id).with_for_update()).all()


def forget_slices(connection: sa.Connection, task_id: int) -> None:
    """Forget the slices of a task, after a barrier or the end of the task."""
    connection.execute(sa.delete(tables.SLICE).where(tables.SLICE.c.task_id == task_id))


def hand_in(connection: sa.Connection, task_id: int, outcomes: t.Mapping[int, Outcome]) -> None:
    """Store outcomes, by subtask id. The caller has locked the due rows and checked that they are open."""
    column = tables.DUE.c
    for part in chunks(outcomes):
        mark = sa.update(tables.DUE).where(column.task_id == task_id, column.subtask_id.in_(part))
        connection.execute(mark.values(handed_in=True))
    keep(connection, task_id, outcomes)


def open_to_hand_in(connection: sa.Connection, task_id: int, subtask_ids: t.Iterable[int]) -> set[int]:
    """Those of the subtasks of a single run's task that are due and have no outcome yet.

    The caller has locked the task's row.
    """
    column, result = tables.SUBTASK.c, tables.HAND_IN.c
    found: set[int] = set()
    for part in chunks(subtask_ids):
        due = sa.select(column.id).where(column.task_id == task_id, column.id.in_(part), column.status.in_(DUE))
        found.update(connection.scalars(due))
    return found.difference(connection.scalars(sa.select(result.subtask_id).where(result.task_id == task_id)))


def keep(connection: sa.Connection, task_id: int, outcomes: t.Mapping[int, Outcome]) -> None:
    """Store outcomes, by subtask id, of which none is stored."""
    if outcomes:
        rows = [
            {"task_id": task_id, "subtask_id": number, "outcome": as_json(asdict(outcome))}
            for number, outcome in sorted(outcomes.items())
        ]
        connection.execute(sa.insert(tables.HAND_IN), plain(rows))


def handed_in(connection: sa.Connection, task: Task) -> Outcomes:
    """The outcomes of a task that were handed in and no barrier has settled yet, in the order of phases."""
    due = {subtask.id: (phase, subtask.parallel_idx) for phase, subtask in task.due()}
    outcomes: Outcomes = {}
    for row in connection.execute(sa.select(tables.HAND_IN).where(tables.HAND_IN.c.task_id == task.id)):
        if row.subtask_id in due:
            phase, position = due[row.subtask_id]
            outcomes.setdefault(phase, {})[position] = Outcome(**json.loads(row.outcome))
    return {phase: outcomes[phase] for phase in PHASES if phase in outcomes}


def forget_settled(connection: sa.Connection, task: Task) -> None:
    """Remove the outcomes of what is not due any more. The caller has locked the task's row."""
    due = {subtask.id for _phase, subtask in task.due()} if task.status == RUNNING else set()
    stored = set(connection.scalars(sa.select(tables.HAND_IN.c.subtask_id).where(tables.HAND_IN.c.task_id == task.id)))
    _remove(connection, tables.HAND_IN, task.id, stored - due)


def _remove(connection: sa.Connection, table: sa.Table, task_id: int, subtask_ids: t.Iterable[int]) -> None:
    for part in chunks(subtask_ids):
        connection.execute(sa.delete(table).where(table.c.task_id == task_id, table.c.subtask_id.in_(part)))
