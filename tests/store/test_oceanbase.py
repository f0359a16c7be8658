# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OceanBase itself in MySQL mode, where the package pylibseekdb is installed: it is large, and of Linux alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from tests.store.lives import ME, deadlock, live
from tests.store.servers import Seekdb, started
from tests.store.tasks import STOP, builder, carry_out

pytestmark = [
    pytest.mark.skipif(Seekdb.program() is None, reason="pip install pylibseekdb: it is in no environment of make"),
    pytest.mark.xdist_group("oceanbase"),
]


@pytest.fixture(scope="module")
def database() -> Iterator[Seekdb]:
    with started(Seekdb) as server:
        yield server


def test_the_life_of_a_task(database: Seekdb) -> None:
    live(database.new_database("life"))


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
    assert len(deadlock(database.new_database("again"))) >= 3


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
