# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The database under the task store: its transactions, and its errors in one line.

Connections are not kept: every transaction opens one. So none of them can cross a fork.
"""

from __future__ import annotations

import contextlib
import sqlite3
import typing as t

from .location import DRIVERS, Location, StoreError
from .private_files import check_file, check_folder, make_file, make_folder
from .sql import sa

# Seconds.
CONNECT_TIMEOUT = 10
LOCK_TIMEOUT = 30
ANSWER_TIMEOUT = 60


class Database:
    """The database of a store."""

    def __init__(self, location: Location, engine: sa.Engine) -> None:
        self.location = location
        self._engine = engine

    @classmethod
    def open(cls, location: Location, *, create: bool) -> Database:
        """Raises StoreError. create=False: an SQLite file that is missing is an empty database, and nothing is written.

        The database itself is asked for the first time in the first transaction.
        """
        path = location.path
        if path is None:
            return cls(location, _server_engine(location))
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
        """What stands for a database that is not there, where nothing is written: one in memory."""
        return cls(location, _sqlite_engine(sa.URL.create("sqlite"), poolclass=sa.pool.StaticPool))

    @contextlib.contextmanager
    def transaction(self, *, writing: bool = False) -> t.Iterator[sa.Connection]:
        """One transaction. Raises StoreError for whatever the database has to say against it."""
        try:
            with self._connect() as connection:
                connection = connection.execution_options(ocp_writing=writing)
                with connection.begin():
                    yield connection
        except sa.exc.SQLAlchemyError as exc:
            raise StoreError(self._explain(exc)) from None

    def close(self) -> None:
        self._engine.dispose()

    def _connect(self) -> sa.Connection:
        try:
            return self._engine.connect()
        except TypeError as exc:  # so PyMySQL takes an option of the URL that it does not know
            raise _wrong_url(self.location, exc) from None

    def _explain(self, exc: sa.exc.SQLAlchemyError) -> str:
        cause = getattr(exc, "orig", None) or exc
        why = str(cause.args[-1] if cause.args else cause)
        advice = "see that the database runs and that this user may use it"
        if isinstance(cause, sqlite3.Error):
            advice = "see that there is room and that the file is sound"
            # the low byte is the error, the others tell its variant
            if getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                why = f"another process has held it for more than {LOCK_TIMEOUT} seconds"
                advice = "wait for that process, or end it"
        return f"the task store {self.location.shown} cannot be used: {self.location.hide(why)}: {advice}"


def _wrong_url(location: Location, exc: Exception) -> StoreError:
    return StoreError(f"the task store {location.shown}: {location.hide(str(exc))}: correct its URL")


def _sqlite_engine(url: sa.URL, poolclass: type[sa.pool.Pool]) -> sa.Engine:
    """Rollback journal, not WAL: that needs all processes on one machine, and homes may be on NFS."""
    engine = sa.create_engine(url, poolclass=poolclass, connect_args={"timeout": LOCK_TIMEOUT})

    # pysqlite begins transactions by itself, too late for reads that a write relies on: it is told not to
    @sa.event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = EXTRA")  # a transaction that has ended survives a power cut

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("ocp_writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _server_engine(location: Location) -> sa.Engine:
    """A server that is away is an error after a while, and not a hang."""
    if location.url.get_backend_name() == "postgresql":
        limits = {
            "connect_timeout": CONNECT_TIMEOUT,
            "keepalives_idle": ANSWER_TIMEOUT // 4,
            "keepalives_interval": ANSWER_TIMEOUT // 4,
            "keepalives_count": 3,
            "tcp_user_timeout": ANSWER_TIMEOUT * 1000,
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
        # in the transaction, since a pooler between us and the server may refuse or share settings of a session
        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'")

    return engine
