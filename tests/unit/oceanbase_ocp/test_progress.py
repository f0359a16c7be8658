# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that ends early. Only what its events said goes into the final response."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    CANCELLED,
    INTERRUPTED,
    INVALID,
    TASK_STATE,
    TIMED_OUT,
    OcpError,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry, rollback
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task
from oceanbase_ocp._progress import Progress, progress_event

TIMES = {"started": "2026-11-23T22:00:01.5+08:00", "finished": "2026-11-23T22:00:02.5+08:00"}
DONE = {"started_at": TIMES["started"], "finished_at": TIMES["finished"]}  # as in a host's result
REQUEST = Request("0123456789abcdef", "192.0.2.1", 1795442400000)
PREPARE, STOP, FINISH, WAIT = (
    "Prepare stop OCP agent",
    "Stop all OCP agent processes",
    "Finish OCP agent operation",
    "Wait node",
)


def new_task(hosts: int = 3, definition: str = "batch_stop_agents", **more: Any) -> Task:
    return Task.create(
        definition,
        [Target(1001 + index, f"db{index + 1}") for index in range(hosts)],
        task_id=1000,
        first_subtask_id=1001,
        creator="admin",
        executor="192.0.2.1",
        started="2026-11-23T22:00:00+08:00",
        **more,
    )


def run(task: Task, **more: Any) -> Run:
    return Run(REQUEST, task=task, **more)


def event(action: str, host: str, result: dict[str, Any] | None = None, kind: str = "ok") -> dict[str, Any]:
    """An event of ansible-runner, whose result has neither `failed` nor `skipped`."""
    data: dict[str, Any] = {
        "task_action": f"oceanbase.ocp.{action}",
        "resolved_action": f"oceanbase.ocp.{action}",
        "host": host,
    }
    if result is not None:
        as_texts: Any = lambda answers: {host: json.dumps(said) for host, said in answers.items()}  # noqa: E731
        sealing = {"run": Run.register, "answers": as_texts}
        data["res"] = {"changed": False, **{key: sealing.get(key, _as_it_is)(value) for key, value in result.items()}}
    return {"event": f"runner_on_{kind}", "created": "2026-11-23T14:00:01.500000+00:00", "event_data": data}


def _as_it_is(value: Any) -> Any:
    return value


def begun(task: Task, action: str = "task_create", **more: Any) -> Progress:
    response = REQUEST.respond(task)
    task.begin()
    progress = Progress()
    progress.take({"event": "verbose", "stdout": "a warning"})
    progress.take(event(action, "localhost", {"run": run(task, response=response, **more)}))
    return progress


def go_on(task: Task, phase: str, failing: dict[int, Outcome] | None = None) -> None:
    """Pass the barrier after a phase."""
    task.settle(phase, {index: (failing or {}).get(index, Outcome(**TIMES)) for index in task.work().get(phase, ())})
    task.pass_wait(phase, TIMES["started"], TIMES["finished"])
    task.begin()


def past_prepare(hosts: int = 3) -> Progress:
    task = new_task(hosts)
    progress = begun(task)
    go_on(task, "prepare")
    progress.take(event("task_wait", "localhost", {"run": run(task)}))
    return progress


def ended(progress: Progress, *why: Any) -> dict[str, Any]:
    ending = progress.end(*why)
    assert ending is not None
    assert progress.final is ending.response
    assert progress.final["traceId"] == REQUEST.trace_id
    assert progress.final["successful"] is True
    data: dict[str, Any] = progress.final["data"]
    return data


def statuses(task: dict[str, Any], name: str) -> list[str]:
    return [subtask["status"] for subtask in task["subtasks"] if subtask["name"] == name]


def of(task: dict[str, Any], name: str, index: int) -> dict[str, Any]:
    return next(s for s in task["subtasks"] if s["name"] == name and s["parallelIdx"] == index)


def test_create_response_comes_with_the_first_result() -> None:
    progress = begun(new_task())

    assert progress.created is not None
    assert progress.created["data"]["status"] == "RUNNING"
    assert progress.final is None


