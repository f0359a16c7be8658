# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._errors import INTERRUPTED, NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import (
    FAILED,
    PENDING,
    READY,
    RUNNING,
    SUCCESSFUL,
    Outcome,
    Subtask,
    Task,
)

NewTask = Callable[..., Task]
FAILURE = Outcome.failure(NO_CONNECTION, "no route", "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00")
PHASES = ["prepare", "stop", "finish"]


def statuses(task: Task) -> list[set[str]]:
    return [{subtask.status for subtask in stage} for stage in task.stages]


def run_phase(task: Task, outcome: Outcome, failing: dict[int, Outcome] | None = None) -> None:
    due = task.due()
    assert due is not None
    task.settle({index: (failing or {}).get(index, outcome) for index in due[1]})


# The graph


@pytest.mark.parametrize("hosts", [1, 2, 3, 500])
def test_the_graph(new_task: NewTask, hosts: int) -> None:
    subtasks = new_task(hosts).subtasks
    count = 3 * hosts + 2
    assert len(subtasks) == count
    assert sum(len(subtask.downstreams) for subtask in subtasks) == 4 * hosts
    by_id = {subtask.id: subtask for subtask in subtasks}
    assert len(by_id) == count
    assert sorted(subtask.series_id for subtask in subtasks) == list(range(count))
    for subtask in subtasks:
        assert all(subtask.id in by_id[other].upstreams for other in subtask.downstreams)
        assert all(subtask.id in by_id[other].downstreams for other in subtask.upstreams)
        assert len(set(subtask.upstreams)) == len(subtask.upstreams)
        assert (subtask.status, subtask.run_time, subtask.operation) == (
            PENDING if subtask.upstreams else READY,
            1,
            "EXECUTE",
        )
    for phase in PHASES:
        assert [s.parallel_idx for s in subtasks if s.phase == phase] == list(range(hosts))
    assert [s.parallel_idx for s in subtasks if s.phase == "wait"] == [-1, -1]

    # No cycle: taking away what has no upstream left takes everything away, in the order of the phases.
    waiting = {subtask.id: set(subtask.upstreams) for subtask in subtasks}
    order = []
    while waiting:
        free = {subtask_id for subtask_id, upstreams in waiting.items() if not upstreams}
        assert free, "a cycle"
        order.append({by_id[subtask_id].phase for subtask_id in free})
        waiting = {subtask_id: upstreams - free for subtask_id, upstreams in waiting.items() if subtask_id not in free}
    assert order == [{"prepare"}, {"wait"}, {"stop"}, {"wait"}, {"finish"}]


def test_ids_follow_the_first_and_fit_into_53_bits(new_task: NewTask) -> None:
    task = new_task(2)
    assert (task.id, sorted(subtask.id for subtask in task.subtasks)) == (5000, list(range(5001, 5009)))


def test_timeouts(new_task: NewTask) -> None:
    assert {s.phase: s.timeout for s in new_task(1).subtasks} == {"prepare": 60, "wait": 30, "stop": 600, "finish": 60}
    assert {s.phase: s.timeout for s in new_task(1, {"stop": 7, "wait": 8}).subtasks} == {
        "prepare": 60,
        "wait": 8,
        "stop": 7,
        "finish": 60,
    }


def test_a_new_task(new_task: NewTask) -> None:
    task = new_task(2)
    assert (task.status, task.operation, task.finished, task.failures) == (RUNNING, "EXECUTE", None, [])
    assert task.due() == ("prepare", [0, 1])


# The way through


@pytest.mark.parametrize("hosts", [1, 2, 3, 500])
def test_all_goes_well(new_task: NewTask, success: Outcome, hosts: int) -> None:
    task = new_task(hosts)
    for number, phase in enumerate(PHASES):
        assert task.due() == (phase, list(range(hosts)))
        run_phase(task, success)
        assert task.due() is None
        if number < 2:
            assert statuses(task)[2 * number + 1 :] == [{PENDING}] * (4 - 2 * number)
            assert task.pass_wait("a", "b") == list(range(hosts))
            (wait,) = task.stages[2 * number + 1]
            assert (wait.status, wait.started, wait.finished) == (SUCCESSFUL, "a", "b")
    task.close("end")
    assert (task.status, task.finished, task.failures) == (SUCCESSFUL, "end", [])
    assert statuses(task) == [{SUCCESSFUL}] * 5
    assert all(subtask.started and subtask.finished and not subtask.error for subtask in task.subtasks)


