# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Old tasks and their removal."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import controller, retention
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import old, rows, schema
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.spool import spool
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import LostTask, Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.workflow import Workflow
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.roles import User
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task
from tests.store.servers import Kind, Sqlite
from tests.store.tasks import STOP, builder, carry_out
from tests.store.test_executors import ELSEWHERE, age

ME = Executor.of(os.getpid(), "192.0.2.7")
DAY = 86400


def create(store: Store, *host_ids: int, executor: Executor = ME, workflow: Workflow | None = None) -> Task:
    return store.create(host_ids, STOP, builder(host_ids), executor, workflow)


def end(store: Store, *host_ids: int, failing: tuple[int, ...] = ()) -> Task:
    """A task that has ended, with a log of each subtask."""
    task = create(store, *host_ids)
    logs = {subtask.id: f"log of {subtask.id}" for subtask in task.subtasks}
    store.save(carry_out(task, failing), ME, logs)
    return task


def counts(url: str) -> dict[str, int]:
    """The rows of all tables that belong to tasks."""
    database = Database.open(Location.of(url), create=False)
    tables = [table for table in schema._METADATA.sorted_tables if table.name not in ("ocp_counter", "ocp_mark")]

    def count(connection: sa.Connection) -> dict[str, int]:
        return {one.name: connection.scalar(sa.select(sa.func.count()).select_from(one)) or 0 for one in tables}

    return database.read(count)


def test_old_tasks_go_with_all_that_belongs_to_them(url: str) -> None:
    store = Store.open(url)
    empty = counts(url)
    gone = [end(store, 1, 2), end(store, 1, 3, failing=(0,)), end(store, 4)]
    age(url, 10 * DAY)
    kept = end(store, 1, 2, failing=(1,))
    assert store.prunable(9 * DAY, 0) == [1, 2, 3]
    assert store.prunable(11 * DAY, 0) == []
    assert store.prunable(9 * DAY, 2) == [1, 2]  # task 4 counts, too
    assert store.prunable(9 * DAY, 4) == []

    assert store.prune(9 * DAY, 0) == [1, 2, 3]

    assert store.prune(9 * DAY, 0) == []
    assert [task.id for task in store.find()[0]] == [kept.id]
    assert store.log(kept.id, kept.subtasks[0].id) == f"log of {kept.subtasks[0].id}"
    for task in gone:
        for ask in (store.load, store.cancel, lambda number: store.take(number, retry, ME)):
            with pytest.raises(OcpError, match=f"has no task {task.id}"):
                ask(task.id)
    age(url, 10 * DAY)
    assert store.prune(9 * DAY, 0) == [4]
    assert counts(url) == empty
    again = create(store, 1, 2)
    assert (again.id, again.subtasks[0].id) == (5, 1 + max(subtask.id for subtask in kept.subtasks))


def test_what_may_still_go_on_stays(url: str) -> None:
    store = Store.open(url)
    running = create(store, 1)
    lost = create(store, 2, executor=ELSEWHERE)
    between = create(store, 3, executor=Executor.nobody("192.0.2.7"), workflow=Workflow(9 * DAY, "HOST_MANAGER"))
    failed = create(store, 4, executor=Executor.nobody("192.0.2.7"), workflow=Workflow(7 * DAY, "HOST_MANAGER"))
    store.save(carry_out(store.hold(failed.id, ME), [0]), ME)
    age(url, 4 * DAY)
    # not even the one whose executor is dead: nobody has been told yet
    assert store.prune(DAY, 0) == []
    assert store.load(lost.id).status == "FAILED"
    retried = end(store, 5, failing=(0,))
    age(url, 2 * DAY)
    store.save(carry_out(store.take(retried.id, retry, ME)), ME)
    assert store.prune(DAY, 0) == [lost.id]
    age(url, 2 * DAY)
    assert store.prune(DAY, 0) == [failed.id, retried.id]
    assert [task.id for task in store.find()[0]] == [between.id, running.id]


def test_one_that_is_taken_up_in_the_meantime_stays(url: str) -> None:
    store = Store.open(url)
    first, second = end(store, 1, failing=(0,)), end(store, 2, failing=(0,))
    age(url, 2 * DAY)
    database = Database.open(Location.of(url), create=False)
    found = store.prunable(DAY, 0)
    task = store.take(first.id, retry, ME)
    with database.transaction(writing=True) as connection:
        assert old.remove(connection, found, DAY) == [second.id]
    store.save(carry_out(task), ME)
    assert store.load(first.id).status == "SUCCESSFUL"


