# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables: who makes them, and of which version they are."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import schema as tables
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database, Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store, StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.workflow import Workflow
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry
from tests.store.actor import Actor
from tests.store.servers import PASSWORD, Kind, Sqlite
from tests.store.tasks import STOP, builder

_NUMBERS = itertools.count(1)


def test_several_controllers_that_meet_an_empty_database_at_once(
    database: Kind, start_actor: Callable[[str], Actor]
) -> None:
    for number in range(3):
        url = database.new_database(f"race{number}")
        actors = [start_actor(url) for _number in range(3)]
        for actor in actors:
            actor.tell("open")
        assert [actor.answer() for actor in actors] == ["opened"] * 3
        assert actors[0].ask("create", [1])["id"] == 1
        for actor in actors:
            actor.kill()


def test_tables_that_somebody_has_begun_to_make_are_completed(url: str) -> None:
    """Where statements that define tables are no part of a transaction, a controller can die between two of them."""
    database = Database.open(Location.of(url), create=True)
    with database.transaction(writing=True) as connection:
        tables.TASK.create(connection)
        tables.SCHEMA.create(connection)
    with Store.open(url) as store:
        assert store.find() == ([], 0)
    with database.transaction() as connection:
        assert tables.read_version(connection) == tables.VERSION


@pytest.mark.parametrize("create", [True, False])
def test_tables_of_a_later_version_are_left_alone(url: str, create: bool) -> None:
    Store.open(url).close()
    database = Database.open(Location.of(url), create=True)
    with database.transaction(writing=True) as connection:
        connection.execute(sa.update(tables.SCHEMA).values(version=17))
    with pytest.raises(StoreError, match=r"tables of version 17, and .* knows version 2: install") as caught:
        Store.open(url, create=create)
    assert PASSWORD not in str(caught.value)


def test_a_store_that_is_only_looked_at_gets_no_tables(url: str) -> None:
    Store.open(url, create=False).close()
    location = Location.of(url)
    if location.path is not None:
        assert not location.path.parent.exists()
        return
    with Database.open(location, create=False).transaction() as connection:
        assert sa.inspect(connection).get_table_names() == []


# Tables of version 1


@pytest.fixture
def version1(database: Kind) -> str:
    """The URL of a store that the collection has written when its tables were of version 1."""
    url = database.new_database(f"one{next(_NUMBERS)}")
    dump = (Path(__file__).parent / "version1" / f"{database.name}.sql").read_text()
    if isinstance(database, Sqlite):
        path = Location.of(url).path
        assert path is not None
        path.parent.mkdir(mode=0o700)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript(dump)
        path.chmod(0o600)
    else:
        name = sa.make_url(url).database
        assert name is not None
        database.run(dump, name)
    return url


def version_of(url: str) -> int | None:
    with Database.open(Location.of(url), create=False).transaction() as connection:
        return tables.read_version(connection)


def check(store: Store) -> None:
    """That the store tells what was stored in it."""
    assert [task.id for task in store.find()[0]] == [2, 1]
    task = store.load(1)
    assert (task.status, task.creator, task.targets[1].host) == ("FAILED", "alice", "db1002")
    assert [subtask.status for subtask in task.stages[0]] == ["SUCCESSFUL", "FAILED"]
    assert task.records[0].home == "/home/admin/ocp_agent"
    assert store.log(1, task.subtasks[0].id) == "a log"
    assert store.load(2).status == "FAILED", "who executed it is gone"


def test_who_only_looks_leaves_tables_of_version_1_as_they_are(version1: str) -> None:
    with Store.open(version1, create=False) as store:
        check(store)
        with pytest.raises(OcpError, match="by a single run"):
            store.workflow(1)
    assert version_of(version1) == 1


def test_tables_of_version_1_are_brought_up_to_date(version1: str) -> None:
    executor = Executor.of(os.getpid(), "192.0.2.7")
    with Store.open(version1) as store:
        check(store)
        assert version_of(version1) == tables.VERSION
        task = store.take(1, retry, executor, Workflow(600, "TASK_MANAGER"))
        share = store.slices.take(1, ["prepare"], task.targets, executor, "")
        assert [target.host for target in share.task.targets] == ["db1002"]
        assert store.create([7], STOP, builder([7]), executor).id == 3


def test_several_controllers_that_meet_version_1_at_once(version1: str, start_actor: Callable[[str], Actor]) -> None:
    actors = [start_actor(version1) for _number in range(3)]
    for actor in actors:
        actor.tell("open")
    assert [actor.answer() for actor in actors] == ["opened"] * 3
    with Store.open(version1) as store:
        check(store)


def test_an_update_that_was_cut_short_is_completed(version1: str) -> None:
    """Where statements that define tables are no part of a transaction, a controller can die between two of them."""
    with Database.open(Location.of(version1), create=True).transaction(writing=True) as connection:
        tables.WORKFLOW.create(connection)
        tables.DUE.create(connection)
    with Store.open(version1) as store:
        check(store)
    assert version_of(version1) == tables.VERSION
