# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Retry, skip and rollback of a task, step by step. test_interventions_random.py takes many ways through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    CANCELLED,
    INTERRUPTED,
    NO_CONNECTION,
    OcpError,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry, rollback, skip
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import (
    FAILED,
    PENDING,
    READY,
    RUNNING,
    SUCCESSFUL,
    Outcome,
    Task,
)

NewTask = Callable[..., Task]
Play = Callable[..., Task]
FAILURE = Outcome.failure(NO_CONNECTION, "no route", "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00")
CHANGED = Outcome(started="2021-09-03T15:01:11+08:00", finished="2021-09-03T15:01:12+08:00", changed=True)
BROKEN = Outcome.failure(INTERRUPTED, "TimeoutError: 30 s")
CANCEL = Outcome.failure(CANCELLED, "the task was cancelled")
RAN = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}
STOPPED = replace(CHANGED, ran_as=RAN)
IDLE = replace(CHANGED, changed=False, idle=True)


def states(task: Task, stage: int) -> list[str]:
    return [subtask.status for subtask in task.stages[stage]]


def operations(task: Task) -> list[set[str]]:
    return [{subtask.operation for subtask in stage} for stage in task.stages]


def refused(intervene: Callable[..., None], task: Task, *arguments: Any) -> OcpError:
    before = task.dump()
    with pytest.raises(OcpError) as caught:
        intervene(task, *arguments)
    assert task.dump() == before, "a refusal changes nothing"
    assert str(task.id) in caught.value.message
    return caught.value


# Retry


def test_retry_is_of_what_has_failed_and_of_nothing_else(new_task: NewTask, play: Play) -> None:
    task = play(new_task(3), {("prepare", 1): FAILURE})
    others = [task.dump()["stages"][0][index] for index in (0, 2)]
    retry(task)
    assert (task.status, task.operation, task.finished) == (RUNNING, "RETRY", None)
    again = task.stages[0][1]
    assert (again.status, again.operation, again.run_time, again.error) == (READY, "RETRY", 2, None)
    assert [task.dump()["stages"][0][index] for index in (0, 2)] == others, "SUCCESSFUL ones are untouched"
    assert task.work() == {"prepare": [1]}
    play(task)
    assert (task.status, task.operation, task.failures) == (SUCCESSFUL, "RETRY", [])
    assert {s.run_time for s in task.subtasks if s is not again} == {1}
    assert [s.operation for s in task.subtasks if s is not again] == ["EXECUTE"] * 10


def test_every_retry_counts(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), {("stop", 0): FAILURE})
    for run_time in (2, 3, 4):
        retry(task)
        play(task, {("stop", 0): FAILURE})
        (failed,) = task.failures
        assert (task.status, failed.run_time, failed.operation) == (FAILED, run_time, "RETRY")
        assert failed.error == {"code": "CMP07002", "message": "no route"}
    retry(task)
    play(task)
    assert task.status == SUCCESSFUL


def test_a_retried_wait_node_passes(new_task: NewTask, play: Play, success: Outcome) -> None:
    task = new_task(2)
    task.settle("prepare", dict.fromkeys(range(2), success))
    task.close("end", BROKEN)
    assert [s.phase for s in task.failures] == ["wait"]
    retry(task)
    assert task.work() == {}, "a wait node is no work on hosts"
    play(task)
    (wait,) = task.stages[1]
    assert (task.status, wait.status, wait.operation, wait.run_time) == (SUCCESSFUL, SUCCESSFUL, "RETRY", 2)


def test_a_retried_wait_node_is_held_again(new_task: NewTask, play: Play, success: Outcome) -> None:
    """A barrier broke after a host had failed. Both are FAILED, both are retried, and the host fails again."""
    task = new_task(2)
    task.settle("prepare", {0: FAILURE, 1: success})
    task.close("end", BROKEN)
    assert [s.phase for s in task.failures] == ["prepare", "wait"]
    retry(task)
    play(task, {("prepare", 0): FAILURE})
    assert (task.status, [s.phase for s in task.failures]) == (FAILED, ["prepare"])
    assert (states(task, 1), states(task, 2)) == ([PENDING], [PENDING, PENDING])
    retry(task)
    play(task)
    assert task.status == SUCCESSFUL