def test_cancelled_in_stop_keeps_what_is_known() -> None:
    progress = past_prepare(4)
    for host in ("db1", "db2", "db3"):
        progress.take(event("agent_processes", host, kind="start"))
    progress.take(event("agent_processes", "db1", DONE))
    progress.take(
        event("agent_processes", "db2", {**DONE, "reason": "still_running", "msg": "observer"}, kind="failed")
    )

    task = ended(progress, CANCELLED, "the task was cancelled")

    assert (task["status"], task["operation"]) == ("FAILED", "CANCEL")
    assert task["finishTime"]
    assert statuses(task, PREPARE) == ["SUCCESSFUL"] * 4
    assert statuses(task, STOP) == ["SUCCESSFUL", "FAILED", "FAILED", "FAILED"]
    assert statuses(task, WAIT) == ["SUCCESSFUL", "PENDING"]
    assert statuses(task, FINISH) == ["PENDING"] * 4
    assert of(task, STOP, 0)["startTime"] == TIMES["started"]
    assert (of(task, STOP, 1)["error"]["code"], of(task, STOP, 1)["operation"]) == ("COM32001", "EXECUTE")
    at_work, waiting = of(task, STOP, 2), of(task, STOP, 3)
    assert at_work["error"]["code"] == waiting["error"]["code"] == "TSK10014"
    assert at_work["operation"] == waiting["operation"] == "CANCEL"
    assert "db3 (host id 1003)" in at_work["error"]["message"]
    assert "not known" in at_work["error"]["message"]
    assert at_work["startTime"]
    assert at_work["finishTime"]
    assert "before it was its turn" in waiting["error"]["message"]
    assert "startTime" not in waiting


def test_of_a_fan_out_the_answers_count_and_the_others_were_at_work() -> None:
    progress = past_prepare(4)
    begins = event("agent_fan_out", "localhost", kind="start")
    progress.take(begins)
    rest = {"db2": {"why": "the connection is local"}, "db3": {"why": "reset", "lost": "reset"}}
    progress.take(event("agent_fan_out", "localhost", {"answers": {"db1": DONE}, "rest": rest}))

    task = ended(progress, CANCELLED, "the task was cancelled")

    assert statuses(task, STOP) == ["SUCCESSFUL", "FAILED", "FAILED", "FAILED"]
    messages = [of(task, STOP, index)["error"]["message"] for index in (1, 2, 3)]
    assert ["before it was its turn" in message for message in messages] == [True, False, False]


def test_a_fan_out_that_was_cut_off_had_its_hosts_at_work() -> None:
    progress = past_prepare(2)
    begins = event("agent_fan_out", "localhost", kind="start")
    progress.take(begins)
    ending = progress.end(CANCELLED, "the task was cancelled")
    assert ending is not None
    assert [record.touched for record in ending.task.records] == [["stop"], ["stop"]]


def test_who_was_at_work_may_have_been_changed_and_who_waited_was_not() -> None:
    progress = past_prepare(2)
    progress.take(event("agent_processes", "db1", kind="start"))
    ending = progress.end(CANCELLED, "the task was cancelled")
    assert ending is not None
    assert [record.touched for record in ending.task.records] == [["stop"], []]
    stop = [s.id for s in ending.task.stages[2]]
    assert all("TSK10014" in ending.logs[number] for number in stop)


@pytest.mark.parametrize("kind", ["failed", "unreachable", "skipped"])
def test_a_result_that_does_not_say_so_itself_has_failed_all_the_same(kind: str) -> None:
    progress = past_prepare(1)
    progress.take(event("agent_processes", "db1", DONE, kind=kind))

    assert statuses(ended(progress, INTERRUPTED, "the run ended"), STOP) == ["FAILED"]


