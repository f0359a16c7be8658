# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task from its creation to its first end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import CANCELLED, INTERRUPTED, NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import (
    CANCELING,
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
Play = Callable[..., Task]
FAILURE = Outcome.failure(NO_CONNECTION, "no route", "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00")
BROKEN = Outcome.failure(INTERRUPTED, "TimeoutError: 30 s")
CANCEL = Outcome.failure(CANCELLED, "the task was cancelled")
PHASES = ["prepare", "stop", "finish"]
ALL_PHASES = {
    "batch_stop_agents": PHASES,
    "batch_start_agents": ["prepare", "start", "finish"],
    "batch_restart_agents": ["prepare", "restart_pos_proxy", "stop", "start", "finish"],
}


def statuses(task: Task) -> list[set[str]]:
    return [{subtask.status for subtask in stage} for stage in task.stages]


def run_phase(task: Task, outcome: Outcome, failing: dict[int, Outcome] | None = None) -> None:
    ((phase, indices),) = task.work().items()
    task.settle(phase, {index: (failing or {}).get(index, outcome) for index in indices})


def pass_wait(task: Task, phase: str) -> bool:
    """Whether the task has passed the barrier."""
    return task.pass_wait(phase, "a", "b") is not None


def test_a_new_task(new_task: NewTask) -> None:
    task = new_task(2)
    assert (task.status, task.operation, task.finished, task.failures) == (RUNNING, "EXECUTE", None, [])
    assert (task.created, task.creator, task.creator_id) == (task.started, "admin", 100)
    assert (task.prohibit_rollback, task.max_fail_percentage) == (False, 0)
    assert task.work() == {"prepare": [0, 1]}
    assert [(record.home, record.ran_as, record.touched) for record in task.records] == [(None, None, [])] * 2
    assert [task.target(subtask) for subtask in task.subtasks] == [
        *task.targets,
        None,
        *task.targets,
        None,
        *task.targets,
    ]


# The way through


@pytest.mark.parametrize("hosts", [1, 2, 3, 500])
@pytest.mark.parametrize("definition", ALL_PHASES)
def test_all_goes_well(new_task: NewTask, success: Outcome, definition: str, hosts: int) -> None:
    task, phases = new_task(hosts, definition), ALL_PHASES[definition]
    for number, phase in enumerate(phases):
        later = [{PENDING}] * (2 * (len(phases) - number) - 2)
        assert task.work() == {phase: list(range(hosts))}
        assert statuses(task) == [{SUCCESSFUL}] * (2 * number) + [{READY}, *later]
        task.begin()
        assert task.work() == {phase: list(range(hosts))}
        assert statuses(task) == [{SUCCESSFUL}] * (2 * number) + [{RUNNING}, *later]
        settled = task.settle(phase, dict.fromkeys(range(hosts), success))
        assert settled == [(subtask, success) for subtask in task.stages[2 * number]]
        assert task.work() == {}
        assert statuses(task)[2 * number + 1 :] == later
        if phase != phases[-1]:
            (wait,) = task.stages[2 * number + 1]
            assert task.pass_wait(phase, "a", "b") == (wait, Outcome(started="a", finished="b"))
            assert (wait.status, wait.started, wait.finished) == (SUCCESSFUL, "a", "b")
    assert task.pass_wait(phases[-1], "a", "b") is None, "nothing is behind the last phase"
    assert task.close("end") == []
    assert (task.status, task.operation, task.finished, task.failures) == (SUCCESSFUL, "EXECUTE", "end", [])
    assert statuses(task) == [{SUCCESSFUL}] * (2 * len(phases) - 1)
    assert all(subtask.started and subtask.finished and not subtask.error for subtask in task.subtasks)


@pytest.mark.parametrize(("definition", "phase"), [(d, phase) for d, phases in ALL_PHASES.items() for phase in phases])
def test_a_failed_host_blocks_all_others(new_task: NewTask, play: Play, definition: str, phase: str) -> None:
    phases = ALL_PHASES[definition]
    task = play(new_task(3, definition), {(phase, 1): FAILURE}, until=phase)
    position = 2 * phases.index(phase)
    later = [{PENDING}] * (2 * len(phases) - 2 - position)
    assert task.work() == {}
    assert statuses(task)[position + 1 :] == later
    assert task.close("end") == [], "why it failed is known"
    assert (task.status, task.operation) == (FAILED, "EXECUTE")
    (failed,) = task.failures
    assert (failed.phase, failed.parallel_idx) == (phase, 1)
    assert failed.error == {"code": "CMP07002", "message": "no route"}
    assert statuses(task)[position + 1 :] == later, "what lies downstream stays as it is"