def test_a_barrier_that_was_passed_holds_nobody_in_a_retry(new_task: NewTask, play: Play) -> None:
    task = play(new_task(3, max_fail_percentage=34), {("prepare", 1): FAILURE})
    assert [states(task, stage) for stage in (1, 2)] == [[SUCCESSFUL], [SUCCESSFUL, PENDING, SUCCESSFUL]]
    task.max_fail_percentage = 0
    retry(task)
    passed_at = task.stages[1][0].started
    play(task)
    assert task.status == SUCCESSFUL
    assert (task.stages[1][0].started, task.stages[1][0].run_time) == (passed_at, 1)


def test_a_retry_takes_up_failures_of_several_phases(new_task: NewTask, play: Play) -> None:
    task = play(
        new_task(4, max_fail_percentage=75), {("prepare", 0): FAILURE, ("stop", 1): FAILURE, ("finish", 2): FAILURE}
    )
    retry(task)
    assert task.work() == {"prepare": [0], "stop": [1], "finish": [2]}
    play(task, {("prepare", 0): FAILURE})
    assert [(s.phase, s.parallel_idx) for s in task.failures] == [("prepare", 0)]
    assert [states(task, stage)[0] for stage in (2, 4)] == [PENDING, PENDING]
    retry(task)
    play(task)
    assert task.status == SUCCESSFUL


def test_a_retry_after_a_cancel(new_task: NewTask, play: Play, success: Outcome) -> None:
    task = play(new_task(2), until="prepare")
    task.settle("stop", {0: success}, complete=False)
    task.close("end", CANCEL, cancelled=True)
    assert (task.operation, task.stages[2][1].operation) == ("CANCEL", "CANCEL")
    retry(task)
    assert (task.operation, task.stages[2][1].operation) == ("RETRY", "RETRY")
    play(task)
    assert (task.status, task.operation) == (SUCCESSFUL, "RETRY")


def test_how_the_agent_ran_is_not_what_a_retry_finds(new_task: NewTask, play: Play) -> None:
    """The first try may have stopped half of it."""
    half = {**RAN, "programs": ["ocp_mgragent"]}
    task = play(new_task(1), {("stop", 0): replace(FAILURE, changed=True, ran_as=RAN)})
    retry(task)
    play(task, {("stop", 0): replace(CHANGED, ran_as=half)})
    assert task.records[0].ran_as == RAN
    assert task.records[0].touched == ["stop"], "once, however often it was tried"


def test_how_the_agent_runs_is_looked_at_anew_where_nothing_was_touched(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), {("stop", 0): replace(FAILURE, changed=False)})
    retry(task)
    play(task, {("stop", 0): STOPPED})
    assert task.records[0].ran_as == RAN


# Skip


def test_a_skipped_host_goes_on(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), {("prepare", 1): FAILURE})
    (failed,) = task.failures
    skip(task, [failed.id])
    assert (task.status, task.finished) == (RUNNING, None)
    assert (failed.status, failed.operation, failed.error, failed.run_time) == (SUCCESSFUL, "SKIP", None, 1)
    play(task)
    assert task.status == SUCCESSFUL
    assert {s.operation for s in task.subtasks if s is not failed} == {"EXECUTE"}


def test_several_are_skipped_at_once(new_task: NewTask, play: Play) -> None:
    task = play(new_task(3), {("stop", 0): FAILURE, ("stop", 2): FAILURE})
    skip(task, [s.id for s in task.failures])
    play(task)
    assert task.status == SUCCESSFUL
    assert [s.operation for s in task.stages[2]] == ["SKIP", "EXECUTE", "SKIP"]


def test_what_is_not_skipped_still_holds_the_others(new_task: NewTask, play: Play) -> None:
    task = play(new_task(3), {("stop", 0): FAILURE, ("stop", 2): FAILURE})
    skip(task, [task.failures[0].id])
    play(task)
    assert (task.status, [s.parallel_idx for s in task.failures]) == (FAILED, [2])
    assert states(task, 4) == [PENDING] * 3
    retry(task)
    play(task)
    assert task.status == SUCCESSFUL


def test_a_wait_node_can_be_skipped(new_task: NewTask, success: Outcome, play: Play) -> None:
    task = new_task(2)
    task.settle("prepare", dict.fromkeys(range(2), success))
    task.close("end", BROKEN)
    skip(task, [task.failures[0].id])
    play(task)
    assert (task.status, task.stages[1][0].operation) == (SUCCESSFUL, "SKIP")


