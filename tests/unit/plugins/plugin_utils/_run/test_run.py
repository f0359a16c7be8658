# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Ending, Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import CANCELLED, INTERRUPTED, NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import rollback
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.slice import Slice
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import PENDING, Outcome, Task

NewTask = Callable[..., Task]
Play = Callable[..., Task]
REQUEST = Request("688d3147a10b45e8", "192.0.2.7", 1_630_652_470_605)
FAILURE = Outcome.failure(NO_CONNECTION, "no route", "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00")
RAN = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}


def run(task: Task | None = None, **more: Any) -> Run:
    """A run as Ansible returns it, through JSON."""
    return Run.load(json.loads(json.dumps(Run(REQUEST, task=task, **more).dump())))


def subtasks(ending: Ending, name: str) -> list[dict[str, Any]]:
    return [s for s in ending.response["data"]["subtasks"] if s["name"] == name]


# current


def test_the_last_barrier_s_state_is_the_current_one() -> None:
    """The next request of the same ansible-playbook registers the same variable."""
    at_barrier = run(cancelled=True)
    assert Run.current({"ocp_run": {"run": at_barrier.register()}}) == at_barrier


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"ocp_run": {"failed": True}},
        {"ocp_run": None},
        {"ocp_run": 7},
        {"ocp_run": {"run": {}}},
        {"ocp_run": {"run": 7}},
    ],
    ids=["empty", "no run", "nothing", "a number", "no state", "another's run"],
)
def test_outside_of_a_run_there_is_no_state(variables: dict[str, Any]) -> None:
    """Users may also call the module in a playbook of their own."""
    assert Run.current(variables) is None


@pytest.mark.parametrize("text", ["{}", "7", "[", '{"executor": null, "task": {"id": 7}, "slice": null}'])
def test_what_is_registered_is_checked_where_it_enters(text: str) -> None:
    with pytest.raises(ValueError, match="ocp_run of localhost is not what this collection registers"):
        Run.current({"ocp_run": {"run": {"state": text}}})


def test_nothing_of_a_run_is_lost_on_its_way(new_task: NewTask, success: Outcome) -> None:
    executor = Executor("a" * 32, "192.0.2.7", "controller", "boot", "pid:[1]", 7, 9)
    taken = Slice(["db1"], ["db2"], ["db3"], ["db4"], {7001: replace(success, log=[])}, "away")
    one = Run(
        REQUEST, "/tmp/x.json", "/tmp/x.html", True, executor, "task", 7, 9, new_task(2), True, True, {"data": 1},
        taken, "broke", "full", "none",
    )
    assert Run.load(json.loads(json.dumps(one.dump()))) == one


def test_plays_ask_for_little_of_the_state(new_task: NewTask) -> None:
    task = new_task(2)
    task.begin()
    said = run(task, response={"data": 1}, resumed=True).register()
    assert said.pop("state")
    assert said == {
        "task": {"id": task.id, "status": "RUNNING", "hosts": 2},
        "timeouts": task.timeouts,
        "goal": "stopped",
        "resumed": True,
        "answered": True,
        "due": ["prepare"],
        "names": {"prepare": "Prepare OCP agent operation"},
        "barriers": ["prepare"],
        "heart": "",
    }


def test_who_gives_signs_of_life() -> None:
    """A run in check mode sends no heartbeat."""
    executor = Executor("a" * 32, "192.0.2.7", "controller", "boot", "pid:[1]", 7, 9)
    assert run(executor=executor).token == "a" * 32
    assert run(executor=executor, check_mode=True).token == run().token == ""


def test_behind_a_barrier_that_broke_no_play_has_hosts(new_task: NewTask) -> None:
    said = run(new_task(1), barrier_error="TimeoutError: 30 s").register()
    assert (said["due"], said["barriers"]) == ([], [])


def test_without_a_task_plays_hear_so() -> None:
    assert "task" not in run(response={"error": {}}).register()
    assert run(no_task="check mode").register()["no_task"] == "check mode"


# holding


def test_what_follows_from_the_task(new_task: NewTask, play: Play, success: Outcome) -> None:
    task = play(
        new_task(3, "batch_restart_agents", max_fail_percentage=50, timeouts={"stop": 7}),
        {
            ("prepare", 0): replace(success, home="/data/ocp_agent"),
            ("prepare", 1): FAILURE,
            ("stop", 0): replace(success, ran_as=RAN),
        },
        until="stop",
    )
    held = run(task)
    assert held.task == task
    assert held.due == {"start": {"host0": {"home": "/data/ocp_agent", "ran_as": RAN}, "host2": {}}}
    said = held.register()
    assert (said["goal"], said["timeouts"]["stop"], said["timeouts"]["start"]) == ("restarted", 7, 600)


def test_nothing_is_due_at_the_end(new_task: NewTask, play: Play) -> None:
    assert run(play(new_task(2))).due == {}


# end


