# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import statistic
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    CANCELLED,
    CONFLICT,
    NO_CONNECTION,
    OcpError,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.layout import COLUMNS, width
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.waves import Waves
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.waves_report import (
    Ended,
    Reason,
    begin,
    plan,
    respond,
    screen,
    summary,
    why_stopped,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.ways_on import Caller

NewTask = Callable[..., Task]
Play = Callable[..., Task]

REQUEST = Request("688d3147a10b45e8", "192.0.2.7", 1_630_652_470_605)
CALLER = Caller(
    options=["-i", "inventory.yml"],
    called="oceanbase.ocp.batch_stop_agents",
    request=["-e", "ocp_hosts=all", "-e", "ocp_waves=2,50%"],
)
WAVES = Waves([[1001, 1002], list(range(1003, 1023)), list(range(1023, 1043))])


def ended(task: Task) -> Ended:
    return Ended(REQUEST.respond(task), task, {"stop": 2})


def refused() -> Ended:
    return Ended(REQUEST.refuse(OcpError(CONFLICT, "task 9 works on db003")))


@pytest.fixture
def good(new_task: NewTask, play: Play) -> Ended:
    return ended(play(new_task(2)))


@pytest.fixture
def bad(new_task: NewTask, play: Play) -> Ended:
    return ended(play(new_task(20), {("prepare", 3): Outcome.failure(NO_CONNECTION, "host3: no route", "a", "b")}))


def shown(found: list[Ended], why: Reason | None, caller: Caller | None = CALLER) -> list[str]:
    lines = screen(
        "batch_stop_agents", WAVES, found, why, caller=caller, store=True, notes=["Response: r.json; store: db"]
    )
    assert len(lines) <= 25
    assert max(map(width, lines)) <= COLUMNS
    return lines


def test_a_wave_that_is_done_does_not_stop_the_others(good: Ended) -> None:
    assert why_stopped(good, 0) is None


@pytest.mark.parametrize(("share", "stops"), [(0, True), (99, True), (100, False)])
def test_hosts_that_are_held_are_not_done(bad: Ended, share: float, stops: bool) -> None:
    assert (why_stopped(bad, share) is not None) is stops


@pytest.mark.parametrize(("share", "stops"), [(4.9, True), (5, False)])
def test_a_share_must_be_exceeded(new_task: NewTask, play: Play, share: float, stops: bool) -> None:
    lost = Outcome.failure(NO_CONNECTION, "host3: no route", "a", "b")
    found = ended(play(new_task(20, max_fail_percentage=5), {("prepare", 3): lost}))
    assert (why_stopped(found, share) is not None) is stops


def test_a_wave_that_was_cancelled_or_refused_or_lost_stops_the_others(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), until="prepare")
    task.close("end", Outcome.failure(CANCELLED, "the task was cancelled"), cancelled=True)
    assert why_stopped(ended(task), 100) == Reason("the task was cancelled or cut short")
    why = why_stopped(refused(), 100)
    assert why
    assert why.text.endswith("task 9 works on db003")
    assert why_stopped(Ended(), 100) == Reason("the run of the wave has left no response")
    assert why_stopped(ended(new_task(2)), 100) == Reason("the run of the wave was ended before its report")


def test_the_response_is_a_list_of_tasks(good: Ended, bad: Ended) -> None:
    found = respond(REQUEST, WAVES, [good, bad])
    assert found["successful"]
    assert found["traceId"] == REQUEST.trace_id
    assert [task["status"] for task in found["data"]["contents"]] == ["SUCCESSFUL", "FAILED"]
    assert found["data"]["page"]["totalElements"] == 2
    assert found["data"]["status"] == "FAILED"
    assert found["data"]["waves"] == [
        {"number": 1, "hostIds": WAVES.hosts[0], "status": "SUCCESSFUL", "taskId": 5000},
        {"number": 2, "hostIds": WAVES.hosts[1], "status": "FAILED", "taskId": 5000},
        {"number": 3, "hostIds": WAVES.hosts[2], "status": "NOT_BEGUN"},
    ]
    assert respond(REQUEST, WAVES, [good], going_on=True)["data"]["status"] == "RUNNING"
    assert respond(REQUEST, WAVES, [good] * 3)["data"]["status"] == "SUCCESSFUL"