def test_a_wait_node_that_has_failed_holds_until_it_is_skipped_or_retried_itself(
    new_task: NewTask, success: Outcome, play: Play
) -> None:
    task = new_task(2)
    task.settle("prepare", {0: FAILURE, 1: success})
    task.close("end", BROKEN)
    host, wait = task.failures
    skip(task, [host.id])
    play(task)
    assert (task.status, task.failures, states(task, 2)) == (FAILED, [wait], [PENDING, PENDING])
    skip(task, [wait.id])
    play(task)
    assert task.status == SUCCESSFUL


def test_the_last_of_a_task_can_be_skipped(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), {("finish", 0): FAILURE})
    skip(task, [task.failures[0].id])
    assert task.work() == {}
    play(task)
    assert task.status == SUCCESSFUL


def test_what_was_touched_by_a_skipped_subtask_stays_known(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), {("stop", 0): replace(FAILURE, changed=True, ran_as=RAN), ("finish", 0): FAILURE})
    skip(task, [task.failures[0].id])
    play(task, {("finish", 0): FAILURE})
    rollback(task)
    assert task.work() == {"start": [0]}


def test_an_unknown_subtask(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), {("stop", 0): FAILURE})
    error = refused(skip, task, [9, task.failures[0].id, 8])
    assert (error.code.code, error.code.status) == ("TSK10001", 404)
    assert [(e["field"], e["rejectedValue"]) for e in error.sub_errors] == [("subtaskId", 9), ("subtaskId", 8)]
    assert "9, 8" in error.message


def test_only_what_has_failed_is_skipped(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), {("stop", 0): FAILURE})
    done, waiting = task.stages[0][0], task.stages[3][0]
    error = refused(skip, task, [done.id, task.failures[0].id, waiting.id])
    assert (error.code.code, error.code.status) == ("TSK10010", 409)
    assert [e["rejectedValue"] for e in error.sub_errors] == [done.id, waiting.id]
    assert f"{done.id} is SUCCESSFUL" in error.message
    assert f"{waiting.id} is PENDING" in error.message


# Rollback


def test_a_stop_is_undone_by_a_start_where_the_task_has_stopped_something(new_task: NewTask, play: Play) -> None:
    task = play(
        new_task(4, max_fail_percentage=75),
        {
            ("stop", 0): STOPPED,
            ("stop", 1): replace(CHANGED, changed=False),  # already stopped before
            ("stop", 2): replace(FAILURE, changed=True, ran_as=RAN),
            ("prepare", 3): FAILURE,
        },
    )
    rollback(task)
    assert (task.status, task.operation, task.finished) == (RUNNING, "ROLLBACK", None)
    assert task.work() == {"start": [0, 2]}
    assert operations(task) == [
        {"ROLLBACK"},
        {"ROLLBACK"},
        {"ROLLBACK", "EXECUTE"},
        {"ROLLBACK"},
        {"ROLLBACK", "EXECUTE"},
    ]
    assert [s.operation for s in task.stages[2]] == ["ROLLBACK", "ROLLBACK", "ROLLBACK", "EXECUTE"], (
        "the last never ran"
    )
    play(task)
    assert (task.status, task.operation, task.failures) == (SUCCESSFUL, "ROLLBACK", [])
    assert {s.status for s in task.subtasks} == {PENDING}
    assert [record.touched for record in task.records] == [[], [], [], []]
    assert all(s.error is None for s in task.subtasks)


def test_a_start_is_undone_by_a_stop(new_task: NewTask, play: Play) -> None:
    unchanged = replace(CHANGED, changed=False, ran_as=RAN)
    task = play(
        new_task(3, "batch_start_agents"),
        {
            ("prepare", 0): IDLE,
            ("start", 0): CHANGED,
            ("prepare", 1): replace(IDLE, idle=False, ran_as=RAN),
            ("start", 1): unchanged,
            ("prepare", 2): IDLE,
            ("start", 2): replace(CHANGED, changed=False),
            ("finish", 2): FAILURE,
        },
    )
    rollback(task)
    assert task.work() == {"stop": [0]}, "what ran before the task stays"
    play(task)
    assert (task.status, {s.status for s in task.subtasks}) == (SUCCESSFUL, {PENDING})


def test_a_start_where_the_agent_ran_is_not_undone_whatever_became_of_it(new_task: NewTask, play: Play) -> None:
    told = replace(CHANGED, changed=False, ran_as=RAN)
    task = play(new_task(1, "batch_start_agents"), {("prepare", 0): told, ("start", 0): FAILURE})
    assert task.records[0].touched == ["start"], "it is not known"
    rollback(task)
    play(task)
    assert task.status == SUCCESSFUL