@pytest.mark.parametrize("phase", ["restart_pos_proxy", "start", "wait", "other"])
def test_a_phase_that_the_operation_does_not_have_changes_nothing(
    new_task: NewTask, success: Outcome, phase: str
) -> None:
    """The playbooks that take up any task have the phases of all operations."""
    task = new_task(2)
    before = task.dump()
    assert task.settle(phase, {-1: success, 0: success, 1: success}) == []
    assert task.pass_wait(phase, "a", "b") is None
    assert task.dump() == before


def test_a_barrier_waits_for_who_is_at_work(new_task: NewTask, success: Outcome) -> None:
    task = new_task(2, max_fail_percentage=100)
    task.settle("prepare", {0: success}, complete=False)
    assert not pass_wait(task, "prepare")
    assert task.work() == {"prepare": [1]}
    task.settle("prepare", {1: success}, complete=False)
    assert pass_wait(task, "prepare")
    assert task.work() == {"stop": [0, 1]}


def test_a_barrier_is_passed_once(new_task: NewTask, play: Play, success: Outcome) -> None:
    task = play(new_task(2), until="prepare")
    before = task.dump()
    assert task.pass_wait("prepare", "later", "later") is None
    assert task.dump() == before


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
    task = new_task(hosts, max_fail_percentage=percentage)
    run_phase(task, success, dict.fromkeys(range(failing), FAILURE))
    survivors = list(range(failing, hosts))
    assert pass_wait(task, "prepare") == goes_on
    assert task.stages[1][0].status == (SUCCESSFUL if goes_on else PENDING)
    assert task.work() == ({"stop": survivors} if goes_on else {})


def test_failures_add_up_over_the_phases(new_task: NewTask, success: Outcome) -> None:
    task = new_task(4, max_fail_percentage=49)
    run_phase(task, success, {0: FAILURE})
    assert pass_wait(task, "prepare")
    assert task.work() == {"stop": [1, 2, 3]}
    run_phase(task, success, {3: FAILURE})
    assert not pass_wait(task, "stop"), "two of four, although only one of three in this phase"
    task.close("end")
    assert (task.status, {s.status for s in task.stages[4]}) == (FAILED, {PENDING})


def test_survivors_finish_and_the_task_fails_all_the_same(new_task: NewTask, play: Play) -> None:
    task = play(new_task(3, max_fail_percentage=50), {("prepare", 1): FAILURE})
    assert task.status == FAILED
    for stage in task.stages[2], task.stages[4]:
        assert [subtask.status for subtask in stage] == [SUCCESSFUL, PENDING, SUCCESSFUL]


# Missing outcomes


def test_a_host_without_an_outcome_has_failed(new_task: NewTask, success: Outcome) -> None:
    for begun in (False, True):
        task = new_task(3)
        if begun:
            task.begin()
        settled = task.settle("prepare", {0: success})
        assert [s.status for s in task.stages[0]] == [SUCCESSFUL, FAILED, FAILED]
        assert [subtask.parallel_idx for subtask, dummy in settled] == [0, 1, 2]
        assert all(s.error and s.error["code"] == "TSK10013" and s.started is None for s in task.failures)


def test_a_host_without_an_outcome_stays_at_work_where_others_may_still_come(
    new_task: NewTask, success: Outcome
) -> None:
    task = new_task(3)
    task.begin()
    assert len(task.settle("prepare", {0: success}, complete=False)) == 1
    assert [s.status for s in task.stages[0]] == [SUCCESSFUL, RUNNING, RUNNING]
    assert task.work() == {"prepare": [1, 2]}


def test_outcomes_of_hosts_that_are_not_due_change_nothing(new_task: NewTask, success: Outcome) -> None:
    task = new_task(2, max_fail_percentage=50)
    run_phase(task, success, {0: FAILURE})
    pass_wait(task, "prepare")
    task.settle("stop", {0: success, 1: success, 7: success})
    assert [s.status for s in task.stages[2]] == [PENDING, SUCCESSFUL]
    before = task.dump()
    for phase in ("prepare", "stop", "finish"):
        assert task.settle(phase, {0: FAILURE, 1: FAILURE}) == []
    assert task.dump() == before, "no phase is due"


def test_a_failure_of_no_work_has_no_times(new_task: NewTask) -> None:
    task = new_task(1)
    task.settle("prepare", {0: Outcome.failure(INTERRUPTED, "never began")})
    (failed,) = task.failures
    assert (failed.started, failed.finished, failed.error) == (
        None,
        None,
        {"code": "TSK10013", "message": "never began"},
    )


