# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that a workflow executes: its slices, its barriers, and the detection of dead ones."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.liveness import DEAD_AFTER
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.slices import Share
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import LostTask, Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.workflow import Workflow
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry, rollback
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task
from tests.store.actor import Actor
from tests.store.tasks import END, START, STOP, builder

WORKFLOW = Workflow(3600, "HOST_MANAGER")
PHASES = ["prepare", "stop", "finish"]
GOOD = Outcome(
    started=START,
    finished=END,
    changed=True,
    home="/home/admin/ocp_agent",
    ran_as={"generation": "gen2"},
    log=[(0.5, "done")],
)


def here() -> Executor:
    return Executor.of(os.getpid(), "192.0.2.7")


def elsewhere() -> Executor:
    return replace(here(), host="exec2", boot_id="5b7bd1a2-another-boot", pid=4711)


def create(store: Store, *host_ids: int, workflow: Workflow = WORKFLOW) -> Task:
    def build(task_id: int, first: int) -> Task:
        task = builder(host_ids)(task_id, first)
        task.begin()
        return task

    return store.create(host_ids, STOP, build, Executor.nobody("192.0.2.7"), workflow)


def take(store: Store, task: Task, host_ids: Sequence[int], executor: Executor | None = None, name: str = "") -> Share:
    targets = [Target(number, f"db{number}") for number in host_ids]
    return store.slices.take(task.id, PHASES, targets, executor or here(), name)


def hand_in(store: Store, share: Share, token: str, outcome: Outcome = GOOD) -> set[int]:
    outcomes = {subtask.id: outcome for _phase, subtask in share.task.due()}
    return store.slices.hand_in(share.task.id, token, outcomes)


def barrier(store: Store, task: Task) -> Task:
    """Run a barrier that waits for nobody."""
    holder = here()
    held = store.hold(task.id, holder)
    for phase, outcomes in store.slices.give_up(task.id, 30).items():
        held.settle(phase, outcomes)
        held.pass_wait(phase, START, END)
    held.begin()
    if not held.work():
        held.close(END)
    store.save(held, holder)
    return held


def hosts(share: Share) -> list[int]:
    return [target.host_id for target in share.task.targets]


def age(url: str, seconds: int, table: str = "ocp_task") -> None:
    """Pretend that so much time has passed without a heartbeat."""
    with Database.open(Location.of(url), create=False).transaction(writing=True) as connection:
        connection.execute(sa.text(f"UPDATE {table} SET heartbeat = heartbeat - {seconds}"))


def left(url: str) -> dict[str, int]:
    """The number of rows in the tables of workflows."""
    with Database.open(Location.of(url), create=False).transaction() as connection:
        count = {
            name: connection.scalar(sa.text(f"SELECT COUNT(*) FROM {name}"))
            for name in ("ocp_due", "ocp_hand_in", "ocp_slice")
        }
    return {name: number or 0 for name, number in count.items()}


def error(task: Task, host_id: int) -> dict[str, str]:
    """The error of the only failure on a host."""
    (failure,) = [s for s in task.failures if task.targets[s.parallel_idx].host_id == host_id]
    assert failure.error is not None
    return failure.error


# Taking and handing in


def test_a_task_goes_through_its_phases_in_slices(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 30, 10, 20)
        for phase in PHASES:
            for mine in ([20, 77], [10], [30]):
                executor = here()
                share = take(store, task, mine, executor)
                assert hosts(share) == mine[:1]
                assert share.task.work() == {phase: [0]}
                assert share.task.targets == [Target(mine[0], f"db{mine[0]}")]
                assert hand_in(store, share, executor.token) == set()
                store.slices.end(task.id, executor.token)
            assert store.slices.awaited(task.id) is False
            barrier(store, task)
        task = store.load(task.id)
        assert task.status == "SUCCESSFUL"
        assert {subtask.started for stage in task.stages[::2] for subtask in stage} == {START}
        assert [record.home for record in task.records] == ["/home/admin/ocp_agent"] * 3
        assert task.records[0].touched == ["stop"]
        store.busy([10, 20, 30])
    assert left(url) == {"ocp_due": 0, "ocp_hand_in": 0, "ocp_slice": 0}


