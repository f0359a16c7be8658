# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The tables of the task store.

Every index is in its CREATE TABLE, as a key or a unique constraint. On servers without transactional DDL, such as
MySQL, an interrupted creation then leaves no table without its index.
"""

from __future__ import annotations

import typing as t

from .sql import Text, sa

_METADATA = sa.MetaData()


def _table(name: str, *items: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, _METADATA, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4")


def _task_id() -> sa.Column[int]:
    return sa.Column("task_id", sa.ForeignKey("ocp_task.id"), primary_key=True, autoincrement=False)


def _executor() -> list[sa.Column[t.Any]]:
    return [
        sa.Column("exec_token", sa.String(32), nullable=False),
        sa.Column("exec_host", Text, nullable=False),
        sa.Column("exec_boot_id", sa.String(64), nullable=False),
        sa.Column("exec_namespace", sa.String(64), nullable=False),
        sa.Column("exec_pid", sa.BigInteger, nullable=False),
        sa.Column("exec_start", sa.BigInteger, nullable=False),
        sa.Column("heartbeat", sa.BigInteger, nullable=False),  # seconds since the epoch, by the database's clock
    ]


SCHEMA = _table(
    "ocp_schema",
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
)

# The next id of each kind. A transaction that takes one holds the row until it commits, so locks of hosts are serial.
COUNTER = _table(
    "ocp_counter",
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("next", sa.BigInteger, nullable=False),
)

# A task. The columns from exec_token on are its executor and the store's own data.
TASK = _table(
    "ocp_task",
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("definition", sa.String(64), nullable=False),
    sa.Column("creator", Text, nullable=False),
    sa.Column("creator_id", sa.BigInteger, nullable=False),
    sa.Column("executor", Text, nullable=False),
    sa.Column("created", sa.String(40), nullable=False),
    sa.Column("started", sa.String(40), nullable=False),
    sa.Column("finished", sa.String(40)),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("operation", sa.String(16), nullable=False),
    sa.Column("max_fail_percentage", sa.Double, nullable=False),
    sa.Column("prohibit_rollback", sa.Boolean, nullable=False),
    *_executor(),
    sa.Column("cancel", sa.Boolean, nullable=False),  # requested
    sa.Column("reaped", sa.Boolean, nullable=False),  # closed only because its executor was dead
    sa.Column("writes", sa.BigInteger, nullable=False),  # number of writes; orders the blocks of a log
    sa.UniqueConstraint("status", "id"),
)

TASK_HOST = _table(
    "ocp_task_host",
    _task_id(),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("host_id", sa.BigInteger, nullable=False),
    sa.Column("host", Text, nullable=False),
    sa.Column("record", Text, nullable=False),  # JSON
    sa.UniqueConstraint("host_id", "task_id"),
)

# The edges of the graph follow from the stages.
SUBTASK = _table(
    "ocp_subtask",
    _task_id(),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("series_id", sa.BigInteger, nullable=False),
    sa.Column("stage", sa.Integer, nullable=False),
    sa.Column("phase", sa.String(64), nullable=False),
    sa.Column("timeout", sa.BigInteger, nullable=False),
    sa.Column("parallel_idx", sa.BigInteger, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("operation", sa.String(16), nullable=False),
    sa.Column("run_time", sa.BigInteger, nullable=False),
    sa.Column("started", sa.String(40)),
    sa.Column("finished", sa.String(40)),
    sa.Column("error", Text),  # JSON
    sa.Column("undo_tried", sa.Boolean, nullable=False),
)

SUBTASK_LOG = _table(
    "ocp_subtask_log",
    _task_id(),
    sa.Column("subtask_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("text", Text, nullable=False),
)

# The hosts that RUNNING tasks work on.
HOST_LOCK = _table(
    "ocp_host_lock",
    sa.Column("host_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("task_id", sa.ForeignKey("ocp_task.id"), nullable=False),
)

# The following tables are for tasks that several runs execute together (workflow.py, slices.py).
WORKFLOW = _table(
    "ocp_workflow",
    _task_id(),
    sa.Column("timeout", sa.BigInteger, nullable=False),
    sa.Column("role", sa.String(32), nullable=False),
)

# The slices that have worked on a workflow's task since its last barrier.
SLICE = _table(
    "ocp_slice",
    _task_id(),
    sa.Column("token", sa.String(32), primary_key=True),
    sa.Column("name", Text, nullable=False),
    sa.Column("executor", Text, nullable=False),
    *_executor(),
    sa.Column("begun", sa.String(40), nullable=False),
    sa.Column("ended", sa.Boolean, nullable=False),
)

# The subtasks of a workflow's task that are due on hosts. One slice takes each of them, and hands its outcome in once.
DUE = _table(
    "ocp_due",
    _task_id(),
    sa.Column("subtask_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("phase", sa.String(64), nullable=False),  # that its host runs; in a rollback the undoing one
    sa.Column("position", sa.BigInteger, nullable=False),  # of its host
    sa.Column("host_id", sa.BigInteger, nullable=False),
    sa.Column("slice", sa.String(32)),  # the one that has taken it
    sa.Column("handed_in", sa.Boolean, nullable=False),
    sa.UniqueConstraint("task_id", "host_id", "subtask_id"),
)

HAND_IN = _table(
    "ocp_hand_in",
    _task_id(),
    sa.Column("subtask_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("outcome", Text, nullable=False),  # JSON
)

# The tasks that are waves of a request.
WAVE = _table(
    "ocp_wave",
    _task_id(),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("of", sa.BigInteger, nullable=False),
    sa.Column("later", sa.BigInteger, nullable=False),  # hosts that come after it
)

# The writing transactions on a server, each with a token of its own. A repetition of one with an unknown outcome sees
# here whether it was committed.
MARK = _table(
    "ocp_mark",
    sa.Column("token", sa.String(32), primary_key=True),
    sa.Column("made", sa.BigInteger, nullable=False),  # seconds since the epoch, by the database's clock
)

# The signatures of requests over HTTP, as digests.
SIGNATURE = _table(
    "ocp_signature",
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),  # seconds since the epoch, by the database's clock
    sa.UniqueConstraint("used", "digest"),
)

VERSION = 1


def read_version(connection: sa.Connection) -> int | None:
    """The version of the tables, None if some or all are missing."""
    if not sa.inspect(connection).has_table(SCHEMA.name):
        return None
    return connection.scalar(sa.select(SCHEMA.c.version))


def create(connection: sa.Connection) -> None:
    """Create the missing tables. Their version is written last.

    Raises SQLAlchemyError, also if another controller creates them at the same time.
    """
    _METADATA.create_all(connection)
    connection.execute(sa.insert(COUNTER), [{"name": name, "next": 1} for name in ("task", "subtask")])
    connection.execute(sa.insert(SCHEMA), {"id": 1, "version": VERSION})