# A broken barrier


@pytest.mark.parametrize("passed", [0, 1])
def test_a_broken_barrier_is_the_failed_subtask(new_task: NewTask, success: Outcome, passed: int) -> None:
    task = new_task(2)
    for phase in PHASES[:passed]:
        run_phase(task, success)
        pass_wait(task, phase)
    run_phase(task, success)
    ended = task.close("end", BROKEN)
    assert task.status == FAILED
    (failed,) = task.failures
    assert [subtask for subtask, _outcome in ended] == [failed]
    assert failed is task.stages[1 + 2 * passed][0]
    assert failed.error == {"code": "TSK10013", "message": "TimeoutError: 30 s"}
    assert statuses(task)[2 + 2 * passed :] == [{PENDING}] * (3 - 2 * passed)


def test_a_barrier_that_broke_for_no_known_cause(new_task: NewTask, success: Outcome) -> None:
    task = new_task(1)
    run_phase(task, success)
    task.close("end")
    assert task.failures[0].error == {"code": "TSK10013", "message": "the barrier did not end"}


def test_a_barrier_that_broke_is_told_beside_failed_hosts_too(new_task: NewTask, success: Outcome) -> None:
    """Otherwise nobody learns why hosts stopped that max_fail_percentage allowed to continue."""
    task = new_task(3)
    run_phase(task, success, {0: FAILURE})
    task.close("end", BROKEN)
    assert [s.phase for s in task.failures] == ["prepare", "wait"]
    assert task.failures[1].error == {"code": "TSK10013", "message": "TimeoutError: 30 s"}


# A task that ends early


@pytest.mark.parametrize("begun", [False, True])
def test_what_was_due_has_failed_for_the_cause(new_task: NewTask, success: Outcome, begun: bool) -> None:
    task = new_task(3)
    if begun:
        task.begin()
    task.settle("prepare", {1: success}, complete=False)
    ended = task.close("end", BROKEN)
    assert [s for s, _outcome in ended] == task.failures == [task.stages[0][0], task.stages[0][2]]
    assert [s.error for s, _outcome in ended] == [
        {"code": "TSK10013", "message": "host0 (host id 1001): TimeoutError: 30 s"},
        {"code": "TSK10013", "message": "host2 (host id 1003): TimeoutError: 30 s"},
    ]
    assert (task.status, task.finished, task.work()) == (FAILED, "end", {})
    assert statuses(task)[1:] == [{PENDING}] * 4, "it is the hosts that were cut off, not the barrier"


@pytest.mark.parametrize("status", [RUNNING, CANCELING])
def test_cancelled_while_hosts_are_at_work(new_task: NewTask, play: Play, success: Outcome, status: str) -> None:
    task = play(new_task(3), until="prepare")
    task.stages[2][2].status = status
    task.settle("stop", {0: success, 1: FAILURE}, complete=False)
    task.close("end", CANCEL, cancelled=True)
    assert (task.status, task.operation) == (FAILED, "CANCEL")
    assert [(s.status, s.operation) for s in task.stages[2]] == [
        (SUCCESSFUL, "EXECUTE"),
        (FAILED, "EXECUTE"),
        (FAILED, "CANCEL"),
    ]
    assert task.stages[2][2].error == {"code": "TSK10014", "message": "host2 (host id 1003): the task was cancelled"}


def test_cancelled_before_a_host_s_turn(new_task: NewTask, success: Outcome) -> None:
    """A worker that sees the cancel gives an outcome, too."""
    task = new_task(2)
    task.begin()
    task.settle("prepare", {0: success, 1: CANCEL}, complete=False)
    task.close("end", CANCEL, cancelled=True)
    assert [(s.status, s.operation) for s in task.stages[0]] == [(SUCCESSFUL, "EXECUTE"), (FAILED, "CANCEL")]


def test_cancelled_at_the_barrier(new_task: NewTask, success: Outcome) -> None:
    task = new_task(2)
    run_phase(task, success)
    ((wait, _outcome),) = task.close("end", CANCEL, cancelled=True)
    assert (task.status, task.operation) == (FAILED, "CANCEL")
    assert (wait.phase, wait.status, wait.operation) == ("wait", FAILED, "CANCEL")
    assert wait.error == {"code": "TSK10014", "message": "the task was cancelled"}


def test_a_cancel_that_comes_too_late_changes_nothing(new_task: NewTask, play: Play, success: Outcome) -> None:
    task = play(new_task(2), until="finish")
    assert task.close("end", CANCEL, cancelled=True) == []
    assert (task.status, task.operation, task.failures) == (SUCCESSFUL, "EXECUTE", [])
    assert {s.operation for s in task.subtasks} == {"EXECUTE"}


