# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of tasks, and logs."""

from __future__ import annotations

import os

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry
from tests.store.tasks import builder, carry_out

ME = Executor.of(os.getpid(), "192.0.2.7")


@pytest.fixture
def store(url: str) -> Store:
    """Tasks 1 and 4 stop, 2 and 5 start, 3 and 6 restart. 1 is FAILED, 2 and 3 are SUCCESSFUL, the others RUNNING."""
    store = Store.open(url)
    kinds = ["batch_stop_agents", "batch_start_agents", "batch_restart_agents"] * 2
    for number, definition in enumerate(kinds, start=1):
        host_ids = [number, 100 if number < 5 else 100 + number]
        task = store.create(host_ids, definition, builder(host_ids, definition), ME)
        assert task.id == number
        if number <= 3:
            store.save(carry_out(task, [0] if number == 1 else []), ME)
    return store


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"name": "STOP ocp"}, [4, 1]),
        ({"name": "start"}, [6, 5, 3, 2]),
        ({"name": "agent"}, [6, 5, 4, 3, 2, 1]),
        ({"name": "%"}, []),
        ({"status": "RUNNING"}, [6, 5, 4]),
        ({"status": "FAILED"}, [1]),
        ({"status": "FAILED,RUNNING", "newest_first": False}, [1, 4, 5, 6]),
        ({"status": "nonsense"}, []),
        ({"host_id": 100}, [4, 3, 2, 1]),
        ({"host_id": 6}, [6]),
        ({"host_id": 999}, []),
        ({"host_id": 100, "status": "SUCCESSFUL", "name": "start"}, [3, 2]),
    ],
)
def test_filters(store: Store, filters: dict[str, object], expected: list[int]) -> None:
    tasks, total = store.find(**filters)  # type: ignore[arg-type]
    assert [task.id for task in tasks] == expected
    assert total == len(expected)
    assert tasks == [store.load(number) for number in expected]


def test_pages(store: Store) -> None:
    pages = [[task.id for task in store.find(page=page, size=4)[0]] for page in (1, 2, 3)]
    assert pages == [[6, 5, 4, 3], [2, 1], []]
    assert store.find(page=3, size=4)[1] == 6
    assert [task.id for task in store.find(status="RUNNING", page=2, size=1)[0]] == [5]


def test_a_log_keeps_its_order_over_all_executions(store: Store) -> None:
    first, second = store.load(4).stages[0]
    task = store.load(4)
    for number in range(12):
        store.save(task, ME, {first.id: f"block {number}\nline", **({second.id: "other"} if number == 5 else {})})
    store.save(carry_out(task, [0]), ME, {first.id: "failed"})
    task = store.take(4, retry, ME)
    store.save(carry_out(task), ME, {first.id: "retried"})
    blocks = [*(f"block {number}\nline" for number in range(12)), "failed", "retried"]
    assert store.log(4, first.id) == "\n".join(blocks)
    assert store.log(4, second.id) == "other"
    assert store.log(4, task.stages[-1][0].id) == ""