def test_what_one_slice_has_taken_another_one_leaves_alone(url: str) -> None:
    first, second = here(), here()
    with Store.open(url) as store:
        task = create(store, 1, 2, 3)
        one = take(store, task, [1, 2], first)
        two = take(store, task, [2, 3, 9], second)
        assert (hosts(one), hosts(two)) == ([1, 2], [3])
        assert [target.host_id for target in two.held] == [2]
        hand_in(store, one, first.token)
        third = take(store, task, [1, 2, 3])
        assert hosts(third) == []
        assert ([h.host_id for h in third.done], [h.host_id for h in third.held]) == ([1, 2], [3])
        # a slice cannot hand in hosts of another slice
        number = one.task.stages[0][0].id
        assert store.slices.hand_in(task.id, second.token, {number: GOOD}) == {number}


def test_a_share_has_what_the_task_knows_of_its_hosts(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, 2)
        executor = here()
        hand_in(store, take(store, task, [1, 2], executor), executor.token)
        barrier(store, task)
        share = take(store, task, [2])
        assert (share.task.id, share.task.name, share.task.timeouts) == (task.id, task.name, task.timeouts)
        assert share.task.work() == {"stop": [0]}
        assert share.task.records[0].home == "/home/admin/ocp_agent"
        assert [s.parallel_idx for s in share.task.subtasks] == [-1, 0, -1]


def test_only_what_is_due_in_the_phase_that_was_asked_for(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1)
        assert store.slices.due(task.id, ["stop"], [1]) == []
        assert store.slices.due(task.id, ["stop", "prepare"], [77, 1]) == [1]
        assert hosts(store.slices.take(task.id, ["stop"], [Target(1, "db1")], here(), "")) == []


def test_to_hand_in_twice_changes_nothing(url: str) -> None:
    executor = here()
    with Store.open(url) as store:
        task = create(store, 1)
        share = take(store, task, [1], executor)
        assert hand_in(store, share, executor.token) == set()
        assert hand_in(store, share, executor.token, Outcome("CMP07002", "no way", START, END)) == set()
        assert barrier(store, task).failures == []


def test_check_mode_takes_nothing(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, 2)
        take(store, task, [1])
        with Store.open(url, create=False) as reader:
            found = [Target(1, "db1"), Target(2, "db2")]
            share = reader.slices.take(task.id, PHASES, found, here(), "", check_mode=True)
        assert hosts(share) == [2]
        assert [target.host_id for target in share.held] == [1]
        assert hosts(take(store, task, [2])) == [2]


@pytest.mark.parametrize("slices", [1, 10, 50])
def test_many_slices_at_once(url: str, start_actor: Callable[[str], Actor], slices: int) -> None:
    """Each host is in three slices. Exactly one takes it, and no outcome is lost."""
    host_ids = list(range(1, 101))
    with Store.open(url) as store:
        task = create(store, *host_ids)
        processes = [start_actor(url) for _number in range(min(slices, 6))]
        work: list[list[list[int]]] = [[] for _process in processes]
        for number in range(slices):
            mine = [h for h in host_ids if (h + number) % slices in (0, 1, 2)]
            work[number % len(processes)].append(mine)
        for actor, shares in zip(processes, work, strict=True):
            actor.tell("work_in_slices", task.id, shares)
        taken = [host for actor in processes for host in actor.answer()]
        assert sorted(taken) == host_ids
        assert store.slices.awaited(task.id) is False
        behind = barrier(store, task)
        assert behind.failures == []
        assert behind.work() == {"stop": list(range(100))}


