# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""A task as rows of the store's tables, and back. Only changed rows are written."""

from __future__ import annotations

import json
import typing as t
from dataclasses import asdict

from .._files.document import plain
from .._task.host_ids import Target
from .._task.task import CANCELING, RUNNING, Record, Subtask, Task
from .._task.waves import Wave
from . import schema as tables
from .sql import sa

Values = dict[str, t.Any]

# The longest list in a statement. SQLite's oldest limit is the lowest.
_CHUNK = 500


def insert(connection: sa.Connection, task: Task, columns: t.Mapping[str, t.Any]) -> None:
    """Store a new task. columns: the store's own data of the task, by column of its table."""
    connection.execute(sa.insert(tables.TASK).values({**plain(_task(task)), **columns}))
    connection.execute(sa.insert(tables.TASK_HOST), plain(_hosts(task)))
    connection.execute(sa.insert(tables.SUBTASK), plain(_subtasks(task)))
    if task.wave:
        connection.execute(sa.insert(tables.WAVE), plain({"task_id": task.id, **asdict(task.wave)}))


def update(connection: sa.Connection, task: Task, columns: t.Mapping[str, t.Any]) -> None:
    """Bring the rows of a task up to date. The caller has locked the task's row.

    Changed rows are deleted and inserted again in bulk, since drivers treat bulk updates differently: PyMySQL sends one
    statement per row.
    """
    values = {**plain(_task(task)), **columns}
    connection.execute(sa.update(tables.TASK).where(tables.TASK.c.id == task.id).values(values))
    _replace(connection, tables.TASK_HOST, "position", _hosts(task))
    subtasks = _subtasks(task)
    column = tables.SUBTASK.c
    marked = sa.select(column.id).where(column.task_id == task.id, column.status == CANCELING)
    canceling = set(connection.scalars(marked))
    for subtask in subtasks:
        # the executor's value does not contain the cancel yet
        if subtask["status"] == RUNNING and subtask["id"] in canceling:
            subtask["status"] = CANCELING
    _replace(connection, tables.SUBTASK, "id", subtasks)


def _replace(connection: sa.Connection, table: sa.Table, key: str, rows: t.Sequence[Values]) -> None:
    """Write the rows of one task that differ from the stored ones."""
    task_id = rows[0]["task_id"]
    stored = {getattr(row, key): row._asdict() for row in connection.execute(_of([task_id], table))}
    changed = [row for row in rows if row != stored.get(row[key])]
    for part in chunks(row[key] for row in changed):
        connection.execute(sa.delete(table).where(table.c.task_id == task_id, table.c[key].in_(part)))
    if changed:
        connection.execute(sa.insert(table), plain(changed))


def read(connection: sa.Connection, task_ids: t.Sequence[int]) -> list[Task]:
    """The tasks with these ids, in their order, without unknown ones."""
    found = {row.id: row for row in connection.execute(sa.select(tables.TASK).where(tables.TASK.c.id.in_(task_ids)))}
    hosts: dict[int, list[t.Any]] = {task_id: [] for task_id in found}
    subtasks: dict[int, list[t.Any]] = {task_id: [] for task_id in found}
    for row in connection.execute(_of(task_ids, tables.TASK_HOST).order_by(tables.TASK_HOST.c.position)):
        hosts[row.task_id].append(row)
    for row in connection.execute(_of(task_ids, tables.SUBTASK).order_by(tables.SUBTASK.c.series_id)):
        subtasks[row.task_id].append(row)
    # Each statement sees what was committed before it: one without subtasks was removed since the first.
    there = [number for number in task_ids if subtasks.get(number)]
    found_waves = connection.execute(_of(task_ids, tables.WAVE)).all()
    waves = {row.task_id: Wave(row.number, row.of, row.later) for row in found_waves}
    return [_load(found[number], hosts[number], subtasks[number], waves.get(number)) for number in there]


def read_share(connection: sa.Connection, task_id: int, subtask_ids: t.Collection[int]) -> Task:
    """A part of an existing task: these subtasks with their hosts and the wait nodes, as a task of these hosts.

    The indices of its subtasks are those of its own hosts.
    """
    task = connection.execute(sa.select(tables.TASK).where(tables.TASK.c.id == task_id)).one()
    column, host = tables.SUBTASK.c, tables.TASK_HOST.c
    wait = connection.execute(_of([task_id], tables.SUBTASK).where(column.parallel_idx < 0))
    subtasks: list[t.Any] = list(wait)
    hosts: list[t.Any] = []
    for part in chunks(subtask_ids):
        subtasks += connection.execute(_of([task_id], tables.SUBTASK).where(column.id.in_(part)))
    positions = sorted({row.parallel_idx for row in subtasks if row.parallel_idx >= 0})
    for part in chunks(positions):
        hosts += connection.execute(_of([task_id], tables.TASK_HOST).where(host.position.in_(part)))
    share = _load(task, sorted(hosts, key=lambda row: row.position), sorted(subtasks, key=lambda row: row.series_id))
    share.stages = [stage for stage in share.stages if stage]
    index = {position: number for number, position in enumerate(positions)}
    for subtask in share.subtasks:
        subtask.parallel_idx = index.get(subtask.parallel_idx, -1)
    return share


def chunks(numbers: t.Iterable[int]) -> t.Iterator[list[int]]:
    """The numbers in ascending order, in parts that fit into a statement."""
    ordered = sorted(numbers)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


def _of(task_ids: t.Sequence[int], table: sa.Table) -> sa.Select[t.Any]:
    return sa.select(table).where(table.c.task_id.in_(task_ids))


_TASK_FIELDS = (
    "id",
    "definition",
    "creator",
    "creator_id",
    "executor",
    "created",
    "started",
    "finished",
    "status",
    "operation",
    "max_fail_percentage",
    "prohibit_rollback",
)
_SUBTASK_FIELDS = (
    "id",
    "series_id",
    "phase",
    "timeout",
    "parallel_idx",
    "status",
    "operation",
    "run_time",
    "started",
    "finished",
    "undo_tried",
)


def _task(task: Task) -> Values:
    return {field: getattr(task, field) for field in _TASK_FIELDS}


def _hosts(task: Task) -> list[Values]:
    return [
        {
            "task_id": task.id,
            "position": position,
            "host_id": target.host_id,
            "host": target.host,
            "record": as_json(asdict(record)),
        }
        for position, (target, record) in enumerate(zip(task.targets, task.records, strict=True))
    ]


def _subtasks(task: Task) -> list[Values]:
    return [
        {
            **{field: getattr(subtask, field) for field in _SUBTASK_FIELDS},
            "task_id": task.id,
            "stage": stage,
            "error": None if subtask.error is None else as_json(subtask.error),
        }
        for stage, subtasks in enumerate(task.stages)
        for subtask in subtasks
    ]


def as_json(value: t.Any) -> str:
    """The text of a column with JSON."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def _load(
    task: t.Any, hosts: t.Sequence[t.Any], subtasks: t.Sequence[t.Any], wave: Wave | None = None
) -> Task:
    stages: list[list[Subtask]] = [[] for _stage in range(1 + subtasks[-1].stage)]
    for row in subtasks:
        values = {field: getattr(row, field) for field in _SUBTASK_FIELDS}
        error = None if row.error is None else json.loads(row.error)
        stages[row.stage].append(Subtask(**values, error=error))
    return Task(
        **{field: getattr(task, field) for field in _TASK_FIELDS},
        targets=[Target(row.host_id, row.host) for row in hosts],
        records=[Record(**json.loads(row.record)) for row in hosts],
        stages=stages,
        wave=wave,
    )
