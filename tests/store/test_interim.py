# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store knows what hosts have come to before the barrier of their phase, which is settled there."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ansible import constants

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import interim, journal
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.barrier import pass_on
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry, rollback
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task
from tests.store.actor import Actor
from tests.store.tasks import END, START, STOP, builder

ME = Executor.of(os.getpid(), "192.0.2.7")
OTHER = Executor.of(os.getpid(), "192.0.2.9")
RAN_AS = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}
GOOD = Outcome(started=START, finished=END, changed=True, ran_as=RAN_AS, log=[(0.5, "SIGTERM to ocp_agentd (7)")])
BAD = Outcome.failure(NO_CONNECTION, "host 2 (db2): no way to it", START, END)


def begun(store: Store, *host_ids: int) -> Task:
    def build(task_id: int, first_subtask_id: int) -> Task:
        task = builder(host_ids)(task_id, first_subtask_id)
        task.begin()
        return task

    return store.create(host_ids, STOP, build, ME)


def states(task: Task) -> list[list[str]]:
    return [[subtask.status for subtask in stage] for stage in task.stages]


def hand_in(store: Store, task: Task, outcomes: dict[int, Outcome], executor: Executor = ME) -> None:
    """outcomes: of the hosts' Prepare, by their positions."""
    store.hand_in(task.id, executor, {task.stages[0][n].id: outcome for n, outcome in outcomes.items()})


def barrier(store: Store, task: Task, phase: str, outcomes: dict[int, Outcome]) -> None:
    task.settle(phase, outcomes)
    pass_on(task, [phase], START)
    store.save(task, ME)


def test_who_asks_sees_it_and_the_barrier_settles_it(url: str) -> None:
    with Store.open(url) as store:
        task = begun(store, 1, 2, 3)
        task.max_fail_percentage = 50
        hand_in(store, task, {0: GOOD, 1: BAD})
        hand_in(store, task, {0: BAD, 2: GOOD})  # the first one counts
        seen = store.load(task.id)
        assert (states(seen)[0], seen.status) == (["SUCCESSFUL", "FAILED", "SUCCESSFUL"], "RUNNING")
        assert (seen.subtasks[0].started, seen.subtasks[0].finished) == (START, END)
        assert seen.subtasks[1].error == {"code": "CMP07002", "message": BAD.message}
        assert states(seen)[1:] == [["PENDING"], ["PENDING"] * 3, ["PENDING"], ["PENDING"] * 3]
        assert store.find(status="RUNNING")[0] == [seen]
        with Store.open(url, create=False) as reader:
            assert reader.load(task.id) == seen
        barrier(store, task, "prepare", {0: GOOD, 1: GOOD, 2: BAD})
        assert store.load(task.id) == task, "the truth is what the barrier has from the results"
        hand_in(store, task, {1: BAD})  # late: it is not due any more
        assert store.load(task.id) == task


def test_nothing_is_left_for_a_retry(url: str) -> None:
    with Store.open(url) as store:
        task = begun(store, 1, 2)
        hand_in(store, task, {0: GOOD, 1: BAD})
        task.settle("prepare", {0: GOOD, 1: BAD})
        task.close(END)
        store.save(task, ME)
        again = store.take(task.id, retry, OTHER)
        assert states(store.load(task.id))[0] == ["SUCCESSFUL", "READY"]
        hand_in(store, again, {1: GOOD})  # of the run before
        assert store.load(task.id) == again
        hand_in(store, again, {1: GOOD}, OTHER)
        assert states(store.load(task.id))[0] == ["SUCCESSFUL", "SUCCESSFUL"]


def test_in_a_rollback_what_is_undone_is_pending_again(url: str) -> None:
    with Store.open(url) as store:
        task = begun(store, 1, 2)
        barrier(store, task, "prepare", {0: GOOD, 1: GOOD})
        task.settle("stop", {0: GOOD, 1: BAD})
        task.close(END)
        store.save(task, ME)
        undoing = store.take(task.id, rollback, OTHER)
        ((phase, indices),) = undoing.work().items()
        assert (phase, indices) == ("start", [0, 1])
        numbers = [subtask.id for _phase, subtask in undoing.due()]
        store.hand_in(task.id, OTHER, {numbers[0]: GOOD})
        seen = store.load(task.id)
        assert states(seen)[2] == ["PENDING", "READY"]
        assert states(seen) != states(undoing)


def test_a_cancel_keeps_it(url: str) -> None:
    with Store.open(url) as store:
        task = begun(store, 1, 2)
        hand_in(store, task, {0: GOOD})
        assert states(store.cancel(task.id))[0] == ["SUCCESSFUL", "CANCELING"]
        hand_in(store, task, {1: BAD})
        assert states(store.load(task.id))[0] == ["SUCCESSFUL", "FAILED"]


def test_of_a_run_that_dies_it_is_what_is_known(url: str, start_actor: Callable[[str], Actor]) -> None:
    actor = start_actor(url)
    task_id = actor.ask("create", [1, 2])["id"]
    with Store.open(url) as store:
        task = store.load(task_id)
        actor.ask("hand_in_so_far", task_id, [task.stages[0][0].id])
        actor.kill()
        task = store.load(task_id)
        assert states(task)[0] == ["SUCCESSFUL", "FAILED"]
        assert [subtask.error and subtask.error["code"] for subtask in task.failures] == ["TSK10015"]
        assert store.take(task_id, retry, ME).work() == {"prepare": [1]}


def test_the_supervisor_hands_in_what_is_in_the_journal(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    result = {"changed": True, "started_at": START, "finished_at": END, "ran_as": RAN_AS}
    ended = threading.Event()
    with Store.open(url) as store:
        task = begun(store, 1, 2)
        run = Run(Request("1" * 16, "192.0.2.7", 0), executor=ME, task=task)
        journal.note(run)
        thread = threading.Thread(target=interim.go_on, args=(url, ME, ended))
        thread.start()
        try:
            journal.note_answer("prepare", "db1", result)
            wait_for(lambda: states(store.load(task.id))[0] == ["SUCCESSFUL", "RUNNING"])
            journal.note_answer("prepare", "db2", {"failed": True, "reason": "not_installed", "msg": "no agent"})
            wait_for(lambda: states(store.load(task.id))[0] == ["SUCCESSFUL", "FAILED"])
            task.max_fail_percentage = 50
            barrier(store, task, "prepare", {0: GOOD, 1: BAD})
            journal.note(replace(run, task=task))
            journal.note_answer("stop", "db1", result)
            wait_for(lambda: states(store.load(task.id))[2] == ["SUCCESSFUL", "PENDING"])
        finally:
            ended.set()
            thread.join()


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)