def test_the_last_phase_ends_the_task(new_task: NewTask, play: Play, success: Outcome) -> None:
    task = play(new_task(2), until="stop")
    ending = run(task).end({"finish": {0: success, 1: success}})
    assert (ending.task.status, ending.response["data"]["status"]) == ("SUCCESSFUL", "SUCCESSFUL")
    assert ending.response["traceId"] == REQUEST.trace_id
    assert ending.response["data"]["context"]["stringMap"] == {"prohibit_rollback": "false"}
    assert ending.logs.keys() == {s.id for s in task.stages[4]}
    assert all("new state: SUCCESSFUL" in text for text in ending.logs.values())


def test_who_was_due_and_has_no_outcome_has_failed(new_task: NewTask, play: Play, success: Outcome) -> None:
    ending = run(play(new_task(2), until="stop")).end({"finish": {0: success}})
    assert [s["status"] for s in subtasks(ending, "Finish OCP agent operation")] == ["SUCCESSFUL", "FAILED"]
    assert ending.task.failures[0].error is not None
    assert "left out by --limit" in ending.task.failures[0].error["message"]
    assert "new state: FAILED" in ending.logs[ending.task.failures[0].id]


def test_a_broken_barrier_is_told(new_task: NewTask, success: Outcome) -> None:
    task = new_task(1)
    task.settle("prepare", {0: success})
    ending = run(task, barrier_error="TimeoutError: 30 s").end({})
    (wait,) = ending.task.failures
    assert (wait.phase, wait.error) == ("wait", {"code": "TSK10013", "message": "TimeoutError: 30 s. 1 host not begun"})
    assert "ERROR" in ending.logs[wait.id]
    assert "TSK10013 TimeoutError: 30 s" in ending.logs[wait.id]


def test_a_cancelled_task(new_task: NewTask, play: Play, success: Outcome) -> None:
    ending = run(play(new_task(2), until="prepare"), cancelled=True).end({"stop": {0: success}})
    assert (ending.task.status, ending.task.operation) == ("FAILED", "CANCEL")
    assert [(s["status"], s["operation"]) for s in subtasks(ending, "Stop all OCP agent processes")] == [
        ("SUCCESSFUL", "EXECUTE"),
        ("FAILED", "CANCEL"),
    ]
    assert ending.task.failures[0].error == {
        "code": "TSK10014",
        "message": "host1 (host id 1002): the task was cancelled",
    }
    assert ending.task.records[1].touched == ["stop"], "it was at work, and how far it came nobody knows"


def test_a_task_that_is_cancelled_too_late(new_task: NewTask, play: Play, success: Outcome) -> None:
    ending = run(play(new_task(1), until="stop"), cancelled=True).end({"finish": {0: success}})
    assert (ending.task.status, ending.task.operation) == ("SUCCESSFUL", "EXECUTE")


def test_a_run_that_ended_early_for_a_cause_of_its_own(new_task: NewTask, play: Play, success: Outcome) -> None:
    ending = run(play(new_task(2), until="prepare")).end({"stop": {1: success}}, (INTERRUPTED, "the run was killed"))
    assert (ending.task.status, ending.task.operation) == ("FAILED", "EXECUTE")
    (failed,) = ending.task.failures
    assert (failed.parallel_idx, failed.error) == (
        0,
        {"code": "TSK10013", "message": "host0 (host id 1001): the run was killed"},
    )


def test_a_cause_that_says_cancelled_is_a_cancel(new_task: NewTask, play: Play) -> None:
    ending = run(play(new_task(1), until="prepare")).end({}, (CANCELLED, "Ctrl-C"))
    assert ending.task.operation == "CANCEL"


def test_a_cause_of_its_own_comes_before_what_the_state_tells(new_task: NewTask, play: Play) -> None:
    ran = run(play(new_task(1), until="prepare"), cancelled=True, barrier_error="broken")
    ending = ran.end({}, (INTERRUPTED, "the run was killed"))
    assert ending.task.failures[0].error == {
        "code": "TSK10013",
        "message": "host0 (host id 1001): the run was killed",
    }


def test_the_end_of_a_rollback(new_task: NewTask, play: Play, success: Outcome) -> None:
    task = play(new_task(2), {("stop", 0): replace(FAILURE, changed=True, ran_as=RAN)})
    rollback(task)
    task.begin()
    ending = run(task).end({"start": {0: replace(success, changed=True)}})
    assert (ending.task.status, ending.task.operation) == ("SUCCESSFUL", "ROLLBACK")
    assert {s.status for s in ending.task.subtasks} == {PENDING}
    assert "############{ROLLBACK}{" in ending.logs[task.stages[2][0].id]


def test_a_rollback_that_is_cut_off(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), {("stop", 0): replace(FAILURE, changed=True, ran_as=RAN)})
    rollback(task)
    task.begin()
    ending = run(task).end({}, (INTERRUPTED, "the run was killed"))
    assert (ending.task.status, ending.task.operation) == ("FAILED", "ROLLBACK")
    assert ending.task.records[0].touched == ["stop"]


def test_a_plan_is_never_taken_for_the_deed(new_task: NewTask, play: Play, success: Outcome) -> None:
    ending = run(play(new_task(1), until="stop"), check_mode=True).end({"finish": {0: success}})
    assert ending.response["data"]["context"]["stringMap"]["check_mode"] == "true"