def test_results_of_an_earlier_phase_do_not_count_for_a_later_one() -> None:
    task = new_task(1)
    progress = begun(task)
    progress.take(event("agent_processes", "db1", kind="start"))
    progress.take(event("agent_processes", "db1", DONE))
    go_on(task, "prepare")
    progress.take(event("task_wait", "localhost", {"run": run(task)}))

    stop = of(ended(progress, TIMED_OUT, "the run took longer than it may"), STOP, 0)

    assert stop["error"]["code"] == "TSK10012"
    assert "startTime" not in stop


def test_interrupted_at_the_barrier() -> None:
    progress = begun(new_task(2))
    for host in ("db1", "db2"):
        progress.take(event("agent_processes", host, DONE))

    task = ended(progress, CANCELLED, "the task was cancelled")

    assert (task["status"], task["operation"]) == ("FAILED", "CANCEL")
    assert statuses(task, PREPARE) == ["SUCCESSFUL"] * 2
    assert statuses(task, WAIT) == ["FAILED", "PENDING"]
    wait = next(subtask for subtask in task["subtasks"] if subtask["name"] == WAIT)
    assert (wait["error"]["code"], wait["operation"]) == ("TSK10014", "CANCEL")


def test_a_broken_barrier_loses_no_result() -> None:
    task = new_task(1)
    progress = begun(task)
    progress.take(event("agent_processes", "db1", DONE))
    broken = run(task, barrier_error="TaskTimeoutError")
    progress.take(event("task_wait", "localhost", {"run": broken}, kind="failed"))

    assert statuses(ended(progress, INTERRUPTED, "the run ended"), PREPARE) == ["SUCCESSFUL"]


def test_all_work_done_but_no_report() -> None:
    task = new_task(1)
    progress = begun(task)
    for phase in ("prepare", "stop"):
        go_on(task, phase)
    progress.take(event("task_wait", "localhost", {"run": run(task)}))
    progress.take(event("agent_processes", "db1", DONE))

    closed = ended(progress, CANCELLED, "the task was cancelled")

    assert (closed["status"], closed["operation"]) == ("SUCCESSFUL", "EXECUTE")


# Retry, skip and rollback


def taken_up(*interventions: Any) -> tuple[Task, Progress]:
    """A task of three hosts that was taken up after the second failed in Prepare and the third in Stop."""
    failure = Outcome.failure(INTERRUPTED, "why", TIMES["started"], TIMES["finished"])
    task = new_task(max_fail_percentage=70)
    task.begin()
    ran = Outcome(**TIMES, changed=False, ran_as={"user": "root"})
    go_on(task, "prepare", {0: ran, 1: failure, 2: ran})
    go_on(task, "stop", {0: replace(ran, changed=True), 2: failure})
    go_on(task, "finish")
    task.close(TIMES["finished"])
    for intervention in interventions:
        intervention(task)
    return task, begun(task, "task_resume", resumed=True)


def test_the_answer_to_an_intervention_is_the_create_response() -> None:
    dummy, progress = taken_up(retry)

    assert progress.created is not None
    assert (progress.created["data"]["status"], progress.created["data"]["operation"]) == ("RUNNING", "RETRY")
    assert statuses(progress.created["data"], PREPARE) == ["SUCCESSFUL", "READY", "SUCCESSFUL"]
    assert statuses(progress.created["data"], STOP) == ["SUCCESSFUL", "PENDING", "READY"]
    assert progress.run is not None
    assert progress.run.resumed is True


def test_a_retry_that_ends_early_keeps_what_is_known_of_each_phase() -> None:
    dummy, progress = taken_up(retry)
    progress.take(event("agent_processes", "db2", DONE))

    task = ended(progress, CANCELLED, "the task was cancelled")

    assert (task["status"], task["operation"]) == ("FAILED", "CANCEL")
    assert [(s["status"], s["operation"]) for s in task["subtasks"] if s["name"] == PREPARE] == [
        ("SUCCESSFUL", "EXECUTE"),
        ("SUCCESSFUL", "RETRY"),
        ("SUCCESSFUL", "EXECUTE"),
    ]
    assert statuses(task, STOP)[::2] == ["SUCCESSFUL", "FAILED"]
    assert of(task, STOP, 2)["error"]["code"] == "TSK10014"
    assert of(task, STOP, 2)["runTime"] == 2


