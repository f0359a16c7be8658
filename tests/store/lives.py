# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests of more than one file do with a store."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import schema as tables
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from tests.store.tasks import STOP, builder, carry_out

ME = Executor.of(os.getpid(), "192.0.2.7")


def live(url: str) -> None:
    """Run two tasks in a store to their end."""
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


def deadlock(url: str) -> list[int]:
    """Have two transactions wait for each other. Returns which of them began, each time that one did."""
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
    return runs