def test_a_restart_is_undone_in_reverse_order(new_task: NewTask, play: Play) -> None:
    """Host by host: stopped and started; only stopped; only started, since it did not run before; never touched."""
    task = play(
        new_task(4, "batch_restart_agents", max_fail_percentage=75),
        {
            ("stop", 0): STOPPED,
            ("start", 0): CHANGED,
            ("stop", 1): STOPPED,
            ("start", 1): replace(FAILURE, changed=False),
            ("prepare", 2): IDLE,
            ("start", 2): CHANGED,
            ("restart_pos_proxy", 3): FAILURE,
        },
    )
    assert [record.touched for record in task.records] == [["stop", "start"], ["stop"], ["start"], []]
    rollback(task)
    assert task.work() == {"stop": [0, 2]}
    assert (set(states(task, 8)), states(task, 7)) == ({PENDING}, [PENDING])
    assert (states(task, 6), states(task, 5)) == ([READY, PENDING, READY, PENDING], [SUCCESSFUL])
    task.begin()
    task.settle("start", {0: CHANGED, 1: CHANGED})  # no host is due for Start yet
    task.settle("stop", {0: CHANGED, 2: CHANGED})
    assert task.pass_wait("stop", "a", "b") is None
    assert task.work() == {"start": [0, 1]}
    assert [states(task, 5), states(task, 4)] == [[PENDING], [READY, READY, PENDING, PENDING]]
    play(task)
    assert (task.status, {s.status for s in task.subtasks}) == (SUCCESSFUL, {PENDING})


@pytest.mark.parametrize("definition", ["batch_stop_agents", "batch_start_agents", "batch_restart_agents"])
def test_a_rollback_of_what_has_changed_nothing_contacts_no_host(
    new_task: NewTask, play: Play, definition: str
) -> None:
    task = play(new_task(2, definition), {("prepare", 0): FAILURE})
    rollback(task)
    assert task.work() == {}
    assert {s.status for s in task.subtasks} == {PENDING}
    play(task)
    assert (task.status, task.operation) == (SUCCESSFUL, "ROLLBACK")


def test_a_host_that_fails_in_a_rollback_holds_what_is_above(new_task: NewTask, play: Play) -> None:
    task = play(
        new_task(2, "batch_restart_agents", max_fail_percentage=75),
        {
            **{("stop", index): STOPPED for index in range(2)},
            **{("start", index): CHANGED for index in range(2)},
            ("finish", 1): FAILURE,
        },
    )
    rollback(task)
    play(task, {("stop", 1): FAILURE})
    assert (task.status, task.operation, task.finished is not None) == (FAILED, "ROLLBACK", True)
    (failed,) = task.failures
    assert (failed.phase, failed.parallel_idx, failed.operation) == ("start", 1, "ROLLBACK")
    assert failed.error == {"code": "CMP07002", "message": "no route"}
    assert [states(task, stage) for stage in (5, 4)] == [[SUCCESSFUL], [SUCCESSFUL, SUCCESSFUL]], "not undone yet"
    assert [record.touched for record in task.records] == [["stop"], ["stop", "start"]]

    rollback(task)
    assert task.work() == {"stop": [1]}, "what is undone is not undone again"
    play(task)
    assert (task.status, {s.status for s in task.subtasks}) == (SUCCESSFUL, {PENDING})
    assert [record.touched for record in task.records] == [[], []]


def test_a_host_without_an_outcome_has_failed_in_a_rollback_too(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), {("stop", 0): STOPPED, ("stop", 1): STOPPED, ("finish", 1): FAILURE})
    rollback(task)
    task.begin()
    task.settle("start", {0: CHANGED})
    task.unwind()
    task.close("end")
    assert [(s.phase, s.parallel_idx, s.status) for s in task.failures] == [("stop", 1, FAILED)]
    assert [record.touched for record in task.records] == [[], ["stop"]]


def test_a_cancelled_rollback_can_be_rolled_back_further(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), {("stop", 0): STOPPED, ("stop", 1): STOPPED, ("finish", 1): FAILURE})
    rollback(task)
    task.begin()
    task.settle("start", {0: CHANGED}, complete=False)
    task.unwind()
    task.close("end", CANCEL, cancelled=True)
    assert (task.status, task.operation) == (FAILED, "ROLLBACK"), "else it could be retried, half undone"
    assert [(s.parallel_idx, s.operation) for s in task.failures] == [(1, "CANCEL")]
    assert task.records[1].touched == ["stop"]
    assert refused(retry, task).code.code == "TSK10007"
    rollback(task)
    assert task.work() == {"start": [1]}
    assert task.stages[2][1].operation == "ROLLBACK"
    play(task)
    assert (task.status, {s.status for s in task.subtasks}) == (SUCCESSFUL, {PENDING})


