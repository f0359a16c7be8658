# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store returns what it was given, and writes little."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import schema as tables
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import OPERATIONS
from tests.store.servers import Kind, Mariadb
from tests.store.tasks import STOP, builder, carry_out

ME = Executor.of(os.getpid(), "192.0.2.7")


@contextmanager
def statements(store: Store) -> Iterator[list[tuple[str, int]]]:
    """Record the statements that a store sends during the block: the first word of each, and its number of rows.

    The mark of a transaction is left out.
    """
    seen: list[tuple[str, int]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool) -> None:
        if tables.MARK.name not in statement:
            seen.append((statement.split()[0], len(parameters) if executemany else 1))

    engine = store._database._engine
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("hosts", [1, 3, 500])
@pytest.mark.parametrize("definition", OPERATIONS)
def test_a_task_comes_back_equal_at_every_stage(url: str, definition: str, hosts: int) -> None:
    host_ids = list(range(1001, 1001 + hosts))
    with Store.open(url) as store:
        task = store.create(host_ids, definition, builder(host_ids, definition), ME)
        assert store.load(task.id) == task
        task.begin()
        store.save(task, ME)
        assert store.load(task.id) == task
        carry_out(task, failing=[0])
        store.save(task, ME)
        assert store.load(task.id) == task
    with Store.open(url, create=False) as store:
        assert store.load(task.id) == task


def test_text_of_any_kind_is_kept_and_what_no_database_takes_becomes_a_mark(url: str) -> None:
    with Store.open(url) as store:
        task = store.create([1], STOP, builder([1]), ME)
        carry_out(task)
        task.max_fail_percentage = 100 / 3
        task.creator = "zoë 🐘 'x' \\ % \"y\"" + "z" * 70_000
        first = task.subtasks[0]
        first.error = {"code": "COM32001", "message": "日本\n\t%(x)s"}
        store.save(task, ME, {first.id: "nul \0, half a pair \ud83d"})
        assert store.load(task.id) == task
        assert store.log(task.id, first.id) == "nul \ufffd, half a pair ?"


def test_only_what_has_changed_is_written(url: str) -> None:
    host_ids = list(range(1, 501))
    with Store.open(url) as store:
        task = store.create(host_ids, STOP, builder(host_ids), ME)
        with statements(store) as nothing:
            store.save(task, ME)
        assert {word for word, _rows in nothing if word in ("INSERT", "DELETE")} == set()
        task.subtasks[7].become("RUNNING")
        with statements(store) as one:
            store.save(task, ME)
        assert [entry for entry in one if entry[0] in ("INSERT", "DELETE")] == [("DELETE", 1), ("INSERT", 1)]


def test_ten_thousand_hosts_need_few_statements(database: Kind, url: str) -> None:
    def inserts() -> int:
        assert isinstance(database, Mariadb)
        return int(database.run("SHOW GLOBAL STATUS LIKE 'Com_insert'").split()[1])

    host_ids = list(range(1, 10_001))
    with Store.open(url) as store:
        before = inserts() if isinstance(database, Mariadb) else 0
        with statements(store) as seen:
            task = store.create(host_ids, STOP, builder(host_ids), ME)
            task.begin()
            store.save(task, ME)
        assert len(seen) < 60
        if isinstance(database, Mariadb):  # independent of how the driver splits them
            assert inserts() - before < 40
        assert store.load(task.id) == task


@pytest.mark.parametrize("number", [0, -1, 100, 2**63 - 1, 2**70])
def test_what_is_not_there_is_404(url: str, number: int) -> None:
    with Store.open(url) as store:
        task = store.create([1], STOP, builder([1]), ME)
        for ask in (
            lambda: store.load(number),
            lambda: store.cancel(number),
            lambda: store.log(number, task.subtasks[0].id),
            lambda: store.log(task.id, number),
            lambda: store.take(number, lambda _task: None, ME),
        ):
            with pytest.raises(OcpError) as caught:
                ask()
            assert (caught.value.code.code, int(caught.value.code.status)) == ("TSK10001", 404)
            assert str(number) in caught.value.message


def test_where_nothing_is_written_what_is_not_there_is_an_empty_store(url: str) -> None:
    with Store.open(url, create=False) as store:
        assert store.find() == ([], 0)
        store.busy([1, 2])
        with pytest.raises(OcpError, match="has no task 1"):
            store.load(1)
    with Store.open(url, create=False) as store:
        assert store.find() == ([], 0)
