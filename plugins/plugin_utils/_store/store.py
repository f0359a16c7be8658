# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The task store: tasks outlive their run, in SQLite, PostgreSQL or MySQL.

Every method is one transaction, after those that close tasks of dead executors and bring in overdue results. It may be
repeated (database.py), except for a heartbeat, since the next one follows soon.
"""

from __future__ import annotations

import functools
import time
import typing as t
from dataclasses import replace

from .._task import subtask_log
from .._task.clock import iso, iso_now
from .._task.errors import CANCELLED, EXECUTOR_GONE, TASK_STATE, UNKNOWN_TASK, OcpError, sub_error
from .._task.host_ids import MAX_ID
from .._task.operation import DEFINITIONS
from .._task.task import CANCELING, RUNNING, Outcome, Task, count_subtasks
from . import host_locks, old, rows, signatures
from . import schema as tables
from . import workflow as _workflow
from .database import Database
from .executor import Executor
from .liveness import DEAD_AFTER, executor_of, held_by, is_dead
from .location import Location, StoreError
from .slices import Slices
from .spool import Spooled, overdue
from .sql import Epoch, sa
from .workflow import Workflow

_ATTEMPTS = 10

__all__ = ["DEAD_AFTER", "LostTask", "Store", "StoreError"]


class LostTask(StoreError):  # noqa: N818
    """This executor has lost the task, since it was declared dead. It must stop working on it."""


class Store:
    """The tasks of a database.

    url_shown: its URL, without the password. slices: the methods for runs that execute slices of a task.
    """

    def __init__(self, database: Database, *, writing: bool) -> None:
        self.url_shown = database.location.shown
        self.slices = Slices(database)
        self._database = database
        self._writing = writing

    @classmethod
    def open(cls, url: str | None = None, *, create: bool = True, patient: bool = False) -> Store:
        """Open a store, create missing tables, and bring in overdue results of this machine (see spool.py).

        url: in SQLAlchemy's form; None for tasks.db in the user's data folder. create=False: nothing is written, and
        a missing store counts as an empty one; for busy, load, find and log only. patient: wait for a while for an
        unreachable server, as during a failover; its URL is known to be right. Raises StoreError.
        """
        database = Database.open(Location.of(url), create=create, patient=patient)
        if not _has_tables(database):
            if not create:
                database = Database.empty(database.location)
            _make_tables(database)
        store = cls(database, writing=create)
        store._bring_in_overdue()
        return store

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    # For executors

    def create(
        self,
        host_ids: t.Sequence[int],
        definition: str,
        build: t.Callable[[int, int], Task],
        executor: Executor,
        workflow: Workflow | None = None,
    ) -> Task:
        """Store a new task and lock its hosts.

        definition: key of DEFINITIONS. build: receives the ids of the task and of its first subtask. workflow: given if
        a workflow executes the task; executor is nobody then. Raises OcpError (409) that names every host that another
        task works on.
        """
        self._clear()

        def body(connection: sa.Connection) -> Task:
            self._database.forget_marks(connection)
            task_id = _reserve(connection, "task", 1)
            host_locks.check(connection, host_ids)
            task = build(task_id, _reserve(connection, "subtask", count_subtasks(definition, len(host_ids))))
            rows.insert(connection, task, {**held_by(executor), "cancel": False, "reaped": False, "writes": 0})
            host_locks.take(connection, task)
            if workflow:
                _workflow.enrol(connection, task.id, workflow)
                _workflow.lay_out(connection, task)
            return task

        return self._database.write(body)

    def take(
        self,
        task_id: int,
        intervene: t.Callable[[Task], None],
        executor: Executor,
        workflow: Workflow | None = None,
    ) -> Task:
        """Give an ended task to another executor, and lock its hosts again.

        intervene: changes the task so that it is RUNNING; if it raises OcpError, nothing is stored. workflow: as in
        create. Raises OcpError as load and create do.
        """
        self._bring_in_overdue()
        self._clear()

        def body(connection: sa.Connection) -> Task:
            _reserve(connection, "task", 0)
            row, task = self._lock(connection, task_id)
            intervene(task)
            task.executor = executor.address
            host_locks.check(connection, [target.host_id for target in task.targets])
            _workflow.enrol(connection, task_id, workflow)
            _write(connection, row, task, {**held_by(executor), "cancel": False, "reaped": False})
            host_locks.take(connection, task)
            return task

        return self._database.write(body)

    def hold(self, task_id: int, executor: Executor) -> Task:
        """Make a run the executor of a workflow's task until it saves it. An ended task is returned unchanged.

        Raises OcpError: 404 as load does, 409 if another run executes the task.
        """
        self._clear()

        def body(connection: sa.Connection) -> Task:
            row, task = self._lock(connection, task_id)
            if task.status == RUNNING:
                if not executor_of(row).is_nobody:
                    raise OcpError(TASK_STATE, f"task {task_id} is executed by {executor_of(row)}: wait for its end")
                held = sa.update(tables.TASK).where(tables.TASK.c.id == task_id)
                connection.execute(held.values(held_by(executor)))
            return task

        return self._database.write(body)

    def save(self, task: Task, executor: Executor, logs: t.Mapping[int, str] | None = None) -> bool:
        """Store the progress of a task. A task that has ended releases its hosts.

        A workflow's task belongs to nobody afterwards. logs: blocks of text to append, by subtask id. Returns whether
        the task is to be cancelled. Raises LostTask.
        """

        def body(connection: sa.Connection) -> bool:
            row = _lock_row(connection, task.id)
            if row is None:
                raise LostTask(
                    f"the task store {self.url_shown} has no task {task.id} any more: it may be a standby that had not "
                    f"got it before a failover"
                )
            is_over = row.reaped or (row.status != RUNNING and task.status == RUNNING)
            if row.exec_token != executor.token or is_over:
                raise LostTask(
                    f"task {task.id} is not this run's any more: {executor} was declared dead, for want of a sign of "
                    f"life; nothing more is done for it here: see the task, and retry it (task_retry) where it FAILED"
                )
            columns: dict[str, t.Any] = {"heartbeat": Epoch()}
            if _workflow.of(connection, task.id):
                _workflow.forget_slices(connection, task.id)
                if task.status == RUNNING:
                    columns = held_by(Executor.nobody(executor.address))
            _write(connection, row, task, columns, logs)
            return bool(row.cancel)

        return self._database.write(body)

    def hand_in(self, task_id: int, executor: Executor, outcomes: t.Mapping[int, Outcome]) -> None:
        """Store outcomes of hosts before the barrier of their phase. load() and find() show them until save() settles
        them.

        outcomes: by subtask id; the first one counts. Those of subtasks that are not due, or of another executor's
        task, are left out. Their logs come with save().
        """
        with self._database.transaction(writing=True) as connection:
            row = _lock_row(connection, task_id)
            if row is None or row.exec_token != executor.token or row.status != RUNNING:
                return
            there = _workflow.open_to_hand_in(connection, task_id, outcomes)
            new = {number: replace(outcomes[number], log=()) for number in outcomes if number in there}
            _workflow.keep(connection, task_id, new)

    def beat(self, task_id: int, executor: Executor) -> bool | None:
        """Give a heartbeat. Returns whether the task is to be cancelled, None if it is over or not ours."""
        column = tables.TASK.c
        ours = (column.id == task_id, column.exec_token == executor.token, column.status == RUNNING)
        with self._database.transaction(writing=True) as connection:
            cancel = connection.scalar(sa.select(column.cancel).where(*ours).with_for_update())
            if cancel is not None:
                connection.execute(sa.update(tables.TASK).where(*ours).values(heartbeat=Epoch()))
        return cancel

    # For operators

    def busy(self, host_ids: t.Sequence[int]) -> None:
        """Raise OcpError (409) that names every host that another task works on."""
        dead = self._clear()
        self._database.read(lambda connection: host_locks.check(connection, host_ids, dead))

    def load(self, task_id: int) -> Task:
        """The task, with what its hosts have come to so far. Raises OcpError (404) if it is unknown."""
        dead = self._clear()
        known = [task_id] if 1 <= task_id <= MAX_ID else []
        found = self._database.read(lambda connection: _read_as_it_stands(connection, known))
        if not found:
            raise self._unknown(task_id)
        return dead.get(task_id, found[0])

    def find(
        self,
        *,
        name: str | None = None,
        status: str | None = None,
        host_id: int | None = None,
        page: int = 1,
        size: int = 10,
        newest_first: bool = True,
    ) -> tuple[list[Task], int]:
        """A page of the tasks, in the order of their ids, and their total number.

        name: part of a task's name, in any case. status: one, or several with commas between them. page: from 1. size:
        tasks per page.
        """
        dead = self._clear()
        column = tables.TASK.c
        conditions: list[sa.ColumnElement[bool]] = []
        if name is not None:
            fitting = [key for key, what in DEFINITIONS.items() if name.casefold() in what.name.casefold()]
            conditions.append(column.definition.in_(fitting))
        if host_id is not None:
            host = tables.TASK_HOST.c
            conditions.append(column.id.in_(sa.select(host.task_id).where(host.host_id == host_id)))
        if status is not None:
            wanted = status.split(",")
            fitting_dead = [number for number, task in dead.items() if task.status in wanted]
            alive = sa.and_(column.status.in_(wanted), column.id.not_in(list(dead)))
            conditions.append(sa.or_(alive, column.id.in_(fitting_dead)) if dead else column.status.in_(wanted))
        order = column.id.desc() if newest_first else column.id
        ids = sa.select(column.id).where(*conditions).order_by(order)

        def body(connection: sa.Connection) -> tuple[list[Task], int]:
            total = connection.scalar(sa.select(sa.func.count()).select_from(ids.subquery())) or 0
            chosen = connection.scalars(ids.limit(size).offset((page - 1) * size)).all()
            return _read_as_it_stands(connection, chosen), total

        found, total = self._database.read(body)
        return [dead.get(task.id, task) for task in found], total

    def log(self, task_id: int, subtask_id: int) -> str:
        """The log of a subtask, over all its executions. Raises OcpError (404) if it is unknown."""
        column, subtask = tables.SUBTASK_LOG.c, tables.SUBTASK.c
        if not (1 <= task_id <= MAX_ID and 1 <= subtask_id <= MAX_ID):
            raise self._unknown(task_id, subtask_id)

        def body(connection: sa.Connection) -> str:
            there = sa.select(subtask.id).where(subtask.task_id == task_id, subtask.id == subtask_id)
            if connection.scalar(there) is None:
                raise self._unknown(task_id, subtask_id)
            blocks = sa.select(column.text).where(column.task_id == task_id, column.subtask_id == subtask_id)
            return "\n".join(connection.scalars(blocks.order_by(column.number)))

        return self._database.read(body)

    def logs(self, task_id: int) -> dict[int, str]:
        """The logs of all subtasks of a task, over all their executions, by subtask id. Without empty ones."""
        column = tables.SUBTASK_LOG.c

        def body(connection: sa.Connection) -> dict[int, str]:
            blocks = sa.select(column.subtask_id, column.text).where(column.task_id == task_id)
            found: dict[int, list[str]] = {}
            for row in connection.execute(blocks.order_by(column.number)):
                found.setdefault(row.subtask_id, []).append(row.text)
            return {subtask_id: "\n".join(texts) for subtask_id, texts in found.items()}

        return self._database.read(body)

    def workflow(self, task_id: int) -> Workflow:
        """The last workflow that has executed a task.

        Raises OcpError: 404 as load does, 409 for a task that a single run executes.
        """
        self._clear()

        def body(connection: sa.Connection) -> Workflow | None:
            there = sa.select(tables.TASK.c.id).where(tables.TASK.c.id == task_id)
            if not 1 <= task_id <= MAX_ID or connection.scalar(there) is None:
                raise self._unknown(task_id)
            return _workflow.of(connection, task_id)

        found = self._database.read(body)
        if not found:
            raise OcpError(TASK_STATE, f"task {task_id} is executed by a single run, and not by a workflow")
        return found

    def cancel(self, task_id: int) -> Task:
        """Ask the executor of a task to end it. If a workflow's task has no run at work, end it here.

        Raises OcpError: 404 as load does, 409 for a task that has ended.
        """
        self._clear()

        def body(connection: sa.Connection) -> Task:
            row, task = self._lock(connection, task_id)
            if task.status != RUNNING:
                raise OcpError(TASK_STATE, f"task {task_id} is {task.status}: only a RUNNING task can be cancelled")
            for subtask in task.subtasks:
                if subtask.status == RUNNING:
                    subtask.become(CANCELING)
            logs = None
            if executor_of(row).is_nobody and not self.slices.alive(connection, task_id):
                ended = _end(task, _workflow.handed_in(connection, task), _CANCELLED, cancelled=True)
                logs = subtask_log.blocks(task, ended, row.exec_token[:16])
            _write(connection, row, task, {"cancel": True}, logs)
            _settle(task, _workflow.handed_in(connection, task))
            return task

        return self._database.write(body)

    def prunable(self, seconds: int, keep: int) -> list[int]:
        """The ids of the tasks that prune() would remove."""
        return self._database.read(lambda connection: old.find(connection, seconds, keep))

    def prune(self, seconds: int, keep: int, *, most: int | None = None) -> list[int]:
        """Remove old tasks, in short transactions one after another.

        seconds, keep: as in old.find. most: how many of these transactions, None for all. Returns the ids of the tasks
        that are gone. Raises StoreError; what has gone by then stays so.
        """

        def look(connection: sa.Connection) -> list[list[int]]:
            return old.batches(connection, old.find(connection, seconds, keep))

        gone: list[int] = []
        pause = 0.0
        for batch in self._database.read(look)[:most]:
            time.sleep(pause)
            begun = time.monotonic()
            gone += self._database.write(functools.partial(old.remove, task_ids=batch, seconds=seconds))
            # Runs that wait for a file get their turn: SQLite has them look for it at intervals.
            pause = max(0.1, time.monotonic() - begun)
        return gone

    # For requests over HTTP

    def use_up(self, digest: str, seconds: int) -> bool:
        """Note that a signature was used. Returns whether this is the first time.

        digest: SHA-256 of the signature, in hexadecimal. seconds: for how long it is known.
        """
        try:
            self._database.write(functools.partial(signatures.use_up, digest=digest, seconds=seconds))
        except signatures.UsedUp:
            return False
        return True

    # Shared

    def _lock(self, connection: sa.Connection, task_id: int) -> tuple[t.Any, Task]:
        """The task's row, locked until the end of the transaction, and the task. Raises OcpError (404)."""
        row = _lock_row(connection, task_id) if 1 <= task_id <= MAX_ID else None
        if row is None:
            raise self._unknown(task_id)
        return row, rows.read(connection, [task_id])[0]

    def _unknown(self, task_id: int, subtask_id: int | None = None) -> OcpError:
        what, field, value = f"task {task_id}", "taskId", task_id
        if subtask_id is not None:
            what, field, value = f"subtask {subtask_id} of task {task_id}", "subtaskId", subtask_id
        message = f"the task store {self.url_shown} has no {what}"
        return OcpError(UNKNOWN_TASK, message, [sub_error(field, value, "is unknown")])

    def _clear(self) -> dict[int, Task]:
        """Close the tasks of dead executors. If nothing is written, returns the closed tasks."""

        def look(connection: sa.Connection) -> tuple[list[int], dict[int, Task]]:
            dead = {row.id: row for row in self._running(connection) if _has_died(row)}
            tasks = {} if self._writing else {task.id: task for task in rows.read(connection, list(dead))}
            for task_id, task in tasks.items():
                self._close(connection, dead[task_id], task)
            return list(dead), tasks

        dead, tasks = self._database.read(look)
        if self._writing:
            for task_id in dead:
                self._database.write(functools.partial(self._reap, task_id))
        return tasks

    def _reap(self, task_id: int, connection: sa.Connection) -> None:
        row = _lock_row(connection, task_id)
        if row is not None and row.status == RUNNING and all(map(_has_died, self._running(connection, task_id))):
            (task,) = rows.read(connection, [task_id])
            ended = self._close(connection, row, task)
            logs = subtask_log.blocks(task, ended, row.exec_token[:16])
            _write(connection, row, task, {"reaped": True}, logs)

    def _running(self, connection: sa.Connection, task_id: int | None = None) -> t.Sequence[t.Any]:
        """The rows of running tasks, with the database's time and the timeout of a workflow."""
        task, workflow = tables.TASK.c, tables.WORKFLOW.c
        beat = sa.select(sa.func.max(tables.SLICE.c.heartbeat)).where(tables.SLICE.c.task_id == task.id)
        found = (
            sa.select(tables.TASK, Epoch().label("now"), workflow.timeout, beat.scalar_subquery().label("beat"))
            .outerjoin(tables.WORKFLOW, workflow.task_id == task.id)
            .where(task.status == RUNNING)
        )
        return connection.execute(found if task_id is None else found.where(task.id == task_id)).all()

    def _close(self, connection: sa.Connection, row: t.Any, task: Task) -> list[tuple[t.Any, Outcome]]:
        """Close a task of a dead executor, with the outcomes that were handed in. Returns the subtasks that ended."""
        known = _workflow.handed_in(connection, task)
        cancelled = executor_of(row).is_nobody and row.cancel
        return _end(task, known, _CANCELLED if cancelled else _cause_of_death(row), cancelled=cancelled)

    def _bring_in_overdue(self) -> None:
        if self._writing:
            with overdue(self._database.location) as found:
                for path, spooled in found:
                    self._database.write(functools.partial(_bring_in, spooled))
                    path.unlink()


