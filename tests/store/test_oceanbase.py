# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OceanBase itself in MySQL mode, where the package pylibseekdb is installed: it is large, and of Linux alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import schema as tables
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from tests.store.servers import Seekdb, started
from tests.store.tasks import STOP, builder, carry_out

pytestmark = [
    pytest.mark.skipif(Seekdb.program() is None, reason="pip install pylibseekdb: it is in no environment of make"),
    pytest.mark.xdist_group("oceanbase"),
]
ME = Executor.of(os.getpid(), "192.0.2.7")


@pytest.fixture(scope="module")
def database() -> Iterator[Seekdb]:
    with started(Seekdb) as server:
        yield server


def test_the_life_of_a_task(database: Seekdb) -> None:
    url = database.new_database("life")
    with Store.open(url) as store:
        for turn in (1, 2):
            task = store.create([1, 2], STOP, builder([1, 2]), ME)
            task.begin()
            assert store.beat(task.id, ME) is False
            store.save(task, ME, {task.subtasks[0].id: f"turn {turn}, \u4e2d"})
            assert store.log(task.id, task.subtasks[0].id) == f"turn {turn}, \u4e2d"
            store.save(carry_out(task), ME)
            assert store.load(task.id) == task
            assert store.find()[1] == turn


def test_one_task_a_host(database: Seekdb) -> None:
    """Of many who ask at once, with a store that nobody has made yet, one gets the host."""
    url = database.new_database("hosts")

    def ask(_number: int) -> bool:
        try:
            with Store.open(url) as store:
                store.create([7], STOP, builder([7]), ME)
        except OcpError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(ask, range(6))) == [False] * 5 + [True]


def test_what_it_asks_for_again(database: Seekdb) -> None:
    """Each of two transactions waits for the other."""
    url = database.new_database("again")
    with Store.open(url) as store:
        first, second = (store.create([number], STOP, builder([number]), ME) for number in (1, 2))
    both = threading.Barrier(2, timeout=30)
    runs: list[int] = []

    def change(order: list[int]) -> None:
        def body(connection: sa.Connection) -> None:
            runs.append(order[0])
            for turn, number in enumerate(order):
                if turn == 1 and runs.count(order[0]) == 1:
                    both.wait()
                connection.execute(sa.update(tables.TASK).where(tables.TASK.c.id == number).values(creator=str(order)))

        Database.open(Location.of(url), create=False).write(body)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(change, [[first.id, second.id], [second.id, first.id]]))
    assert len(runs) >= 3


def test_it_goes_away_in_the_middle(database: Seekdb) -> None:
    url = database.new_database("away")
    with Store.open(url) as store:
        task = store.create([1], STOP, builder([1]), ME)
        database.stop()
        starter = threading.Timer(1, database.start)
        starter.start()
        assert store.save(carry_out(task), ME) is False
        starter.join()
        assert store.load(task.id) == task