def test_slices_and_a_barrier_at_once(url: str, start_actor: Callable[[str], Actor]) -> None:
    """The barrier refuses outcomes that it did not wait for: a host has failed, or its outcome counts, never both."""
    actors = [start_actor(url) for _number in range(3)]
    with Store.open(url) as store:
        for turn in range(5):
            base = 100 * turn
            host_ids = list(range(base + 1, base + 31))
            task = create(store, *host_ids)
            for number, actor in enumerate(actors):
                actor.tell("hand_in_one_by_one", task.id, host_ids[number::3])
            time.sleep(0.1 * turn)
            behind = barrier(store, task)
            accepted = {host for actor in actors for host in actor.answer()}
            done = {behind.targets[s.parallel_idx].host_id for s in behind.stages[0] if s.status == "SUCCESSFUL"}
            assert accepted == done
            assert {s.status for s in behind.stages[0]} <= {"SUCCESSFUL", "FAILED"}


# Barriers


def test_a_barrier_waits_for_slices_that_live_and_for_nothing_else(url: str) -> None:
    first, second = here(), elsewhere()
    with Store.open(url) as store:
        task = create(store, 1, 2, 3)
        assert store.slices.awaited(task.id), "no slice has come yet"
        one = take(store, task, [1], first)
        assert store.slices.awaited(task.id)
        hand_in(store, one, first.token)
        assert store.slices.awaited(task.id), "the slice may take more"
        store.slices.end(task.id, first.token)
        assert not store.slices.awaited(task.id), "nobody is there to take the others"
        take(store, task, [2], second)
        assert store.slices.awaited(task.id)
        age(url, DEAD_AFTER + 5, "ocp_slice")
        assert not store.slices.awaited(task.id), "the slice is dead"


def test_why_an_outcome_is_missing(url: str, start_actor: Callable[[str], Actor]) -> None:
    killed = start_actor(url)
    ended, slow = here(), here()
    with Store.open(url) as store:
        task = create(store, 1, 2, 3, 4)
        killed.ask("take_share", task.id, [1])
        killed.kill()
        take(store, task, [2], ended, "job 17")
        store.slices.end(task.id, ended.token)
        late = take(store, task, [3], slow, "job 18")
        behind = barrier(store, task)
        assert (behind.status, behind.finished) == ("FAILED", END)

        assert error(behind, 1)["code"] == "TSK10015"
        assert f"db1 (host id 1): the slice that worked on it (process {killed.pid} on" in error(behind, 1)["message"]
        assert error(behind, 2)["code"] == "TSK10013"
        assert f"job 17, process {os.getpid()}" in error(behind, 2)["message"]
        assert error(behind, 3)["code"] == "TSK10012"
        assert "job 18" in error(behind, 3)["message"]
        assert error(behind, 4)["code"] == "TSK10013"
        assert "no slice of the workflow took it" in error(behind, 4)["message"]
        assert hand_in(store, late, slow.token) == {late.task.stages[0][0].id}
        assert store.load(task.id) == behind


def test_what_a_dead_slice_was_at_may_have_been_changed(url: str) -> None:
    """A rollback has to check them. Hosts that no slice had are unchanged."""
    first = here()
    with Store.open(url) as store:
        task = create(store, 1, 2)
        hand_in(store, take(store, task, [1, 2], first), first.token)
        barrier(store, task)
        second = elsewhere()
        take(store, task, [1], second)
        age(url, DEAD_AFTER + 5, "ocp_slice")
        behind = barrier(store, task)
        assert [record.touched for record in behind.records] == [["stop"], []]
        taken = store.take(task.id, rollback, here())
        assert taken.work() == {"start": [0]}


def test_a_late_slice_finds_nothing(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1)
        assert error(barrier(store, task), 1)["code"] == "TSK10013"
        for ask in (lambda: take(store, task, [1]), lambda: store.slices.due(task.id, PHASES, [1])):
            with pytest.raises(
                OcpError, match=r"has ended FAILED.*task_retry.*TSK10013 db1 .*no slice.* took it"
            ) as caught:
                ask()
            assert int(caught.value.code.status) == 409


