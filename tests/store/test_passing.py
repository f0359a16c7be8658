# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that reject a transaction for a passing reason, break the connection, or stand behind a pooler."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import database as _database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import schema as tables
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location, StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.spool import spool
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from tests.store.breaking import breaking
from tests.store.lives import ME, deadlock, live
from tests.store.pgbouncer import pgbouncer
from tests.store.servers import PASSWORD, SERVERS, Kind, Mariadb, Postgresql, Server
from tests.store.stalling import way
from tests.store.tasks import STOP, builder, carry_out

ON_SERVERS = pytest.mark.parametrize("database", SERVERS, indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


# Poolers


@ON_POSTGRESQL
def test_a_pool_of_transactions_is_enough(database: Postgresql, url: str) -> None:
    with pgbouncer(database, "transaction") as folder:
        with ThreadPoolExecutor(2) as pool:  # both share two connections of the server
            others = [url.replace(str(database.folder), str(folder))] * 2
            assert list(pool.map(lambda each: Store.open(each).close(), others)) == [None, None]
        live(others[0])


@ON_POSTGRESQL
def test_a_pool_of_statements_is_refused(database: Postgresql, url: str) -> None:
    with pgbouncer(database, "statement") as folder:
        began = time.monotonic()
        with pytest.raises(StoreError, match="pool_mode = statement here, and a task needs tr") as caught:
            Store.open(url.replace(str(database.folder), str(folder)))
        assert time.monotonic() - began < _database.REPEAT_FOR
        assert PASSWORD not in str(caught.value)


# Passing errors


@ON_SERVERS
def test_a_deadlock_is_tried_again(database: Kind, url: str) -> None:
    """Two transactions wait for each other until the server ends one of them."""
    # A server that lets the one that it has ended in before the other one comes to its turn ends one of them again.
    assert len(deadlock(url)) >= 3


@ON_SERVERS
def test_a_server_that_takes_no_changes_for_a_while_is_tried_again(
    database: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This happens after a failover, until the address is that of the new primary."""
    with Store.open(url) as store:
        task = store.create([1], STOP, builder([1]), ME)
        only_read(database, url, True)
        end = threading.Timer(1, only_read, (database, url, False))
        end.start()
        assert store.save(task, ME) is False
        end.join()
        only_read(database, url, True)
        monkeypatch.setattr(_database, "REPEAT_FOR", 0.2)
        try:
            with pytest.raises(StoreError, match=r"read.only.*: this server takes no changes"):
                store.save(task, ME)
        finally:
            only_read(database, url, False)


def only_read(database: Server, url: str, on: bool) -> None:
    if isinstance(database, Mariadb):
        database.run(f"SET GLOBAL read_only = {int(on)}")
    else:
        name = Location.of(url).url.database
        database.run(f"ALTER DATABASE {name} SET default_transaction_read_only = {'on' if on else 'off'}")


@ON_SERVERS
def test_a_connection_that_the_server_ends_is_made_again(database: Server, url: str) -> None:
    with Store.open(url) as store:
        task = store.create([1], STOP, builder([1]), ME)
    runs: list[int] = []

    def body(connection: sa.Connection) -> None:
        connection.execute(sa.update(tables.TASK).values(creator="bob"))
        runs.append(1)
        if len(runs) == 1:
            if isinstance(database, Mariadb):
                number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
                database.run(f"KILL CONNECTION {number}")
            else:
                number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
                database.run(f"SELECT pg_terminate_backend({number}, 5000)")
        connection.execute(sa.update(tables.TASK).values(creator="eve"))

    Database.open(Location.of(url), create=False).write(body)
    assert len(runs) == 2
    with Store.open(url) as store:
        assert store.load(task.id).creator == "eve"


# A connection that breaks during a commit


@ON_SERVERS
@pytest.mark.parametrize("answered", [False, True], ids=["not made", "made"])
def test_a_commit_whose_end_is_not_known_is_made_once(database: Server, url: str, answered: bool) -> None:
    Store.open(url).close()
    with breaking(database, database.folder / f"breaking-{answered}") as between:
        between.answered = answered
        with Store.open(between.url(url)) as store:
            between.breaks = 1
            task = store.create([1, 2], STOP, builder([1, 2]), ME)
            assert store.load(task.id) == task
            assert store.find()[1] == 1
            first = task.subtasks[0].id
            task.begin()
            between.breaks = 2
            assert store.save(task, ME, {first: "once"}) is False
            assert store.log(task.id, first) == "once"
            between.breaks = 1
            store.save(carry_out(task), ME)
            assert store.load(task.id) == task
            store.busy([1, 2])
        assert (between.breaks, between.broken) == (0, 4)


@ON_SERVERS
@pytest.mark.parametrize("answered", [False, True], ids=["not made", "made"])
def test_a_save_that_is_given_up_is_brought_in_once(
    database: Server, url: str, answered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(url) as store:
        task = store.create([1], STOP, builder([1]), ME)
    task.begin()
    first = task.subtasks[0].id
    monkeypatch.setattr(_database, "REPEAT_FOR", 0)
    with breaking(database, database.folder / f"given-up-{answered}") as between:
        between.answered = answered
        with Store.open(between.url(url)) as store:
            between.breaks = 1
            with pytest.raises(StoreError):
                store.save(task, ME, {first: "once"})
        spool(url, task, ME, {first: "once"})
        spool(url, task, ME, {first: "and more"})
    with Store.open(url) as store:
        assert store.log(task.id, first) == "once\nand more"


# Servers that are away, or do not answer


@ON_SERVERS
def test_who_has_a_task_waits_for_a_server_that_is_away(
    database: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(url) as store:
        task = store.create([1], STOP, builder([1]), ME)
    database.stop()
    began = time.monotonic()
    with pytest.raises(StoreError):
        Store.open(url)
    assert time.monotonic() - began < 5  # a run without a task is told at once
    end = threading.Timer(1, database.start)
    end.start()
    with Store.open(url, patient=True) as store:
        assert store.save(task, ME) is False
    end.join()
    database.stop()
    monkeypatch.setattr(_database, "REPEAT_FOR", 0.2)
    try:
        with pytest.raises(StoreError, match="cannot be used"):
            Store.open(url, patient=True)
    finally:
        database.start()


@ON_SERVERS
def test_a_server_that_stops_to_answer_is_an_error_and_not_a_hang(
    database: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine and the connections are still there, so only our own time limit ends the wait."""
    for name, seconds in (("CONNECT_TIMEOUT", 2), ("ANSWER_TIMEOUT", 2), ("REPEAT_FOR", 0)):
        monkeypatch.setattr(_database, name, seconds)
    Store.open(url).close()
    with way(database, database.folder / "silent") as between:
        silent = Database.open(Location.of(between.url(url)), create=False)
        began = time.monotonic()

        def body(connection: sa.Connection) -> None:
            between.stall()
            connection.execute(sa.select(tables.TASK)).all()

        try:
            with pytest.raises(StoreError, match=r"timed out"):
                silent.read(body)
        finally:
            between.clear()
        assert time.monotonic() - began < 10