@pytest.mark.parametrize("phase", PHASES)
def test_a_failed_host_blocks_all_others(new_task: NewTask, success: Outcome, phase: str) -> None:
    task = new_task(3)
    for each in PHASES[: PHASES.index(phase)]:
        run_phase(task, success)
        task.pass_wait("a", "b")
        assert task.due() is not None, each
    run_phase(task, success, {1: FAILURE})
    position = 2 * PHASES.index(phase)
    if phase != "finish":
        assert task.pass_wait("a", "b") == []
    assert statuses(task)[position + 1 :] == [{PENDING}] * (4 - position)
    task.close("end")
    assert task.status == FAILED
    (failed,) = task.failures
    assert (failed.phase, failed.parallel_idx) == (phase, 1)
    assert failed.error == {"code": "CMP07002", "message": "no route"}
    assert statuses(task)[position + 1 :] == [{PENDING}] * (4 - position), "what lies downstream stays as it is"


@pytest.mark.parametrize(
    ("hosts", "failing", "percentage", "goes_on"),
    [
        (1, 0, 0, True),
        (1, 1, 0, False),
        (1, 1, 100, False),
        (2, 1, 49.99, False),
        (2, 1, 50, True),
        (2, 2, 100, False),
        (3, 1, 33, False),
        (3, 1, 33.34, True),
        (3, 2, 66, False),
        (3, 2, 67, True),
        (4, 1, 25, True),
        (4, 1, 24.9, False),
        (100, 1, 1, True),
        (100, 2, 1, False),
        (500, 499, 99.8, True),
        (500, 499, 99.7, False),
        (7, 0, 0, True),
        (10, 1, 0, False),
        (29, 2, 100 * 2 / 29, True),
    ],
)
def test_max_fail_percentage_must_be_exceeded(
    new_task: NewTask, success: Outcome, hosts: int, failing: int, percentage: float, goes_on: bool
) -> None:
    task = new_task(hosts)
    run_phase(task, success, dict.fromkeys(range(failing), FAILURE))
    survivors = list(range(failing, hosts)) if goes_on else []
    assert task.pass_wait("a", "b", percentage) == survivors
    assert task.stages[1][0].status == (SUCCESSFUL if goes_on else PENDING)
    assert task.due() == (("stop", survivors) if goes_on else None)


def test_failures_add_up_over_the_phases(new_task: NewTask, success: Outcome) -> None:
    task = new_task(4)
    run_phase(task, success, {0: FAILURE})
    assert task.pass_wait("a", "b", 49) == [1, 2, 3]
    run_phase(task, success, {3: FAILURE})
    assert task.pass_wait("a", "b", 49) == [], "two of four, although only one of three in this phase"
    task.close("end")
    assert (task.status, {s.status for s in task.stages[4]}) == (FAILED, {PENDING})


def test_survivors_finish_and_the_task_fails_all_the_same(new_task: NewTask, success: Outcome) -> None:
    task = new_task(3)
    run_phase(task, success, {1: FAILURE})
    task.pass_wait("a", "b", 50)
    run_phase(task, success)
    assert task.pass_wait("a", "b", 50) == [0, 2]
    run_phase(task, success)
    task.close("end")
    assert task.status == FAILED
    for stage in task.stages[2], task.stages[4]:
        assert [subtask.status for subtask in stage] == [SUCCESSFUL, PENDING, SUCCESSFUL]


# Outcomes that are missing


def test_a_host_without_an_outcome_has_failed(new_task: NewTask, success: Outcome) -> None:
    task = new_task(3)
    task.settle({0: success})
    assert [s.status for s in task.stages[0]] == [SUCCESSFUL, FAILED, FAILED]
    assert all(s.error and s.error["code"] == "TSK10013" and s.started is None for s in task.failures)