def test_a_rollback_that_ends_early() -> None:
    task, progress = taken_up(rollback)
    assert progress.created is not None
    assert progress.created["data"]["operation"] == "ROLLBACK"
    assert task.work() == {"start": [0, 2]}, "what is not known is made sure of"
    progress.take(event("agent_processes", "db1", kind="start"))

    ending = progress.end(INTERRUPTED, "the run ended")

    assert ending is not None
    assert (ending.task.status, ending.task.operation) == ("FAILED", "ROLLBACK")
    failed = next(s for s in ending.task.failures if (s.phase, s.parallel_idx) == ("stop", 0))
    assert failed.error is not None
    assert "db1 (host id 1001): the run ended while it was at work" in failed.error["message"]
    assert ending.task.records[0].touched == ["stop"], "it is still to be undone"


def test_a_refused_intervention_stays_refused() -> None:
    refusal = REQUEST.refuse(OcpError(TASK_STATE, "task 1000 is RUNNING"))
    progress = Progress()
    progress.take(event("task_resume", "localhost", {"run": Run(REQUEST, response=refusal)}))

    assert progress.end(INTERRUPTED, "the run ended") is None
    assert progress.created == progress.final == refusal


def test_check_mode_stays_visible() -> None:
    task = ended(begun(new_task(1), check_mode=True), INTERRUPTED, "the run ended")

    assert task["context"]["stringMap"]["check_mode"] == "true"


def test_the_reports_response_is_final() -> None:
    for final in (
        event("task_report", "localhost", {"response": {"final": True}}),
        {"event": "playbook_on_stats", "event_data": {"artifact_data": {"ocp_response": {"final": True}}}},
    ):
        progress = begun(new_task())
        progress.take(final)
        assert progress.end(CANCELLED, "too late") is None

        assert progress.final == {"final": True}


def test_a_refused_request_stays_refused() -> None:
    refusal = REQUEST.refuse(OcpError(INVALID, "no"))
    progress = Progress()
    progress.take(event("task_create", "localhost", {"run": Run(REQUEST, response=refusal)}))
    assert progress.end(CANCELLED, "the task was cancelled") is None

    assert progress.created == progress.final == refusal


def test_no_response_without_a_create_response() -> None:
    progress = Progress()
    progress.take(event("task_create", "localhost", {"msg": "cannot be written"}, kind="failed"))
    progress.take({"event": "playbook_on_stats", "event_data": {"artifact_data": {}}})
    assert progress.end(INTERRUPTED, "the run ended") is None

    assert progress.created is None
    assert progress.final is None


def test_response_file_is_left_alone_in_check_mode() -> None:
    assert begun(new_task(), response_file="/tmp/response.json").response_file == "/tmp/response.json"
    assert begun(new_task(), response_file="/tmp/response.json", check_mode=True).response_file is None


def test_answers_of_a_fan_out_that_was_cut_off() -> None:
    """Their event never came. Answers of an earlier phase do not count."""
    progress = past_prepare(3)
    progress.take_answer("stop", "db1", DONE)
    progress.take_answer("prepare", "db2", DONE)
    progress.take_answer("stop", "db9", DONE)

    task = ended(progress, CANCELLED, "the task was cancelled")

    assert statuses(task, STOP) == ["SUCCESSFUL", "FAILED", "FAILED"]


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("verbose", 'OCP_PROGRESS {"taskId": 7, "phase": "stop"}', {"taskId": 7, "phase": "stop"}),
        ("verbose", 'OCP_PROGRESS {"taskId": 7, "ph', None),
        ("verbose", 'failed: [db1] OCP_PROGRESS {"taskId": 7}', None),
        ("runner_on_ok", 'OCP_PROGRESS {"taskId": 7}', None),
        ("verbose", None, None),
    ],
)
def test_a_line_of_the_run_tells_how_far_a_phase_is(kind: str, text: str | None, found: object) -> None:
    assert progress_event({"event": kind, "stdout": text}) == found