def _has_tables(database: Database) -> bool:
    """Whether there are tables. Raises StoreError for tables of another version."""
    version = database.read(tables.read_version)
    if version not in (None, tables.VERSION):
        raise StoreError(
            f"the task store {database.location.shown} has tables of version {version}, and this version of the "
            f"collection knows version {tables.VERSION} alone: set ocp_task_store to another place, or use the version "
            f"of the collection that has made it"
        )
    return version is not None


def _make_tables(database: Database) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with database.transaction(writing=True) as connection:
                if tables.read_version(connection) is None:
                    tables.create(connection)
            return
        except StoreError:
            # Another controller is creating them, or they cannot be created. The next attempts tell.
            if attempt == _ATTEMPTS:
                raise
            time.sleep(0.1)


def _reserve(connection: sa.Connection, name: str, count: int) -> int:
    """Take count consecutive ids. Returns the first.

    The row of the counter stays locked until the end of the transaction. To lock hosts, call it with "task" first.
    """
    counter = tables.COUNTER.c
    connection.execute(sa.update(tables.COUNTER).where(counter.name == name).values(next=counter.next + count))
    following: int = connection.execute(sa.select(counter.next).where(counter.name == name)).scalar_one()
    return following - count


def _lock_row(connection: sa.Connection, task_id: int) -> t.Any:
    return connection.execute(sa.select(tables.TASK).where(tables.TASK.c.id == task_id).with_for_update()).one_or_none()