def test_outcomes_of_hosts_that_are_not_due_change_nothing(new_task: NewTask, success: Outcome) -> None:
    task = new_task(2)
    run_phase(task, success, {0: FAILURE})
    task.pass_wait("a", "b", 50)
    task.settle({0: success, 1: success, 7: success})
    assert [s.status for s in task.stages[2]] == [PENDING, SUCCESSFUL]
    before = task.dump()
    task.settle({0: FAILURE, 1: FAILURE})
    assert task.dump() == before, "no phase is due"


def test_a_failure_of_no_work_has_no_times(new_task: NewTask) -> None:
    task = new_task(1)
    task.settle({0: Outcome.failure(INTERRUPTED, "never began")})
    (failed,) = task.failures
    assert (failed.started, failed.finished, failed.error) == (
        None,
        None,
        {"code": "TSK10013", "message": "never began"},
    )


# A barrier that broke


@pytest.mark.parametrize("passed", [0, 1])
def test_a_broken_barrier_is_the_failed_subtask(new_task: NewTask, success: Outcome, passed: int) -> None:
    task = new_task(2)
    for dummy in range(passed):
        run_phase(task, success)
        task.pass_wait("a", "b")
    run_phase(task, success)
    task.close("end", "TimeoutError: 30 s")
    assert task.status == FAILED
    (failed,) = task.failures
    assert failed is task.stages[1 + 2 * passed][0]
    assert failed.error == {"code": "TSK10013", "message": "TimeoutError: 30 s"}
    assert statuses(task)[2 + 2 * passed :] == [{PENDING}] * (3 - 2 * passed)


def test_a_barrier_that_broke_for_no_known_cause(new_task: NewTask, success: Outcome) -> None:
    task = new_task(1)
    run_phase(task, success)
    task.close("end")
    assert task.failures[0].error == {"code": "TSK10013", "message": "the barrier did not end"}


def test_a_barrier_that_broke_is_told_beside_failed_hosts_too(new_task: NewTask, success: Outcome) -> None:
    """Else nobody learns why hosts did not go on that max_fail_percentage allowed to."""
    task = new_task(3)
    run_phase(task, success, {0: FAILURE})
    task.close("end", "TimeoutError: 30 s")
    assert [s.phase for s in task.failures] == ["prepare", "wait"]
    assert task.failures[1].error == {"code": "TSK10013", "message": "TimeoutError: 30 s"}


# As a document


@pytest.mark.parametrize("hosts", [1, 3])
def test_it_survives_json_at_every_step(new_task: NewTask, success: Outcome, hosts: int) -> None:
    def through_json(task: Task) -> Task:
        loaded = Task.load(json.loads(json.dumps(task.dump())))
        assert loaded == task
        return loaded

    task = through_json(new_task(hosts))
    run_phase(task, success)
    task = through_json(task)
    task.pass_wait("a", "b")
    task = through_json(task)
    run_phase(task, success, {0: FAILURE})
    task = through_json(task)
    task.close("end")
    task = through_json(task)
    assert (task.status, len(task.failures)) == (FAILED, 1)


# Transitions

LEGAL = {(PENDING, READY), (READY, RUNNING), (READY, FAILED), (RUNNING, SUCCESSFUL), (RUNNING, FAILED)}
STATES = (PENDING, READY, RUNNING, SUCCESSFUL, FAILED)


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", [*STATES, "CANCELING", ""])
def test_transitions(before: str, after: str) -> None:
    subtask = Subtask(7, 0, "stop", "Stop", "class", 60, 0, status=before)
    if (before, after) in LEGAL:
        subtask.become(after)
        assert subtask.status == after
    else:
        with pytest.raises(ValueError, match=f"subtask 7 cannot go from {before}"):
            subtask.become(after)
        assert subtask.status == before


@pytest.mark.parametrize("before", [PENDING, SUCCESSFUL, FAILED])
def test_only_what_is_ready_is_settled(success: Outcome, before: str) -> None:
    with pytest.raises(ValueError, match="cannot go"):
        Subtask(7, 0, "stop", "Stop", "class", 60, 0, status=before).settle(success)


def test_a_success_that_never_began_is_none() -> None:
    with pytest.raises(ValueError, match="cannot go"):
        Subtask(7, 0, "stop", "Stop", "class", 60, 0, status=READY).settle(Outcome())
