# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that do not answer, do not let us in, or are slow."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import database as _database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.sql import Epoch
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store, StoreError
from tests.store.servers import PASSWORD, SERVERS, Kind, Mariadb, Postgresql
from tests.store.tasks import STOP, builder

ME = Executor.of(os.getpid(), "192.0.2.7")
SERVERS_ONLY = pytest.mark.parametrize("database", SERVERS, indirect=True)
KINDS = ["postgresql+psycopg", "mysql+pymysql"]


def refused(url: str) -> str:
    """The message when the store cannot be opened."""
    with pytest.raises(StoreError) as caught:
        Store.open(url)
    message = str(caught.value)
    assert PASSWORD not in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_says_nothing_is_an_error_and_not_a_hang(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_database, "CONNECT_TIMEOUT", 2)
    monkeypatch.setattr(_database, "ANSWER_TIMEOUT", 4)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        message = refused(f"{kind}://ocp:{PASSWORD}@127.0.0.1:{silent.getsockname()[1]}/tasks")
        assert time.monotonic() - began < 15
    assert f"{kind}://ocp:***@127.0.0.1" in message
    assert "timed out" in message or "timeout expired" in message


@pytest.mark.parametrize("kind", KINDS)
def test_an_option_that_the_driver_does_not_know(kind: str) -> None:
    assert "shoe_size" in refused(f"{kind}://ocp:{PASSWORD}@127.0.0.1:1/tasks?shoe_size=42")


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_is_not_there(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    message = refused(f"{kind}://ocp:{PASSWORD}@127.0.0.1:{port}/tasks")
    assert "Connection refused" in message
    assert "see that the database runs" in message


@SERVERS_ONLY
def test_a_user_or_a_database_that_is_not_there(database: Kind, url: str) -> None:
    assert "stranger" in refused(url.replace("ocp:", "stranger:"))
    assert "nowhere" in refused(url.replace(str(Location.of(url).url.database), "nowhere"))
    if isinstance(database, Mariadb):  # this PostgreSQL asks for no password
        assert "Access denied" in refused(url.replace(PASSWORD, f"not-{PASSWORD}"))


@SERVERS_ONLY
def test_a_user_who_may_not_make_tables(database: Kind, url: str) -> None:
    name = Location.of(url).url.database
    if isinstance(database, Postgresql):
        database.run(f"CREATE USER guest_{name}; REVOKE ALL ON SCHEMA public FROM PUBLIC", str(name))
        message = refused(url.replace("ocp:", f"guest_{name}:"))
        assert "permission denied" in message or "no schema has been selected" in message
    else:
        assert isinstance(database, Mariadb)
        database.run(f"GRANT SELECT ON {name}.* TO guest@localhost IDENTIFIED BY '{PASSWORD}'")
        assert "CREATE command denied to user" in refused(url.replace("ocp:", "guest:"))


def test_a_row_that_somebody_holds_is_an_error_in_the_end(
    database: Kind, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOCK_TIMEOUT", "ROW_TIMEOUT"):
        monkeypatch.setattr(_database, name, 1)
    monkeypatch.setattr(_database, "REPEAT_FOR", 1)
    monkeypatch.setattr(_database, "ANSWER_TIMEOUT", 3)
    with Store.open(url) as store:
        task = store.create([1], STOP, builder([1]), ME)
        with Database.open(Location.of(url), create=False).transaction(writing=True) as connection:
            connection.exec_driver_sql("UPDATE ocp_task SET creator = 'x'")
            assert store.load(task.id) == task  # a read does not wait
            with pytest.raises(StoreError, match=r"(?i)lock|held"):
                store.save(task, ME)
            connection.rollback()
        assert store.save(task, ME) is False


def test_the_clock_is_that_of_the_database(url: str) -> None:
    Store.open(url).close()
    with Database.open(Location.of(url), create=False).transaction() as connection:
        now = connection.execute(sa.select(Epoch())).scalar_one()
    assert abs(now - time.time()) <= 2


def test_a_store_carries_no_connection_over_a_fork(url: str, tmp_path: Path) -> None:
    with Store.open(url) as store:
        task = store.create([1], STOP, builder([1]), ME)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                store.save(task, ME, {task.subtasks[0].id: "from the child"})
                store.close()
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0
        assert store.log(task.id, task.subtasks[0].id) == "from the child"
        assert store.save(task, ME) is False
