# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The database of the task store: its transactions, and its errors in one line.

A server may reject a transaction for a passing reason, or be lost in the middle of it. The whole transaction is then
repeated for a while. After a broken connection nobody knows whether the transaction was committed. So each one that
changes something first writes a mark of its own. A repetition with the same mark waits for the end of the first, and
learns its outcome.

No connection is kept: every transaction opens one. So no connection crosses a fork.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3
import time
import typing as t
import uuid

from . import postgresql
from . import schema as tables
from .location import DRIVERS, Location, StoreError
from .passing import code, is_passing, is_read_only
from .private_files import check_file, check_folder, make_file, make_folder
from .sql import Epoch, sa

_T = t.TypeVar("_T")

# Seconds. A missing answer must not cost a run its heartbeat (_run/heartbeat.py).
CONNECT_TIMEOUT = 10
LOCK_TIMEOUT = 30  # of a file
ROW_TIMEOUT = 10  # of a row on a server
ANSWER_TIMEOUT = 25
REPEAT_FOR = 15  # from the first rejection; a wait node has 30 in all
_KEEP_MARKS = 3600

_UNKNOWN_VARIABLE = 1193  # MySQL's error


class Passing(StoreError):  # noqa: N818
    """The same transaction may succeed when it is repeated."""


class _Applied(Exception):  # noqa: N818
    """An earlier attempt has committed the transaction."""


class Database:
    """The database of a store. patient: wait for an unreachable server, even before the first connection."""

    def __init__(self, location: Location, engine: sa.Engine, *, patient: bool = False) -> None:
        self.location = location
        self._engine = engine
        self._patient = patient

    @classmethod
    def open(cls, location: Location, *, create: bool, patient: bool = False) -> Database:
        """Raises StoreError. create=False: a missing SQLite file counts as an empty database, and nothing is written.

        The first transaction is the first contact with the database.
        """
        path = location.path
        if path is None:
            return cls(location, _server_engine(location), patient=patient)
        try:
            if create:
                make_folder(path.parent)
                make_file(path)
            elif path.exists():
                check_folder(path.parent)
                check_file(path)
            else:
                return cls.empty(location)
        except OSError as exc:
            what = "mend that, or set ocp_task_store to another place"
            raise StoreError(f"the task store {location.shown}: {exc.filename} {exc.strerror}: {what}") from None
        return cls(location, _sqlite_engine(location.url, poolclass=sa.pool.NullPool))

    @classmethod
    def empty(cls, location: Location) -> Database:
        """An empty database in memory, in place of a missing one, if nothing is written."""
        return cls(location, _sqlite_engine(sa.URL.create("sqlite"), poolclass=sa.pool.StaticPool))

    def read(self, body: t.Callable[[sa.Connection], _T]) -> _T:
        """Run the body as one transaction, which may be repeated. Raises StoreError, and the body's exceptions."""

        def attempt() -> _T:
            with self.transaction() as connection:
                return body(connection)

        return self._repeat(attempt)

    def write(self, body: t.Callable[[sa.Connection], _T]) -> _T:
        """Like read(), with changes, which are made once. The body may be repeated, so it must change nothing else."""
        mark = uuid.uuid4().hex
        found: list[_T] = []

        def attempt() -> _T:
            try:
                with self.transaction(writing=True) as connection:
                    self._mark(connection, mark)
                    found[:] = [body(connection)]
            except _Applied:
                pass
            return found[0]

        return self._repeat(attempt)

    @contextlib.contextmanager
    def transaction(self, *, writing: bool = False) -> t.Iterator[sa.Connection]:
        """One transaction without repetition. Raises StoreError for every error of the database."""
        try:
            with self._connect() as connection:
                self._patient = True  # the URL is right
                connection = connection.execution_options(ocp_writing=writing)
                with connection.begin():
                    yield connection
        except sa.exc.SQLAlchemyError as exc:
            raise self._error(exc) from None

    def forget_marks(self, connection: sa.Connection) -> None:
        """Delete marks of transactions that are no longer repeated. The search comes first, since it locks nothing."""
        column = tables.MARK.c
        old = connection.scalars(sa.select(column.token).where(column.made < Epoch() - _KEEP_MARKS).limit(100)).all()
        if old:
            connection.execute(sa.delete(tables.MARK).where(column.token.in_(old)))

    def close(self) -> None:
        self._engine.dispose()

    def _connect(self) -> sa.Connection:
        try:
            return self._engine.connect()
        except TypeError as exc:  # PyMySQL's error for an unknown option in the URL
            raise _wrong_url(self.location, exc) from None

    def _mark(self, connection: sa.Connection, mark: str) -> None:
        if self.location.path is None:  # the end of a transaction in a local file is always known
            try:
                connection.execute(sa.insert(tables.MARK).values(token=mark, made=Epoch()))
            except sa.exc.IntegrityError:
                raise _Applied from None

    def _repeat(self, attempt: t.Callable[[], _T]) -> _T:
        """Repeat an attempt. Only the patient wait for a server that was never reached, since its URL may be wrong."""
        until: float | None = None
        pause = 0.05
        while True:
            try:
                return attempt()
            except Passing:
                now = time.monotonic()
                until = until or now + REPEAT_FOR
                if not self._patient or now >= until:
                    raise
            time.sleep(random.uniform(pause / 2, pause))
            pause = min(2 * pause, 2)

    def _error(self, exc: sa.exc.SQLAlchemyError) -> StoreError:
        message = self._explain(exc)
        return Passing(message) if is_passing(exc) else StoreError(message)

    def _explain(self, exc: sa.exc.SQLAlchemyError) -> str:
        cause = getattr(exc, "orig", None) or exc
        why = str(cause.args[-1] if cause.args else cause)
        advice = "see that the database runs and that this user may use it"
        if isinstance(cause, sqlite3.Error):
            advice = "see that there is room and that the file is sound"
            # the low byte is the error, the others are its variant
            if getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                why = f"another process has held it for more than {LOCK_TIMEOUT} seconds"
                advice = "wait for that process, or end it"
        elif "statement pooling" in why:
            advice = "PgBouncer has pool_mode = statement here, and a task needs transactions: set it to transaction"
        elif is_read_only(exc):
            advice = "this server takes no changes, it may be a standby: give ocp_task_store the address of the primary"
        return f"the task store {self.location.shown} cannot be used: {self.location.hide(why)}: {advice}"


