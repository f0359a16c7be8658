# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Slices of a workflow's task: runs that share the work of its phases, and the barrier that joins them.

A slice takes what is due on hosts of its own inventory, works on it, and hands the outcomes in. It writes neither the
task nor the parts of other slices. Every method is one transaction, except take, which is two.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._task.clock import iso, iso_now
from .._task.errors import CANCELLED, EXECUTOR_GONE, INTERRUPTED, TASK_STATE, TIMED_OUT, Code, OcpError
from .._task.host_ids import Target
from .._task.report import causes, summary
from .._task.task import FAILED, RUNNING, Outcome, Task
from . import rows, workflow
from . import schema as tables
from .database import Database
from .executor import Executor
from .liveness import executor_of, held_by, is_dead
from .sql import Epoch, sa

# When a barrier's time is up, a slice without a heartbeat for so many seconds is gone, not slow.
_SILENT = 20


@dataclass(frozen=True)
class Share:
    """The part of a task that a slice has taken.

    task: only the subtasks and hosts of the slice. done: hosts of its inventory whose outcome was handed in before.
    held: hosts that another slice works on. lost: hosts that another slice had taken, and which is gone.
    """

    task: Task
    done: t.Sequence[Target] = ()
    held: t.Sequence[Target] = ()
    lost: t.Sequence[Target] = ()