def test_a_rollback_that_is_cut_off_before_a_host_was_begun(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), {("stop", 0): STOPPED, ("finish", 0): FAILURE})
    rollback(task)
    task.close("end", BROKEN)
    assert [(s.phase, s.error) for s in task.failures] == [
        ("stop", {"code": "TSK10013", "message": "host0 (host id 1001): TimeoutError: 30 s"})
    ]
    rollback(task)
    play(task)
    assert task.status == SUCCESSFUL


def test_an_intervention_after_a_cancel(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), {("stop", 0): STOPPED}, until="stop")
    task.close("end", CANCEL, cancelled=True)
    rollback(task)
    assert task.operation == "ROLLBACK"
    assert "CANCEL" not in {s.operation for s in task.subtasks}
    play(task)
    assert task.status == SUCCESSFUL


def test_what_lies_ahead(new_task: NewTask, play: Play) -> None:
    """An intervention still needs these hosts. The others may be missing from the inventory."""

    def ahead(task: Task) -> set[int]:
        return {s.parallel_idx for s in task.subtasks if task.lies_ahead(s)} - {-1}

    task = play(new_task(3, max_fail_percentage=75), {("stop", 0): STOPPED, ("stop", 1): FAILURE})
    retry(task)
    assert ahead(task) == {1}
    task.close("end", BROKEN)
    rollback(task)
    assert ahead(task) == {0}


# Allowed interventions by state


def running(new_task: NewTask, play: Play) -> Task:
    return play(new_task(2, max_fail_percentage=50), {("prepare", 0): FAILURE}, until="prepare")


def successful(new_task: NewTask, play: Play) -> Task:
    return play(new_task(2))


def rolled_back(new_task: NewTask, play: Play) -> Task:
    task = play(new_task(2), {("prepare", 1): IDLE, ("stop", 0): STOPPED, ("stop", 1): FAILURE})
    rollback(task)
    return play(task)


def rolling_back(new_task: NewTask, play: Play) -> Task:
    task = play(new_task(2), {("prepare", 1): IDLE, ("stop", 0): STOPPED, ("stop", 1): FAILURE})
    rollback(task)
    return task


def half_rolled_back(new_task: NewTask, play: Play) -> Task:
    return play(rolling_back(new_task, play), {("start", 0): FAILURE})


def failed_for_good(new_task: NewTask, play: Play) -> Task:
    return play(new_task(2, prohibit_rollback=True), {("stop", 1): FAILURE})


def running_for_good(new_task: NewTask, play: Play) -> Task:
    return play(new_task(2, prohibit_rollback=True), until="prepare")


@pytest.mark.parametrize(
    ("state", "retried", "skipped", "undone"),
    [
        (running, "TSK10007", "TSK10007", "TSK10007"),
        (successful, "TSK10007", "TSK10007", "TSK10007"),
        (rolled_back, "TSK10007", "TSK10007", "TSK10007"),
        (rolling_back, "TSK10007", "TSK10007", "TSK10007"),
        (half_rolled_back, "TSK10007", "TSK10010", None),
        (failed_for_good, None, None, "TSK10009"),
        (running_for_good, "TSK10007", "TSK10007", "TSK10007"),
    ],
)
def test_every_intervention_in_every_state(
    new_task: NewTask,
    play: Play,
    state: Callable[[NewTask, Play], Task],
    retried: str | None,
    skipped: str | None,
    undone: str | None,
) -> None:
    for intervene, code in (
        (retry, retried),
        (lambda task: skip(task, [subtask_of(task)]), skipped),
        (rollback, undone),
    ):
        task = state(new_task, play)
        if code:
            error = refused(intervene, task)
            assert (error.code.code, error.code.status) == (code, 409)
        else:
            intervene(task)
            assert task.status == RUNNING


def subtask_of(task: Task) -> int:
    return (task.failures or task.subtasks)[0].id


def test_a_task_whose_workflow_was_cancelled_is_cancelled_first(new_task: NewTask) -> None:
    for intervene in (retry, rollback):
        assert "cancel it first" in refused(intervene, new_task(2)).message