def _wrong_url(location: Location, exc: Exception) -> StoreError:
    return StoreError(f"the task store {location.shown}: {location.hide(str(exc))}: correct its URL")


def _sqlite_engine(url: sa.URL, poolclass: type[sa.pool.Pool]) -> sa.Engine:
    """Use a rollback journal, not WAL, which needs all processes on one machine. Homes may be on NFS."""
    engine = sa.create_engine(url, poolclass=poolclass, connect_args={"timeout": LOCK_TIMEOUT})

    # pysqlite begins transactions by itself, too late for reads that a write relies on, so that is switched off
    @sa.event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = EXTRA")  # a committed transaction survives a power cut

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("ocp_writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _server_engine(location: Location) -> sa.Engine:
    """An unreachable server causes an error after a while, not a hang."""
    limits: dict[str, t.Any]
    if location.url.get_backend_name() == "postgresql":
        limits = {
            "connect_timeout": CONNECT_TIMEOUT,
            "keepalives_idle": ANSWER_TIMEOUT // 4,
            "keepalives_interval": ANSWER_TIMEOUT // 4,
            "keepalives_count": 3,
            "tcp_user_timeout": ANSWER_TIMEOUT * 1000,
            # PgBouncer gives each transaction another connection, which does not have our prepared statements
            "prepare_threshold": None,
        }
    else:
        limits = {
            "connect_timeout": CONNECT_TIMEOUT,
            "read_timeout": ANSWER_TIMEOUT,
            "write_timeout": ANSWER_TIMEOUT,
        }
    try:
        engine = sa.create_engine(
            location.url,
            poolclass=sa.pool.NullPool,
            isolation_level="READ COMMITTED",
            connect_args={key: value for key, value in limits.items() if key not in location.url.query},
        )
    except ModuleNotFoundError as exc:
        package = DRIVERS[location.url.get_backend_name()][1]
        raise StoreError(
            f"the task store {location.shown} needs {exc.name}: pip install '{package}', for the Python that runs "
            f"ansible-playbook"
        ) from None
    except (sa.exc.SQLAlchemyError, ValueError) as exc:
        raise _wrong_url(location, exc) from None

    if location.url.get_backend_name() == "postgresql":
        @sa.event.listens_for(engine, "do_connect")
        def _connect(_dialect: object, _record: object, arguments: t.Any, options: t.Any) -> t.Any:
            return postgresql.connect(ANSWER_TIMEOUT, *arguments, **options)

    # in the transaction, since a pooler in front of the server may refuse or share settings of a session
    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(
                f"SELECT set_config('lock_timeout', '{ROW_TIMEOUT}s', true), "
                f"set_config('statement_timeout', '{ANSWER_TIMEOUT}s', true)"
            )
            return
        try:
            connection.exec_driver_sql(f"SET SESSION innodb_lock_wait_timeout = {ROW_TIMEOUT}")
        except sa.exc.DBAPIError as exc:
            if code(exc) != _UNKNOWN_VARIABLE:  # older versions of OceanBase have limits of their own
                raise

    return engine