def test_a_slice_of_a_task_that_is_done_finds_nothing_due(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1)
        for _phase in PHASES:
            executor = here()
            hand_in(store, take(store, task, [1], executor), executor.token)
            barrier(store, task)
        assert store.slices.due(task.id, PHASES, [1, 2]) == []
        share = take(store, task, [1])
        assert (hosts(share), share.task.status, share.task.work()) == ([], "SUCCESSFUL", {})
        assert (share.done, share.held, share.lost) == ([], [], [])
    assert left(url) == {"ocp_due": 0, "ocp_hand_in": 0, "ocp_slice": 0}


def test_a_task_that_fails_while_a_slice_takes_its_part(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A barrier no longer waits for what the slice has just taken. The slice must not succeed without any work."""
    with Store.open(url) as store, Store.open(url) as other, monkeypatch.context() as patch:
        task = create(store, 1)
        database = store.slices._database
        transaction = database.transaction

        def behind_the_barrier(*, writing: bool = False) -> Any:
            if not writing:  # the second of two transactions, which reads the taken subtasks again
                assert barrier(other, task).status == "FAILED"
            return transaction(writing=writing)

        patch.setattr(database, "transaction", behind_the_barrier)
        with pytest.raises(OcpError, match=r"has ended FAILED.*TSK10012 db1 "):
            take(store, task, [1])


def test_a_slice_that_its_barrier_has_passed_is_over(url: str) -> None:
    executor = here()
    with Store.open(url) as store:
        task = create(store, 1, 2)
        take(store, task, [1], executor)
        assert store.slices.beat(task.id, executor.token) is False
        barrier(store, task)
        assert store.slices.beat(task.id, executor.token) is None


def test_one_barrier_at_a_time(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1)
        first = here()
        held = store.hold(task.id, first)
        with pytest.raises(OcpError, match=f"executed by process {os.getpid()}") as caught:
            store.hold(task.id, here())
        assert caught.value.code.code == "TSK10007"
        store.save(held, first)
        with pytest.raises(LostTask):  # the save has released it
            store.save(held, first)
        assert store.hold(task.id, here()).status == "RUNNING"


# Life and death of a workflow


def test_a_workflow_may_be_silent_between_its_runs(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, workflow=Workflow(600, "HOST_MANAGER"))
        age(url, 590)
        assert store.load(task.id).status == "RUNNING"
        executor = elsewhere()
        take(store, task, [1], executor)
        age(url, 590)
        assert store.load(task.id).status == "RUNNING", "its slice has given a sign of life"
        age(url, 700, "ocp_slice")
        dead = store.load(task.id)
        assert dead.status == "FAILED"
        assert error(dead, 1)["code"] == "TSK10015"
        assert "workflow" in error(dead, 1)["message"]
        store.busy([1])


def test_what_was_handed_in_outlives_a_barrier_that_dies(url: str, start_actor: Callable[[str], Actor]) -> None:
    actor, executor = start_actor(url), here()
    with Store.open(url) as store:
        task = create(store, 1, 2)
        hand_in(store, take(store, task, [1], executor), executor.token)
        assert actor.ask("hold", task.id) == "RUNNING"
        with pytest.raises(OcpError):
            store.hold(task.id, here())
        actor.kill()
        with Store.open(url, create=False) as reader:
            assert [s.status for s in reader.load(task.id).stages[0]] == ["SUCCESSFUL", "FAILED"]
        dead = store.load(task.id)
        assert [s.status for s in dead.stages[0]] == ["SUCCESSFUL", "FAILED"]
        assert "done" in store.log(task.id, dead.stages[0][0].id)
        assert left(url) == {"ocp_due": 0, "ocp_hand_in": 0, "ocp_slice": 0}
        taken = store.take(task.id, retry, here(), WORKFLOW)
        assert [s.parallel_idx for s in taken.stages[0] if s.due] == [1]


def test_a_single_run_can_take_up_the_task_of_a_workflow(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1)
        barrier(store, task)
        executor = here()
        taken = store.take(task.id, retry, executor)
        with pytest.raises(OcpError, match="by a single run"):
            store.workflow(task.id)
        taken.begin()
        store.save(taken, executor)
        store.save(taken, executor)  # the run keeps the task
        assert left(url)["ocp_due"] == 0


def test_a_workflow_can_take_up_the_task_of_a_single_run(url: str) -> None:
    with Store.open(url) as store:
        me = here()
        task = store.create([1, 2], STOP, builder([1, 2]), me)
        task.begin()
        good = replace(GOOD, log=())
        task.settle("prepare", {0: good, 1: Outcome("CMP07002", "no way", START, END, changed=False)})
        task.pass_wait("prepare", START, END)
        task.close(END)
        store.save(task, me)

        def intervene(task: Task) -> None:
            retry(task)
            task.begin()

        store.take(task.id, intervene, Executor.nobody("192.0.2.7"), WORKFLOW)
        assert store.workflow(task.id) == WORKFLOW
        executor = here()
        share = take(store, task, [1, 2], executor)
        assert hosts(share) == [2]
        hand_in(store, share, executor.token)
        assert barrier(store, task).work() == {"stop": [0, 1]}


# Cancel


def test_cancel_with_no_run_at_work_ends_the_task_at_once(url: str) -> None:
    executor = here()
    with Store.open(url) as store:
        task = create(store, 1, 2)
        hand_in(store, take(store, task, [1], executor), executor.token)
        store.slices.end(task.id, executor.token)
        ended = store.cancel(task.id)
        assert (ended.status, ended.operation) == ("FAILED", "CANCEL")
        assert [s.status for s in ended.stages[0]] == ["SUCCESSFUL", "FAILED"]
        assert error(ended, 2)["code"] == "TSK10014"
        assert store.load(task.id) == ended
        store.busy([1, 2])


def test_cancel_reaches_slices_by_their_hearts_and_then_the_barrier(url: str) -> None:
    executor = here()
    with Store.open(url) as store:
        task = create(store, 1, 2)
        share = take(store, task, [1], executor)
        assert store.cancel(task.id).status == "RUNNING"
        assert store.slices.beat(task.id, executor.token) is True
        hand_in(store, share, executor.token)
        behind = barrier(store, task)
        assert error(behind, 2)["code"] == "TSK10014"


def test_a_cancelled_workflow_that_goes_no_further_is_soon_dead(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1)
        take(store, task, [1], elsewhere())
        store.cancel(task.id)
        age(url, DEAD_AFTER + 5)
        assert store.load(task.id).status == "RUNNING"
        age(url, DEAD_AFTER + 5, "ocp_slice")
        ended = store.load(task.id)
        assert (ended.status, ended.operation) == ("FAILED", "CANCEL")


def test_two_workflows_on_one_host(url: str) -> None:
    with Store.open(url) as store:
        first = create(store, 1, 2)
        with pytest.raises(OcpError) as caught:
            create(store, 2, 3)
        assert caught.value.code.code == "BAK29003"
        assert caught.value.sub_errors[0]["message"] == f"is held by task {first.id}"


def test_lots_of_hosts(url: str) -> None:
    """These are more values than one statement takes."""
    host_ids = list(range(1, 1202))
    with Store.open(url) as store:
        task = create(store, *host_ids)
        for part in (host_ids[::2], host_ids[1::2]):
            executor = here()
            share = take(store, task, part, executor)
            assert hosts(share) == part
            hand_in(store, share, executor.token)
        assert barrier(store, task).work() == {"stop": list(range(1201))}
