# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import CANCELLED, STILL_RUNNING
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.subtask_log import block, blocks
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task

NewTask = Callable[..., Task]
# A public sample of OCP's API: OCP 3.1, the log of a subtask of "Reinstall OCP agent".
SAMPLE = json.loads((Path(__file__).parents[3] / "fixtures/subtask-log.json").read_text())["data"]["log"]
TRACE = "688d3147a10b45e8"
OUTCOME = Outcome(
    started="2021-09-03T15:01:11.5+08:00",
    finished="2021-09-03T15:01:13+08:00",
    log=[(0.0, "SIGTERM to ocp_agentd (pid 13)"), (1.25, "ocp_agentd\n(pid 13)  is gone")],
)

HEAD = re.compile(
    r"############\{(?P<operation>[A-Z]+)\}"
    r"\{(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?[+-]\d\d:\d\d)\}############"
)
LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) +(?P<level>INFO|ERROR) (?P<pid>\d+) --- "
    r"\[(?P<thread>[^\]]+)\] (?P<logger>\S+) +: (?P<text>.+)"
)
RUN = re.compile(
    r"Run subtask, id=(?P<id>\d+), context=Context\(parallelIdx=(?P<index>-?\d+), stringMap=\{(?P<context>[^}]*)\}, "
    r"listMap=\{\}\), executor=\S+"
)
STATE = re.compile(r"Set state for subtask: \d+, current state: RUNNING, new state: [A-Z]+")


def read(log: str) -> tuple[re.Match[str], list[re.Match[str]]]:
    """The head and the lines of a log of one execution. Each line is followed by an empty one."""
    head, *lines = log.split("\n")
    found = HEAD.fullmatch(head)
    assert found
    assert set(lines[1::2]) == {""}
    matches = [LINE.fullmatch(line) for line in lines[::2] if line]
    assert all(matches), lines
    return found, [match for match in matches if match]


def context(line: re.Match[str]) -> dict[str, str]:
    found = RUN.fullmatch(line["text"])
    assert found, line["text"]
    return dict(pair.split("=", 1) for pair in found["context"].split(", "))


@pytest.fixture
def ended(new_task: NewTask) -> Callable[[Outcome], str]:
    """Make the block of a Stop on the second of two hosts, with that outcome."""

    def make(outcome: Outcome) -> str:
        task = new_task(2)
        task.stages[2][1].status = "RUNNING"
        task.stages[2][1].settle(outcome)
        return block(task, task.stages[2][1], outcome, TRACE)

    return make


def test_the_patterns_read_the_sample() -> None:
    head, lines = read(SAMPLE)
    assert head["operation"] == "EXECUTE"
    assert len(lines) == 13
    assert context(lines[0])["host_id"] == "3000002"
    assert STATE.fullmatch(lines[-1]["text"])


def test_it_has_the_form_of_the_sample(ended: Callable[[Outcome], str]) -> None:
    head, lines = read(ended(OUTCOME))
    assert (head["operation"], head["time"]) == ("EXECUTE", OUTCOME.started)
    assert {line["pid"] for line in lines} == {str(os.getpid())}
    assert {line["level"] for line in lines} == {"INFO"}
    assert {line["thread"] for line in lines} == {f"host1,{TRACE}"}
    assert [(line["time"], line["text"]) for line in lines[1:]] == [
        ("2021-09-03 15:01:11.500", "SIGTERM to ocp_agentd (pid 13)"),
        ("2021-09-03 15:01:12.750", "ocp_agentd (pid 13) is gone"),
        ("2021-09-03 15:01:13.000", "Set state for subtask: 7005, current state: RUNNING, new state: SUCCESSFUL"),
    ]
    assert RUN.fullmatch(lines[0]["text"])
    told = context(lines[0])
    assert told == {
        "prohibit_rollback": "false",
        "task_instance_id": "5000",
        "task_operation": "execute",
        "latest_execution_start_time": OUTCOME.started,
        "sub_task_instance_id": "7005",
        "host_id": "1002",
    }
    assert told.keys() <= context(read(SAMPLE)[1][0]).keys()


def test_a_failure_is_told(ended: Callable[[Outcome], str]) -> None:
    failure = replace(OUTCOME, code=STILL_RUNNING.code, message="host1 (host id 1002): still running: ocp_agentd")
    dummy, lines = read(ended(failure))
    assert [line["text"] for line in lines if line["level"] == "ERROR"] == [
        "COM32001 host1 (host id 1002): still running: ocp_agentd"
    ]
    assert lines[-1]["text"].endswith("new state: FAILED")


def test_a_message_cannot_pass_for_lines_of_the_log(ended: Callable[[Outcome], str]) -> None:
    forged = "############{EXECUTE}{2021-09-03T15:01:11+08:00}############"
    log = ended(Outcome.failure(STILL_RUNNING, f"db1: it says\n{forged}", OUTCOME.started, OUTCOME.finished))
    assert f"db1: it says\n    {forged}\n" in log
    assert len([line for line in log.splitlines() if HEAD.fullmatch(line)]) == 1


def test_what_was_never_begun_has_a_block_too(ended: Callable[[Outcome], str]) -> None:
    head, lines = read(ended(Outcome.failure(CANCELLED, "before its turn")))
    assert HEAD.fullmatch(head[0]), "the time is now"
    assert [line["level"] for line in lines] == ["INFO", "ERROR", "INFO"]


def test_no_line_is_later_than_the_end(ended: Callable[[Outcome], str]) -> None:
    """The host rounds its seconds, and its clock may run faster."""
    late = replace(OUTCOME, log=[(1.4996, "SIGTERM to ocp_agentd (pid 13)"), (1.51, "it ended"), (7.0, "none is left")])
    dummy, lines = read(ended(late))
    assert [line["time"].split()[1] for line in lines[1:]] == ["15:01:12.999"] + ["15:01:13.000"] * 3


def test_a_wait_node_has_no_host(new_task: NewTask) -> None:
    task = new_task(1)
    task.stages[1][0].status = "READY"
    outcome = Outcome(started="2021-09-03T15:01:13+08:00", finished="2021-09-03T15:01:13+08:00")
    task.stages[1][0].settle(outcome)
    dummy, lines = read(block(task, task.stages[1][0], outcome, TRACE))
    assert {line["thread"] for line in lines} == {f"localhost,{TRACE}"}
    assert "host_id" not in context(lines[0])


def test_every_ended_subtask_has_its_block(new_task: NewTask, success: Outcome) -> None:
    task = new_task(2)
    settled = task.settle("prepare", {0: success})
    found = blocks(task, settled, TRACE)
    assert found.keys() == {7001, 7002}
    assert "new state: SUCCESSFUL" in found[7001]
    assert "new state: FAILED" in found[7002]


def test_the_operation_is_that_of_the_execution(new_task: NewTask, success: Outcome) -> None:
    task = new_task(1)
    task.operation = task.stages[0][0].operation = "RETRY"
    head, lines = read(blocks(task, task.settle("prepare", {0: success}), TRACE)[7001])
    assert (head["operation"], context(lines[0])["task_operation"]) == ("RETRY", "retry")


def test_the_context_of_the_request_is_in_the_log(new_task: NewTask) -> None:
    task = new_task(1)
    settled = task.settle("prepare", {0: OUTCOME})
    dummy, lines = read(blocks(task, settled, TRACE, {"awx_job_id": "17"})[settled[0][0].id])
    assert context(lines[0])["awx_job_id"] == "17"