def _write(
    connection: sa.Connection,
    row: t.Any,
    task: Task,
    columns: t.Mapping[str, t.Any],
    logs: t.Mapping[int, str] | None = None,
) -> None:
    """Bring the rows of a task up to date. row: its locked row. columns: other changes of it."""
    number = row.writes + 1
    rows.update(connection, task, {**columns, "writes": number})
    _workflow.forget_settled(connection, task)
    if _workflow.of(connection, task.id):
        _workflow.lay_out(connection, task)
        if task.status != RUNNING:
            _workflow.forget_slices(connection, task.id)
    if logs:
        blocks = [
            {"task_id": task.id, "subtask_id": subtask_id, "number": number, "text": text}
            for subtask_id, text in logs.items()
        ]
        connection.execute(sa.insert(tables.SUBTASK_LOG), blocks)
    if task.status != RUNNING:
        host_locks.release(connection, task.id)


_CANCELLED = Outcome.failure(CANCELLED, "the task was cancelled, and no run of its workflow was at work")


def _has_died(row: t.Any) -> bool:
    """Whether the executor of a task has died. row: of Store._running."""
    if not executor_of(row).is_nobody:
        return is_dead(row, row.now)
    patience = DEAD_AFTER if row.cancel else row.timeout
    return bool(row.now - max(row.heartbeat, row.beat or 0) > patience)


