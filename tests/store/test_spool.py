# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of a run whose database was away reach the store later."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import database as _database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.spool import spool
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import LostTask, Store, StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task
from tests.store.actor import Actor
from tests.store.servers import PASSWORD, Kind, Sqlite
from tests.store.tasks import STOP, builder, carry_out
from tests.store.test_executors import ELSEWHERE, age

ME = Executor.of(os.getpid(), "192.0.2.7")


def create(store: Store, *host_ids: int, executor: Executor = ME) -> Task:
    return store.create(host_ids, STOP, builder(host_ids), executor)


@contextmanager
def away(database: Kind, url: str) -> Iterator[None]:
    """Make the database unusable during the block."""
    if isinstance(database, Sqlite):
        path = Location.of(url).path
        assert path is not None
        aside = path.with_suffix(".aside")
        path.rename(aside)
        path.mkdir()
        yield
        path.rmdir()
        aside.rename(path)
    else:
        database.stop()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_database, "REPEAT_FOR", 0)
            yield
        database.start()


def test_what_a_run_did_without_its_database_is_not_lost(database: Kind, url: str, data_folder: Path) -> None:
    store = Store.open(url)
    task = create(store, 1, 2)
    first = task.subtasks[0].id
    task.begin()
    store.save(task, ME, {first: "before"})
    with away(database, url):
        carry_out(task, [0])
        with pytest.raises(StoreError, match="cannot be used") as caught:
            store.save(task, ME, {first: "meanwhile"})
        assert not isinstance(caught.value, LostTask)
        assert PASSWORD not in str(caught.value)
        assert "\n" not in str(caught.value)
        path = spool(url, task, ME, {first: "meanwhile"})
        with pytest.raises(StoreError):
            Store.open(url)
    assert path.exists()
    assert path.is_relative_to(data_folder / "oceanbase-ocp")
    assert PASSWORD not in str(path) + path.read_text()
    for part in (path, path.parent, path.parent.parent):
        assert stat.S_IMODE(part.stat().st_mode) == (0o600 if part == path else 0o700)
    assert store.load(task.id).status == "RUNNING"
    with Store.open(url) as later:
        assert later.load(task.id) == task
        assert later.log(task.id, first) == "before\nmeanwhile"
        later.busy([1, 2])
    assert not path.exists()
    Store.open(url).close()
    assert store.log(task.id, first) == "before\nmeanwhile"


def test_a_run_that_goes_on_brings_in_its_own_results(url: str) -> None:
    store = Store.open(url)
    task = create(store, 1)
    first = task.subtasks[0].id
    task.begin()
    spool(url, task, ME, {first: "one"})
    path = spool(url, task, ME, {first: "two", task.subtasks[1].id: "other"})
    with Store.open(url) as again:
        assert again.load(task.id) == task  # still RUNNING, since its executor lives
        assert again.beat(task.id, ME) is False
        carry_out(task)
        again.save(task, ME, {first: "three"})
        assert again.log(task.id, first) == "one\ntwo\nthree"
        assert again.log(task.id, task.subtasks[1].id) == "other"
    assert not path.exists()


def test_results_of_a_run_that_was_declared_dead_are_taken_after_all(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, executor=ELSEWHERE)
        age(url, 1000)
        assert store.load(task.id).status == "FAILED"
        other = create(store, 1)
        first = task.subtasks[0].id
        spool(url, carry_out(task), ELSEWHERE, {first: "done"})
        with Store.open(url):
            pass
        assert store.load(task.id) == task
        assert store.log(task.id, first).endswith("\ndone")
        assert store.load(other.id).status == "RUNNING"
        with pytest.raises(Exception, match=f"is held by task {other.id}"):
            store.busy([1])


def test_a_run_that_died_after_it_left_results_has_failed(url: str, start_actor: Callable[[str], Actor]) -> None:
    actor = start_actor(url)
    task_id = actor.ask("create", [1])["id"]
    with Store.open(url) as store:
        task = store.load(task_id)
        first = task.subtasks[0].id
        task.begin()
        spool(url, task, Executor(**actor.ask("executor")), {first: "last words"})
        actor.kill()
        with Store.open(url) as later:
            found = later.load(task_id)
            assert (found.status, found.failures[0].id) == ("FAILED", first)
            assert later.log(task_id, first).startswith("last words\n")
            later.busy([1])


def test_results_left_running_by_a_run_that_was_declared_dead_do_not_run_again(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, executor=ELSEWHERE)
        first = task.subtasks[0].id
        age(url, 1000)
        store.load(task.id)
        task.begin()
        task.records[0].home = "/opt/ocp_agent"
        spool(url, task, ELSEWHERE, {first: "so far"})
        with Store.open(url) as later:
            found = later.load(task.id)
            assert (found.status, found.records[0].home) == ("FAILED", "/opt/ocp_agent")
            assert later.log(task.id, first).endswith("so far")
            later.busy([1])
            with pytest.raises(LostTask):
                later.save(task, ELSEWHERE)


@pytest.mark.parametrize("how", ["ended", "taken"])
def test_results_that_the_task_went_on_without_are_dropped(url: str, how: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1)
        mine = carry_out(store.load(task.id), [0])
        store.save(mine, ME)
        if how == "taken":
            mine = store.take(task.id, retry, replace(ME, token="a" * 32))
        path = spool(url, carry_out(task), ME, {task.subtasks[0].id: "late"})
        with Store.open(url) as later:
            assert later.load(task.id) == mine
            assert "late" not in later.log(task.id, task.subtasks[0].id)
        assert not path.exists()


def test_results_belong_to_one_store(database: Kind, url: str) -> None:
    other = database.new_database("other")
    with Store.open(url) as store, Store.open(other) as second:
        task, same_id = create(store, 1), create(second, 1)
        assert task.id == same_id.id
        path = spool(url, carry_out(task), ME, None)
        Store.open(other).close()
        assert path.exists()
        assert second.load(task.id).status == "RUNNING"
        Store.open(url, create=False).close()  # it only reads
        assert path.exists()
        Store.open(url).close()
        assert store.load(task.id).status == "SUCCESSFUL"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"task": {}, "executor": {}, "logs": {}}', "\xff"])
def test_results_that_cannot_be_read_are_named(url: str, text: str) -> None:
    with Store.open(url) as store:
        path = spool(url, create(store, 1), ME, None)
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(StoreError, match=f"{path} cannot be read: .*: mend that file, or move it away"):
        Store.open(url)
    assert path.exists()