def test_results_that_come_after_the_removal_are_dropped(url: str) -> None:
    store = Store.open(url)
    task = create(store, 1, executor=ELSEWHERE)
    age(url, 2 * DAY)
    assert store.load(task.id).status == "FAILED"
    path = spool(url, carry_out(task), ELSEWHERE, {task.subtasks[0].id: "a log"})
    other = Database.open(Location.of(url), create=False)
    with other.transaction(writing=True) as connection:
        assert old.remove(connection, [task.id], DAY) == [task.id]
    with pytest.raises(LostTask, match="has no task 1 any more"):
        store.save(task, ELSEWHERE)
    assert Store.open(url).find() == ([], 0)
    assert not path.exists()


def test_a_reader_between_two_statements_sees_no_half_of_a_task(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if url.startswith("sqlite"):
        pytest.skip("a file has no writer while there is a reader")
    store = Store.open(url)
    end(store, 1)
    age(url, 2 * DAY)
    young = end(store, 2)
    reader, whole = Database.open(Location.of(url), create=False), rows._of
    removed: list[int] = []

    def remove_first(task_ids: list[int], table: sa.Table) -> sa.Select[tuple[int]]:
        if not removed:
            removed.extend(store.prune(DAY, 0))
        return whole(task_ids, table)

    monkeypatch.setattr(rows, "_of", remove_first)
    found = reader.read(lambda connection: rows.read(connection, [1, 2]))
    assert removed == [1]
    assert [task.id for task in found] == [young.id]


def test_many_go_in_short_transactions_while_others_work(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old, "_TASKS", 4)
    monkeypatch.setattr(old, "_SUBTASKS", 40)
    store = Store.open(url)
    sizes = [1] * 5 + [20, 1]  # 7 subtasks with one host, 64 with twenty
    for size in sizes:
        end(store, *range(1, size + 1))
    age(url, 2 * DAY)
    database = Database.open(Location.of(url), create=False)
    found = database.read(lambda connection: old.batches(connection, list(range(1, 8))))
    assert found == [[1, 2, 3, 4], [5], [6], [7]]
    assert store.prune(DAY, 0, most=1) == [1, 2, 3, 4]

    mine = create(store, 99)
    gone: list[list[int]] = []
    threads = [threading.Thread(target=lambda: gone.append(Store.open(url).prune(DAY, 0))) for _number in range(2)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert store.beat(mine.id, ME) is False
        assert store.find(size=3)[0][0].id == mine.id
    assert len(gone) == 2
    assert sorted(number for part in gone for number in part) == list(range(5, 8))
    assert [task.id for task in store.find()[0]] == [mine.id]


@pytest.mark.parametrize("bound", [None, "HOST_MANAGER", "TASK_MANAGER"])
def test_a_retention_is_applied_to_a_new_task_of_who_may(
    database: Kind, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str | None
) -> None:
    if not isinstance(database, Sqlite):
        pytest.skip("nothing of it is the database's")
    said: list[str] = []
    monkeypatch.setattr(retention, "KEPT_TASKS", 1)
    monkeypatch.setattr(retention.screen, "display", lambda: SimpleNamespace(warning=said.append))
    monkeypatch.setattr(controller, "user", lambda _variables: User("alice"))
    bindings = tmp_path / "roles.yml"
    bindings.write_text(json.dumps({bound: {"users": ["alice"]}}))
    store = Store.open(url)
    for _number in range(3):
        end(store, 1)
    age(url, 2 * DAY)
    for value, expected in ((None, 3), ("", 3), ("1 dog", 3), ("3d", 3), ("1d", 3 if bound == "HOST_MANAGER" else 1)):
        arguments = {"retention": value, "role_bindings": str(bindings) if bound else None}
        asked: Any = SimpleNamespace(arguments=arguments, variables={})
        retention.apply(store, asked)
        assert store.find()[1] == expected
    assert len(said) == 1
    assert said[0].startswith("old tasks are not removed: ocp_task_retention must be")