class Slices:
    """The slices of the tasks in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # For a slice

    def due(self, task_id: int, phases: t.Collection[str], host_ids: t.Iterable[int]) -> list[int]:
        """The ids of those hosts on which something is due in these phases of a task.

        A workflow executes the task. Nothing is due in a task that has ended SUCCESSFUL. Raises OcpError (409)
        for one that has FAILED.
        """

        def body(connection: sa.Connection) -> list[int]:
            _check(connection, task_id)
            rows_of = _on_hosts(connection, task_id, host_ids, tables.DUE.c.phase.in_(phases))
            return list(dict.fromkeys(row.host_id for row in rows_of))

        return self._database.read(body)

    def take(
        self,
        task_id: int,
        phases: t.Collection[str],
        targets: t.Sequence[Target],
        executor: Executor,
        name: str,
        *,
        check_mode: bool = False,
    ) -> Share:
        """Take what is due in these phases on these hosts and no other slice has taken.

        targets: hosts as in the slice's inventory. name: of the slice, for people, may be empty. check_mode:
        return what would be taken, and store nothing. Nothing is taken of a task that has ended SUCCESSFUL, and the
        Share has its status. Raises OcpError as due does.
        """
        own = {target.host_id: target for target in targets}
        due = tables.DUE.c

        def take(connection: sa.Connection) -> None:
            goes_on = _check(connection, task_id)
            mine = _on_hosts(connection, task_id, own, due.phase.in_(phases))
            if goes_on and not check_mode:
                values = {"task_id": task_id, "token": executor.token, "name": name, "executor": executor.address}
                begun = {"begun": iso_now(), "ended": False, **held_by(executor)}
                connection.execute(sa.insert(tables.SLICE).values({**values, **begun}))
                for part in rows.chunks(row.subtask_id for row in mine):
                    open_ = (due.subtask_id.in_(part), due.slice.is_(None), due.handed_in.is_(sa.false()))
                    numbers = [row.subtask_id for row in workflow.lock(connection, task_id, *open_)]
                    if numbers:
                        took = sa.update(tables.DUE).where(due.task_id == task_id, due.subtask_id.in_(numbers))
                        connection.execute(took.values(slice=executor.token))

        def look(connection: sa.Connection) -> tuple[Task, list[t.Any], set[str]]:
            # Another slice or a barrier may have been faster. The state after the transaction counts.
            _check(connection, task_id)
            now = _on_hosts(connection, task_id, own, due.phase.in_(phases))
            token = None if check_mode else executor.token
            taken = {row.subtask_id for row in now if row.slice == token and not row.handed_in}
            others = [row for row in now if row.subtask_id not in taken]
            living = {row.token for row in _slices(connection, task_id) if not _is_over(row)}
            task = rows.read_share(connection, task_id, taken)
            task.targets = [own[target.host_id] for target in task.targets]
            return task, others, living

        if check_mode:
            self._database.read(take)
        else:
            self._database.write(take)
        task, others, living = self._database.read(look)

        def hosts(those: t.Iterable[t.Any]) -> list[Target]:
            return [own[row.host_id] for row in those]

        return Share(
            task,
            done=hosts(row for row in others if row.handed_in),
            held=hosts(row for row in others if not row.handed_in and row.slice in living),
            lost=hosts(row for row in others if not row.handed_in and row.slice not in living),
        )

    def hand_in(self, task_id: int, token: str, outcomes: t.Mapping[int, Outcome]) -> set[int]:
        """Store the outcomes of a slice, by subtask id. A second call with one changes nothing.

        Returns the subtasks whose outcome is refused, since their barrier no longer waited for it.
        """
        due = tables.DUE.c

        def body(connection: sa.Connection) -> set[int]:
            taken = {row.subtask_id: row.handed_in for row in workflow.lock(connection, task_id, due.slice == token)}
            new = {number: outcome for number, outcome in outcomes.items() if taken.get(number) is False}
            workflow.hand_in(connection, task_id, new)
            return outcomes.keys() - taken.keys()

        return self._database.write(body)

    def beat(self, task_id: int, token: str) -> bool | None:
        """Give a heartbeat. Returns whether the task is to be cancelled, None if the slice is over."""
        column = tables.SLICE.c
        with self._database.transaction(writing=True) as connection:
            mine = (column.task_id == task_id, column.token == token, column.ended.is_(sa.false()))
            beat = connection.execute(sa.update(tables.SLICE).where(*mine).values(heartbeat=Epoch()))
            if not beat.rowcount:
                return None
            return connection.scalar(sa.select(tables.TASK.c.cancel).where(tables.TASK.c.id == task_id))

    def end(self, task_id: int, token: str) -> None:
        """Note that the slice hands nothing in any more."""
        column = tables.SLICE.c

        def body(connection: sa.Connection) -> None:
            mine = sa.update(tables.SLICE).where(column.task_id == task_id, column.token == token)
            connection.execute(mine.values(ended=True, heartbeat=Epoch()))

        self._database.write(body)

    # For a barrier

    def alive(self, connection: sa.Connection, task_id: int) -> bool:
        """Whether a slice is at work."""
        return not all(map(_is_over, _slices(connection, task_id)))

    def awaited(self, task_id: int) -> bool:
        """Whether a barrier still has to wait for an outcome.

        A subtask that nobody has taken may still be taken while a slice is at work, or before the first slice begins.
        """
        due = tables.DUE.c

        def body(connection: sa.Connection) -> bool:
            missing = sa.select(due.slice).where(due.task_id == task_id, due.handed_in.is_(sa.false()))
            holders = set(connection.scalars(missing.distinct()))
            if not holders:
                return False
            slices = {row.token: not _is_over(row) for row in _slices(connection, task_id)}
            return any(map(slices.get, holders)) or (None in holders and (not slices or any(slices.values())))

        return self._database.read(body)

    def give_up(self, task_id: int, patience: float) -> workflow.Outcomes:
        """Fail what was not handed in, each with its own cause. From now on it is refused.

        patience: seconds that the barrier has waited. Returns the outcomes of everything due.
        """
        due = tables.DUE.c

        def body(connection: sa.Connection) -> workflow.Outcomes:
            missing = workflow.lock(connection, task_id, due.handed_in.is_(sa.false()))
            if missing:
                causes = self._causes(connection, task_id, missing, patience)
                workflow.hand_in(connection, task_id, causes)
                for part in rows.chunks(causes):  # takes it away from its slice
                    lost = sa.update(tables.DUE).where(due.task_id == task_id, due.subtask_id.in_(part))
                    connection.execute(lost.values(slice=None))
            (task,) = rows.read(connection, [task_id])
            return workflow.handed_in(connection, task)

        return self._database.write(body)

    @staticmethod
    def _causes(
        connection: sa.Connection, task_id: int, missing: t.Sequence[t.Any], patience: float
    ) -> dict[int, Outcome]:
        cancelled = connection.scalar(sa.select(tables.TASK.c.cancel).where(tables.TASK.c.id == task_id))
        causes = {None: _failure(*(_CANCELLED if cancelled else _FORGOTTEN))}
        causes.update({row.token: _cause(row, patience) for row in _slices(connection, task_id)})
        host = tables.TASK_HOST.c
        names: dict[int, str] = {}
        for part in rows.chunks({row.position for row in missing}):
            found = sa.select(host.position, host.host).where(host.task_id == task_id, host.position.in_(part))
            names.update({row.position: row.host for row in connection.execute(found)})
        outcomes = {}
        for row in missing:
            cause, target = causes[row.slice], Target(row.host_id, names[row.position])
            outcomes[row.subtask_id] = replace(cause, message=f"{target}: {cause.message}")
        return outcomes


_FORGOTTEN = (
    INTERRUPTED,
    "the host was not worked on: no slice of the workflow took it, either since none has it in its inventory, or since "
    "its slice did not begin",
)
_CANCELLED = (CANCELLED, "the task was cancelled before its turn")


def _check(connection: sa.Connection, task_id: int) -> bool:
    """Whether a task continues; false for one that has ended SUCCESSFUL. Raises OcpError (409) if it has FAILED."""
    status = connection.scalar(sa.select(tables.TASK.c.status).where(tables.TASK.c.id == task_id))
    if status == FAILED:
        (task,) = rows.read(connection, [task_id])
        raise OcpError(
            TASK_STATE,
            f"task {task_id} has ended FAILED, no slice works on it any more, one that is launched again neither: "
            "retry it or roll it back (task_retry, task_rollback; as a workflow workflow_resume). "
            f"{summary(task)}: {causes(task)}",
        )
    return bool(status == RUNNING)


def _on_hosts(
    connection: sa.Connection, task_id: int, host_ids: t.Iterable[int], *conditions: sa.ColumnElement[bool]
) -> list[t.Any]:
    """The rows that are due on these hosts, in the order of the subtasks."""
    due = tables.DUE.c
    found: list[t.Any] = []
    for part in rows.chunks(host_ids):
        ours = sa.select(tables.DUE).where(due.task_id == task_id, due.host_id.in_(part), *conditions)
        found += connection.execute(ours).all()
    return sorted(found, key=lambda row: row.subtask_id)


def _slices(connection: sa.Connection, task_id: int) -> t.Sequence[t.Any]:
    """The slices that have worked on a task since its last barrier, with the database's time."""
    found = sa.select(tables.SLICE, Epoch().label("now")).where(tables.SLICE.c.task_id == task_id)
    return connection.execute(found).all()


def _is_over(row: t.Any) -> bool:
    return row.ended or is_dead(row, row.now)


def _cause(row: t.Any, patience: float) -> Outcome:
    """The failure of what a slice has taken and has not handed in."""
    who = f"{row.name}, {executor_of(row)}" if row.name else str(executor_of(row))
    if row.ended:
        return _failure(INTERRUPTED, f"the slice that had it ({who}) ended without handing its outcome in", row.begun)
    if _is_over(row) or row.now - row.heartbeat > _SILENT:
        last = iso(row.heartbeat * 1000)
        return _failure(
            EXECUTOR_GONE,
            f"the slice that worked on it ({who}) is gone; its last sign of life was at {last}, and how far it came is "
            "not known: retry the task (task_retry)",
            row.begun,
        )
    return _failure(
        TIMED_OUT,
        f"the slice that works on it ({who}) has not handed its outcome in, and the barrier waits no longer than "
        f"{patience:g} s (ocp_wait_timeout)",
        row.begun,
    )


def _failure(code: Code, message: str, begun: str | None = None) -> Outcome:
    """A failure. With begun it may have changed its host."""
    return Outcome.failure(code, message, begun, iso_now() if begun else None)