# The task's record of its hosts

RAN = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}


def test_how_the_agent_ran_is_taken_once(new_task: NewTask, play: Play, success: Outcome) -> None:
    changed = replace(success, changed=True)
    task = play(
        new_task(3, "batch_restart_agents"),
        {
            ("stop", 0): replace(changed, ran_as=RAN),
            ("start", 0): replace(changed, ran_as={"user": "what runs now"}),
            ("start", 1): replace(changed, ran_as=RAN),
            ("finish", 1): replace(success, ran_as={"user": "what runs now"}),
            ("stop", 2): changed,
            ("start", 2): replace(changed, ran_as=RAN),
        },
    )
    assert [record.ran_as for record in task.records] == [RAN, RAN, None], "it did not run before the task touched it"


def test_how_the_agent_ran_is_told_by_a_failure_too(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), {("stop", 0): replace(FAILURE, ran_as=RAN, changed=True)})
    assert (task.records[0].ran_as, task.records[0].touched) == (RAN, ["stop"])


def test_the_record_has_its_own_copy_of_how_the_agent_ran(new_task: NewTask, play: Play, success: Outcome) -> None:
    told = dict(RAN)
    task = play(new_task(1), {("stop", 0): replace(success, ran_as=told)})
    told["user"] = "another"
    assert task.records[0].ran_as == RAN


def test_the_home_is_taken_from_a_success_only(new_task: NewTask, play: Play, success: Outcome) -> None:
    task = play(
        new_task(2, max_fail_percentage=50),
        {
            ("prepare", 0): replace(success, home="/home/admin/ocp_agent"),
            ("stop", 0): replace(FAILURE, home="/wrong"),
            ("prepare", 1): replace(FAILURE, home="/wrong"),
        },
    )
    assert [record.home for record in task.records] == ["/home/admin/ocp_agent", None]


def test_a_home_that_was_found_stays(new_task: NewTask, play: Play, success: Outcome) -> None:
    task = play(new_task(1), {("prepare", 0): replace(success, home="/data/ocp_agent"), ("stop", 0): success})
    assert task.records[0].home == "/data/ocp_agent"


@pytest.mark.parametrize(
    ("outcome", "touched"),
    [
        (Outcome(started="a", finished="b", changed=True), ["stop"]),
        (Outcome(started="a", finished="b", changed=False), []),
        (Outcome(started="a", finished="b", changed=None), ["stop"]),
        (replace(FAILURE, changed=True), ["stop"]),
        (replace(FAILURE, changed=False), []),
        (replace(FAILURE, changed=None), ["stop"]),
        (Outcome.failure(CANCELLED, "before its turn"), []),
        (None, []),
    ],
    ids=["changed", "unchanged", "unknown", "failed, changed", "failed, unchanged", "lost", "no work", "no outcome"],
)
def test_what_was_touched(new_task: NewTask, play: Play, outcome: Outcome | None, touched: list[str]) -> None:
    task = play(new_task(1), until="prepare")
    task.settle("stop", {0: outcome} if outcome else {})
    assert task.records[0].touched == touched


@pytest.mark.parametrize(
    ("definition", "touched"),
    [
        ("batch_stop_agents", ["stop"]),
        ("batch_start_agents", ["start"]),
        ("batch_restart_agents", ["stop", "start"]),
    ],
)
def test_only_what_can_be_undone_was_touched(
    new_task: NewTask, play: Play, success: Outcome, definition: str, touched: list[str]
) -> None:
    changed = replace(success, changed=True)
    task = play(new_task(2, definition), {(phase, 0): changed for phase in ALL_PHASES[definition]})
    assert [record.touched for record in task.records] == [touched, []]


@pytest.mark.parametrize("status", [READY, RUNNING, CANCELING])
def test_who_was_at_work_when_the_task_ended_may_have_been_touched(new_task: NewTask, play: Play, status: str) -> None:
    task = play(new_task(1), until="prepare")
    task.stages[2][0].status = status
    task.close("end", BROKEN)
    assert task.records[0].touched == ([] if status == READY else ["stop"])


# As a document


