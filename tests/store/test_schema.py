# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables: their creation and their version."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import schema as tables
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store, StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.waves import Wave
from tests.store.actor import Actor
from tests.store.servers import PASSWORD, Kind
from tests.store.tasks import STOP, builder

ME = Executor.of(os.getpid(), "192.0.2.7")


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
    """On a server without transactional DDL, a controller can die between two CREATE statements."""
    database = Database.open(Location.of(url), create=True)
    with database.transaction(writing=True) as connection:
        tables.TASK.create(connection)
        tables.SCHEMA.create(connection)
    with Store.open(url) as store:
        assert store.find() == ([], 0)
    with database.transaction() as connection:
        assert tables.read_version(connection) == tables.VERSION


@pytest.mark.parametrize("version", [0, 2])
@pytest.mark.parametrize("create", [True, False])
def test_tables_of_another_version_are_left_alone(url: str, create: bool, version: int) -> None:
    Store.open(url).close()
    database = Database.open(Location.of(url), create=True)
    with database.transaction(writing=True) as connection:
        connection.execute(sa.update(tables.SCHEMA).values(version=version))
    with pytest.raises(StoreError, match=rf"tables of version {version}, and .* version 1 alone: set") as caught:
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


def test_a_task_that_is_a_wave_beside_one_that_is_none(url: str) -> None:
    with Store.open(url) as store:
        store.create([1001], STOP, builder([1001]), ME)

        def build(task_id: int, first_subtask_id: int) -> Task:
            return replace(builder([1002])(task_id, first_subtask_id), wave=Wave(2, 5, 30))

        created = store.create([1002], STOP, build, ME)
        assert created.wave == store.load(created.id).wave == Wave(2, 5, 30)
        assert [task.wave for task in store.find()[0]] == [Wave(2, 5, 30), None]


def test_a_signature_that_several_use_at_once(url: str) -> None:
    with Store.open(url) as store:

        def use_up(number: int) -> bool:
            with Store.open(url) as own:
                return own.use_up("a" * 64, 60)

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(use_up, range(4))) == [False, False, False, True]

        assert store.use_up("b" * 64, -1), "and what is older than this is forgotten"
        assert store.use_up("a" * 64, 60)
        assert not store.use_up("b" * 64, 60)
