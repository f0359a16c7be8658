# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Executors that are lost, die, or are asked to end."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import DEAD_AFTER, LostTask, Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task
from tests.store.actor import Actor
from tests.store.tasks import END, STOP, builder, carry_out

ME = Executor.of(os.getpid(), "192.0.2.7")
OTHER = Executor.of(os.getpid(), "192.0.2.9")
ELSEWHERE = replace(ME, token="e" * 32, host="controller2", boot_id="5b7bd1a2-another-boot", pid=4711)


def create(store: Store, *host_ids: int, executor: Executor = ME) -> Task:
    return store.create(host_ids, STOP, builder(host_ids), executor)


def age(url: str, seconds: int) -> None:
    """Pretend that so much time has passed without a heartbeat."""
    database = Database.open(Location.of(url), create=False)
    with database.transaction(writing=True) as connection:
        connection.execute(sa.text(f"UPDATE ocp_task SET heartbeat = heartbeat - {seconds}"))


def assert_declared_dead(task: Task, executor: str) -> None:
    assert task.status == "FAILED"
    assert task.finished is not None
    for subtask in task.failures:
        assert subtask.error is not None
        assert subtask.error["code"] == "TSK10015"
        assert executor in subtask.error["message"]
        assert "task_retry" in subtask.error["message"]


# Death


@pytest.mark.parametrize("look", ["load", "find", "busy", "create", "cancel", "take"])
def test_a_task_whose_process_was_killed_has_failed_for_whoever_looks(
    url: str, start_actor: Callable[[str], Actor], look: str
) -> None:
    actor = start_actor(url)
    task_id = actor.ask("create", [1, 2])["id"]
    with Store.open(url) as store:
        assert store.load(task_id).status == "RUNNING"
        with pytest.raises(OcpError):
            store.busy([2])
        actor.kill()
        if look == "load":
            assert store.load(task_id).status == "FAILED"
        elif look == "find":
            assert store.find(status="RUNNING") == ([], 0)
            assert [task.id for task in store.find(status="FAILED")[0]] == [task_id]
        elif look == "busy":
            store.busy([2])
        elif look == "create":
            create(store, 2)
        elif look == "cancel":
            with pytest.raises(OcpError, match="FAILED"):
                store.cancel(task_id)
        else:
            assert store.take(task_id, retry, ME).status == "RUNNING"
            return
        task = store.load(task_id)
        assert_declared_dead(task, f"process {actor.pid} on ")
        assert [subtask.parallel_idx for subtask in task.failures] == [0, 1]
        for subtask in task.failures:
            assert subtask.error is not None
            assert subtask.error["message"] in store.log(task_id, subtask.id)
        assert store.log(task_id, task.stages[1][0].id) == ""
        assert store.load(task_id) == task


def test_whoever_looks_in_the_same_instant_finds_it_dead_once(url: str, start_actor: Callable[[str], Actor]) -> None:
    watchers = [start_actor(url) for _number in range(3)]
    for _turn in range(5):
        actor = start_actor(url)
        created = actor.ask("create", [1])
        actor.kill()
        for watcher in watchers:
            watcher.tell("load", created["id"])
        assert [watcher.answer() for watcher in watchers] == ["FAILED"] * 3
        with Store.open(url) as store:
            assert store.log(created["id"], created["subtasks"][0]).count("new state: FAILED") == 1


def test_a_dead_task_that_another_controller_has_removed_meanwhile(url: str) -> None:
    with Store.open(url) as store:
        store._database.write(functools.partial(store._reap, 4711))
        assert store.find() == ([], 0)


def test_a_process_that_lives_is_not_dead_however_long_it_is_silent(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1)
        age(url, 3600)
        assert store.load(task.id).status == "RUNNING"


def test_a_stopped_process_lives_and_a_zombie_does_not() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        executor = Executor.of(child.pid, "192.0.2.7")
        assert executor.is_gone() is False
        child.send_signal(signal.SIGSTOP)
        assert executor.is_gone() is False
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert executor.is_gone() is True
    assert executor.is_gone() is True


def test_a_run_on_another_machine_is_dead_when_it_is_silent_for_too_long(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, executor=ELSEWHERE)
        age(url, DEAD_AFTER - 10)
        assert store.load(task.id).status == "RUNNING"
        assert store.beat(task.id, ELSEWHERE) is False
        age(url, DEAD_AFTER - 10)
        assert store.load(task.id).status == "RUNNING"  # the run has sent a heartbeat
        store.save(task, ELSEWHERE)
        age(url, DEAD_AFTER - 10)
        assert store.load(task.id).status == "RUNNING"
        age(url, 20)
        assert_declared_dead(store.load(task.id), "process 4711 on controller2")
        assert store.beat(task.id, ELSEWHERE) is None
        store.busy([1])