@pytest.mark.parametrize("hosts", [1, 3])
@pytest.mark.parametrize("definition", ALL_PHASES)
def test_it_survives_json_at_every_step(new_task: NewTask, success: Outcome, definition: str, hosts: int) -> None:
    def through_json(task: Task) -> Task:
        loaded = Task.load(json.loads(json.dumps(task.dump())))
        assert loaded == task
        assert loaded.dump() == task.dump()
        return loaded

    first, second, *dummy = ALL_PHASES[definition]
    task = through_json(new_task(hosts, definition, max_fail_percentage=12.5, prohibit_rollback=True))
    task.begin()
    task = through_json(task)
    run_phase(task, success)
    task = through_json(task)
    pass_wait(task, first)
    task = through_json(task)
    run_phase(task, replace(success, changed=True, home="/h", ran_as=RAN), {0: replace(FAILURE, ran_as=RAN)})
    task = through_json(task)
    pass_wait(task, second)
    task.close("end", CANCEL, cancelled=True)
    task = through_json(task)
    assert (task.status, task.operation) == (FAILED, "CANCEL")
    assert task.failures


def test_a_document_is_not_changed_by_what_its_task_does_next(new_task: NewTask, play: Play) -> None:
    task = new_task(2)
    document = task.dump()
    before = json.dumps(document)
    play(task, {("stop", 0): replace(FAILURE, changed=True)})
    assert json.dumps(document) == before


# Transitions

LEGAL = {
    (PENDING, READY),
    (READY, RUNNING),
    (READY, FAILED),
    (RUNNING, SUCCESSFUL),
    (RUNNING, FAILED),
    (RUNNING, CANCELING),
    (CANCELING, SUCCESSFUL),
    (CANCELING, FAILED),
    # an intervention, or a retried wait node that is held again
    (FAILED, READY),
    (FAILED, SUCCESSFUL),
    (SUCCESSFUL, READY),
    *((before, PENDING) for before in (READY, RUNNING, CANCELING, SUCCESSFUL, FAILED)),
}
STATES = (PENDING, READY, RUNNING, CANCELING, SUCCESSFUL, FAILED)


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", [*STATES, ""])
def test_transitions(before: str, after: str) -> None:
    subtask = Subtask(7, 0, "stop", 60, 0, status=before)
    if (before, after) in LEGAL:
        subtask.become(after)
        assert subtask.status == after
    else:
        with pytest.raises(ValueError, match=f"subtask 7 cannot go from {before}"):
            subtask.become(after)
        assert subtask.status == before


@pytest.mark.parametrize("status", STATES)
def test_what_is_due_and_what_has_ended(status: str) -> None:
    subtask = Subtask(7, 0, "stop", 60, 0, status=status)
    assert subtask.due == (status in (READY, RUNNING, CANCELING))
    assert subtask.ended == (status in (SUCCESSFUL, FAILED))


@pytest.mark.parametrize("before", [PENDING, SUCCESSFUL])
def test_only_what_is_due_is_settled(success: Outcome, before: str) -> None:
    with pytest.raises(ValueError, match="cannot go"):
        Subtask(7, 0, "stop", 60, 0, status=before).settle(success)


@pytest.mark.parametrize("before", [READY, RUNNING, CANCELING])
def test_what_is_due_is_settled(success: Outcome, before: str) -> None:
    done, lost = (Subtask(7, 0, "stop", 60, 0, status=before) for dummy in range(2))
    done.settle(success)
    lost.settle(FAILURE)
    assert (done.status, done.started, done.finished, done.error) == (
        SUCCESSFUL,
        success.started,
        success.finished,
        None,
    )
    assert (lost.status, lost.error) == (FAILED, {"code": "CMP07002", "message": "no route"})


@pytest.mark.parametrize("status", [READY, RUNNING, CANCELING])
def test_a_success_that_never_began_is_none(status: str) -> None:
    subtask = Subtask(7, 0, "stop", 60, 0, status=status)
    with pytest.raises(ValueError, match="cannot go"):
        subtask.settle(Outcome())
    assert subtask.status == status


def test_what_is_behind_a_barrier_is_as_where_it_holds(new_task: NewTask, play: Play) -> None:
    """Check mode looks behind it, and answers as the run would."""
    bad = Outcome.failure(NO_CONNECTION, "no route", "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00")
    held = play(new_task(3), {("prepare", 1): bad})
    looked = play(new_task(3, max_fail_percentage=100), {("prepare", 1): bad}, until="prepare")
    assert not looked.holds("prepare")
    assert held.holds("prepare")
    assert not held.holds("finish"), "nothing waits behind it"
    looked = play(looked)
    assert [subtask.status for subtask in looked.subtasks] != [subtask.status for subtask in held.subtasks]

    looked.hold_back("prepare")

    assert [vars(subtask) for subtask in looked.subtasks] == [vars(subtask) for subtask in held.subtasks]