def _end(task: Task, known: _workflow.Outcomes, cause: Outcome, *, cancelled: bool) -> list[tuple[t.Any, Outcome]]:
    """End a task for a cause, with the known outcomes. Returns the subtasks that ended, with their outcomes."""
    return _settle(task, known) + task.close(iso_now(), cause, cancelled=cancelled)


def _settle(task: Task, known: _workflow.Outcomes) -> list[tuple[t.Any, Outcome]]:
    """Settle what is known, as a barrier does. Returns the subtasks that ended, with their outcomes."""
    return [pair for phase, outcomes in known.items() for pair in task.settle(phase, outcomes, complete=False)]


def _read_as_it_stands(connection: sa.Connection, task_ids: t.Sequence[int]) -> list[Task]:
    """The tasks with these ids, as rows.read() has them, with what was handed in since their last barrier."""
    tasks = rows.read(connection, task_ids)
    for task in tasks:
        if task.status == RUNNING:
            _settle(task, _workflow.handed_in(connection, task))
    return tasks


def _cause_of_death(row: t.Any) -> Outcome:
    """The failure of a task with a dead executor."""
    executor = executor_of(row)
    who = f"the run of ansible-playbook that executed the task, {executor}, is gone"
    if executor.is_nobody:
        who = f"the workflow that executed the task has no run at work any more, {executor.host} had the last one"
    return Outcome.failure(
        EXECUTOR_GONE,
        f"{who}; its last sign of life was at {iso(row.heartbeat * 1000)}, and how far it came after that is not "
        f"known: retry the task (task_retry)",
    )


def _bring_in(spooled: Spooled, connection: sa.Connection) -> None:
    """Make an overdue save, unless the task has continued without it."""
    task = Task.load(spooled.task.dump())
    row = _lock_row(connection, task.id)
    if row is None or row.exec_token != spooled.executor.token or not (row.status == RUNNING or row.reaped):
        return
    lost = row.reaped and task.status == RUNNING
    if lost:
        task.close(iso_now(), _cause_of_death(row))
    _write(connection, row, task, {"reaped": lost}, _without_stored(connection, task.id, spooled.logs))


def _without_stored(connection: sa.Connection, task_id: int, logs: t.Mapping[int, str]) -> dict[int, str]:
    """Blocks of logs without the stored ones, since the failed save may have been committed."""
    column = tables.SUBTASK_LOG.c
    left = {}
    for subtask_id, text in logs.items():
        blocks = sa.select(column.text).where(column.task_id == task_id, column.subtask_id == subtask_id)
        last = connection.scalar(blocks.order_by(column.number.desc()).limit(1))
        if text != last:
            left[subtask_id] = text.removeprefix(f"{last}\n")
    return left