def test_where_nothing_is_written_a_dead_run_is_dead_in_what_is_returned(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, executor=ELSEWHERE)
        alive = create(store, 2)
        age(url, DEAD_AFTER + 10)
        with Store.open(url, create=False) as reader:
            assert_declared_dead(reader.load(task.id), "controller2")
            assert [found.id for found in reader.find(status="FAILED")[0]] == [task.id]
            assert [found.id for found in reader.find(status="RUNNING")[0]] == [alive.id]
            assert [found.status for found in reader.find()[0]] == ["RUNNING", "FAILED"]
            reader.busy([1])
            with pytest.raises(OcpError):
                reader.busy([2])
        assert store.beat(task.id, ELSEWHERE) is False  # nobody has written anything


def test_a_run_that_dies_after_its_last_subtask_has_done_it_all(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, executor=ELSEWHERE)
        for subtask in task.subtasks:
            subtask.status = "SUCCESSFUL"
        store.save(task, ELSEWHERE)
        age(url, DEAD_AFTER + 10)
        with Store.open(url, create=False) as reader:
            assert reader.load(task.id).status == "SUCCESSFUL"
            assert reader.find(status="FAILED") == reader.find(status="RUNNING") == ([], 0)
            assert reader.find(status="SUCCESSFUL")[1] == 1
        assert store.load(task.id).status == "SUCCESSFUL"
        store.busy([1])


def test_a_run_that_was_declared_dead_is_told_to_stop(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, executor=ELSEWHERE)
        age(url, DEAD_AFTER + 10)
        dead = store.load(task.id)
        with pytest.raises(LostTask, match=f"task {task.id} is not this run's any more: process 4711 on controller2"):
            store.save(task, ELSEWHERE, {task.subtasks[0].id: "lost"})
        assert store.load(task.id) == dead
        taken = store.take(task.id, retry, ME)
        with pytest.raises(LostTask):
            store.save(carry_out(task), ELSEWHERE)
        assert store.load(task.id) == taken
        store.save(carry_out(taken), ME)
        assert store.load(task.id).status == "SUCCESSFUL"
        assert "lost" not in store.log(task.id, task.subtasks[0].id)


def test_a_task_that_has_ended_does_not_run_again_by_a_save(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1)
        running = store.load(task.id)
        ended = carry_out(task)
        store.save(ended, ME)
        store.save(ended, ME)  # after a commit whose answer was lost
        with pytest.raises(LostTask):
            store.save(running, ME)
        assert store.load(task.id) == ended


# Cancel


def test_a_cancelled_task_tells_its_executor(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, 2)
        task.begin()
        assert store.save(task, ME) is False
        cancelled = store.cancel(task.id)
        assert [subtask.status for subtask in cancelled.stages[0]] == ["CANCELING", "CANCELING"]
        assert [subtask.status for subtask in cancelled.stages[1]] == ["PENDING"]
        assert store.load(task.id) == cancelled
        assert store.cancel(task.id) == cancelled
        assert store.beat(task.id, ME) is True
        assert store.save(task, ME) is True  # the executor still has the subtasks as RUNNING
        assert store.load(task.id) == cancelled
        task.close(END, cancelled=True)
        assert store.save(task, ME) is True
        assert store.load(task.id) == task
        with pytest.raises(OcpError) as caught:
            store.cancel(task.id)
        assert caught.value.code.code == "TSK10007"
        assert store.take(task.id, retry, OTHER).status == "RUNNING"
        assert store.beat(task.id, OTHER) is False  # the cancel was for the other execution


def test_a_cancel_is_not_lost_between_the_saves_of_a_run(url: str, start_actor: Callable[[str], Actor]) -> None:
    actor = start_actor(url)
    with Store.open(url) as store:
        for turn in range(1, 6):
            task_id = actor.ask("create", [turn])["id"]
            assert actor.ask("save_until_cancelled", task_id) == "going"
            time.sleep(0.02 * turn)
            store.cancel(task_id)
            assert actor.answer() == "cancelled"
            assert store.load(task_id).subtasks[0].status == "CANCELING"


def test_a_cancelled_task_of_a_dead_run_can_be_retried(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, executor=ELSEWHERE)
        task.begin()
        store.save(task, ELSEWHERE)
        store.cancel(task.id)
        age(url, DEAD_AFTER + 10)
        assert_declared_dead(store.load(task.id), "controller2")
        assert store.beat(store.take(task.id, retry, ME).id, ME) is False
