# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Old tasks, and their removal.

The age of a task counts from the last sign of life of its runs, so a retry makes it young again. A RUNNING task is
never removed, even if its executor is dead: the next look closes it as FAILED, and it can be retried.

The functions are part of the caller's transaction.
"""

from __future__ import annotations

import typing as t

from .._task.task import RUNNING
from . import schema as tables
from .rows import chunks
from .sql import Epoch, sa

# What a transaction removes. A task with more subtasks has one of its own: it was made in one, too.
_TASKS = 50
_SUBTASKS = 5000

# Those with a reference to a task.
_PARTS = (
    tables.WAVE,
    tables.HAND_IN,
    tables.DUE,
    tables.SLICE,
    tables.WORKFLOW,
    tables.SUBTASK_LOG,
    tables.SUBTASK,
    tables.TASK_HOST,
)


def find(connection: sa.Connection, seconds: int, keep: int) -> list[int]:
    """The tasks that may go, the oldest first.

    seconds: since the last sign of life of a run. keep: the number of newest tasks that stay, whatever their age.
    """
    task = tables.TASK.c
    newest = connection.scalar(sa.select(task.id).order_by(task.id.desc()).offset(keep).limit(1))
    if newest is None:
        return []
    found = sa.select(task.id).where(task.id <= newest, *_may_go(seconds)).order_by(task.id)
    return list(connection.scalars(found))


def batches(connection: sa.Connection, task_ids: t.Sequence[int]) -> list[list[int]]:
    """Tasks, in their order, in parts that are removed in a transaction each."""
    column = tables.SUBTASK.c
    sizes: dict[int, int] = {}
    for part in chunks(task_ids):
        count = sa.select(column.task_id, sa.func.count().label("size")).where(column.task_id.in_(part))
        sizes.update({row.task_id: row.size for row in connection.execute(count.group_by(column.task_id))})
    found: list[list[int]] = []
    size = 0
    for task_id in task_ids:
        size += sizes.get(task_id, 0)
        if not found or len(found[-1]) == _TASKS or size > _SUBTASKS:
            found.append([])
            size = sizes.get(task_id, 0)
        found[-1].append(task_id)
    return found


def remove(connection: sa.Connection, task_ids: t.Sequence[int], seconds: int) -> list[int]:
    """Remove those of these tasks that may still go, with all that belongs to them. Returns their ids."""
    task = tables.TASK.c
    # Another run may have taken one up, or removed it. The lock comes first, in order, as in every transaction.
    locked = sa.select(task.id).where(task.id.in_(task_ids), *_may_go(seconds)).order_by(task.id).with_for_update()
    gone = list(connection.scalars(locked))
    if gone:
        for table in _PARTS:
            connection.execute(sa.delete(table).where(table.c.task_id.in_(gone)))
        connection.execute(sa.delete(tables.TASK).where(task.id.in_(gone)))
    return gone


def _may_go(seconds: int) -> list[sa.ColumnElement[bool]]:
    task, workflow = tables.TASK.c, tables.WORKFLOW.c
    return [
        task.status != RUNNING,
        task.heartbeat < Epoch() - seconds,
        task.id.not_in(sa.select(tables.HOST_LOCK.c.task_id)),
        # the next node of a workflow may take a task up that has FAILED
        ~sa.exists().where(workflow.task_id == task.id, task.heartbeat >= Epoch() - workflow.timeout),
    ]