def test_the_response_has_the_error_of_a_wave_that_was_refused(good: Ended) -> None:
    found = respond(REQUEST, WAVES, [good, refused()])
    assert (found["successful"], found["status"]) == (False, 409)
    assert found["error"]["message"] == "task 9 works on db003"
    assert [wave["status"] for wave in found["data"]["waves"]] == ["SUCCESSFUL", "NOT_BEGUN", "NOT_BEGUN"]


def test_a_large_response_is_a_summary_as_a_statistic(good: Ended, bad: Ended) -> None:
    found = respond(REQUEST, WAVES, [good, bad])
    short = statistic.statistic(found, "the output", 4000)
    assert len(json.dumps(short)) <= 4000
    assert [task["summary"]["hosts"] for task in short["data"]["contents"]] == [20]
    assert short["data"]["waves"][2] == {"number": 3, "hosts": 20, "status": "NOT_BEGUN"}
    assert short["data"]["summary"] == {"tasks": 2, "whole": "the output"}
    assert short["data"]["status"] == "FAILED"


def test_the_screen_of_waves_that_stopped(good: Ended, bad: Ended) -> None:
    lines = shown([good, bad], why_stopped(bad, 0))
    assert lines[:6] == [
        "Batch stop OCP agent in waves: FAILED, stopped at wave 2 of 3, 42 hosts",
        "2 hosts done, task 5000",
        "Wave 2: Batch stop OCP agent: task 5000 FAILED, 20 hosts: 2 agents stopped. 19",
        "hosts not begun; 1 host failed in Prepare",
        "Not begun: 20 hosts of wave 3: 1023 to 1042",
        "",
    ]
    text = "\n".join(lines)
    assert "host3  " in text
    assert "-e ocp_hosts=all -e ocp_waves=2,50% -e ocp_waves_after=1022" in text.replace(" \\\n   ", "")
    assert "No other wave was begun" not in text
    assert text.index("Retry:") < text.index("Without them:") < text.index("Go on:") < text.index("Skip:")


def test_the_screen_of_waves_that_are_done(good: Ended) -> None:
    lines = shown([good] * 3, None)
    assert lines == [
        "Batch stop OCP agent in waves: SUCCESSFUL, 3 waves, 42 hosts",
        "6 hosts done, tasks 5000, 5000, 5000",
        "Response: r.json; store: db",
    ]


def test_the_screen_of_a_wave_that_was_refused(good: Ended) -> None:
    lines = shown([good, refused()], why_stopped(refused(), 0))
    assert lines[0] == "Batch stop OCP agent in waves: FAILED, stopped at wave 2 of 3, 42 hosts"
    assert lines[2].startswith("No other wave was begun: 409 ")
    assert "Not begun: 40 hosts of waves 2 to 3: 1003 to 1042" in lines
    assert any("-e ocp_waves_after=1002" in line for line in lines)


def test_the_screen_of_a_first_wave_that_was_refused() -> None:
    lines = shown([refused()], why_stopped(refused(), 0))
    assert not any("ocp_waves_after" in line for line in lines)
    assert any(line.startswith("Go on: ") for line in lines)


def test_awx_is_told_what_to_launch(good: Ended, bad: Ended) -> None:
    lines = shown([good, bad], why_stopped(bad, 0), None)
    assert "Go on:         launch the same template again, waves after host id 1022" in lines


def test_lines(good: Ended, bad: Ended) -> None:
    assert begin(WAVES, 1) == "Wave 2 of 3: 20 hosts: 1003 to 1022"
    assert plan(WAVES) == "In 3 waves, of 2, 20, 20 hosts, each a task"
    assert plan(Waves([[1]], 3, 5)) == (
        "In 1 wave, from wave 3 on, of 1 hosts, each a task, and the next one begins when at most 5 percent of it "
        "failed"
    )
    assert summary("batch_stop_agents", WAVES, [good, bad], why_stopped(bad, 0)) == (
        "Batch stop OCP agent in waves: FAILED, stopped at wave 2 of 3, 42 hosts. 20 of 20 hosts not done, which is "
        "more than 0 percent. Not begun: 20 hosts of wave 3: 1023 to 1042"
    )
