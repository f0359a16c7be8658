# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types are those of what is really given and returned, and mypy sees a mistake by them."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import typing
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from ansible_runner import Runner, RunnerConfig
from ansible_runner.config._base import BaseConfig

import oceanbase_ocp
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, NO_CONNECTION, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task
from oceanbase_ocp import _types
from oceanbase_ocp._arguments import _KEPT_FROM_CALLERS, check_keywords

ASKED = Request("688d3147a10b45e8", "192.0.2.7", 0, context={"awx_job_id": "7"})
CALLER = '''
from oceanbase_ocp import Response, agent_info, batch_stop_agents, host_agent, submit
from oceanbase_ocp import subtask_log, task_info, task_retry


def stop(path: str) -> list[int]:
    response = batch_stop_agents([1001, 1002], inventory=path, forks=7, timeout=60, extravars={"ocp_force": True})
    batch_stop_agents(hosts="all:!db003", inventory={"all": {}}, worker=["ssh", "bastion"])
    with submit(["1001"], inventory=[path], event_handler=print, quiet=False) as submission:
        print(submission.create_response["data"]["id"])
    again: Response = task_retry(7, inventory=path, limit="all")
    print(again["error"]["subErrors"][0]["field"])
    print(task_info(7)["data"]["creator"]["name"], task_info(status="FAILED")["data"]["page"]["totalPages"])
    print(agent_info(inventory=path)["data"]["contents"][0]["state"], host_agent(1001, inventory=path)["data"]["pid"])
    print(subtask_log(7, host_id="db001")["data"]["log"].upper())
    return [subtask["id"] for subtask in response["data"]["subtasks"] if subtask["status"] == "FAILED"]
'''
# a line of a caller, and what mypy says to it
WRONG = {
    'batch_stop_agents([1001], inventroy="hosts")': 'Unexpected keyword argument "inventroy"',
    'submit([1001], inventory="hosts", fork=3)': 'Unexpected keyword argument "fork"',
    "task_retry(7, host_ids=[1001])": 'Unexpected keyword argument "host_ids"',
    'batch_stop_agents([1001], inventory="hosts", forks="7")': "incompatible type",
    'submit([1001], operation="batch_stop_agent")': "incompatible type",
    'batch_stop_agents([1001])["data"]["state"]': 'has no key "state"',
    'batch_stop_agents([1001])["data"]["status"] == "DONE"': "Non-overlapping equality check",
    'task_info(7)["data"]["contents"]': 'has no key "contents"',
    'host_agent(1001, inventroy="hosts")': 'Unexpected keyword argument "inventroy"',
    'agent_info(inventory="hosts")["data"]["agents"]': 'has no key "agents"',
    'task_info(7, status="FAILED")': "No overload variant",
}


def test_mypy_passes_a_caller_and_sees_its_mistakes(tmp_path: Path) -> None:
    """In one run: mypy reads ansible-runner's and our own files for seconds."""
    file = tmp_path / "caller.py"
    file.write_text(CALLER + "\n\n" + "\n".join(WRONG) + "\n")
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={tmp_path}/cache", file.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    first = len(CALLER.splitlines()) + 3
    found: dict[int, str] = {}
    for line in run.stdout.splitlines():
        match = re.match(r"caller\.py:(\d+): error: (.*)", line)
        assert match or not line.startswith("caller.py") or ": note: " in line, line
        if match:
            found[int(match[1])] = found.get(int(match[1]), "") + match[2]
    assert sorted(found) == list(range(first, first + len(WRONG))), run.stdout + run.stderr
    for number, text in enumerate(WRONG.values(), first):
        assert text in found[number]


def test_the_keywords_are_those_of_ansible_runner() -> None:
    there = {"debug", "ignore_logging", "logfile"}.union(
        *(inspect.signature(kind.__init__).parameters for kind in (BaseConfig, RunnerConfig, Runner))
    )
    ours = {"config", "extravars", "inventory", "kwargs", "self"}
    of_containers = {name for name in there if name.startswith(("container_", "process_isolation"))}
    assert _types.RunnerOptions.__optional_keys__ == there - ours - of_containers - _KEPT_FROM_CALLERS.keys()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("inventroy", ": did you mean inventory?"),
        ("fork", ": did you mean forks?"),
        ("host_id", ": did you mean host_ids?"),
        ("max_fail_percent", ": did you mean max_fail_percentage?"),
        ("zzz", ""),
    ],
)
def test_a_keyword_that_there_is_none_of(name: str, hint: str) -> None:
    with pytest.raises(TypeError) as raised:
        oceanbase_ocp.batch_stop_agents([1001], **{name: 1})  # type: ignore[arg-type]
    assert str(raised.value) == f"{name} is no keyword of oceanbase_ocp or of ansible_runner.run{hint}"


def test_every_keyword_of_ansible_runner_can_be_given() -> None:
    check_keywords(dict.fromkeys(_types.RunnerOptions.__optional_keys__ | {"container_image"}))


def check(value: Any, kind: Any, path: str) -> None:
    """Whether a value is of a type of the responses, with no key more."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if typing.is_typeddict(kind):
        hints = typing.get_type_hints(kind)
        assert kind.__required_keys__ <= value.keys() <= hints.keys(), path
        for key, item in value.items():
            check(item, hints[key], f"{path}.{key}")
    elif origin is list:
        for item in value:
            check(item, arguments[0], f"{path}[]")
    elif origin is dict:
        for item in value.values():
            check(item, arguments[1], f"{path}{{}}")
    elif origin is typing.Literal:
        assert value in arguments, path
    elif kind is not Any:
        assert isinstance(value, kind), path


@pytest.fixture
def task() -> Callable[[bool], Task]:
    def make(failing: bool) -> Task:
        targets = [Target(1001, "db001"), Target(1002, "db002")]
        made = Task.create(
            "batch_stop_agents", targets, task_id=1, first_subtask_id=1, creator="alice", executor="192.0.2.7",
            started="2026-11-28T11:00:00+00:00",
        )
        if failing:
            made.begin()
            moment = "2026-11-28T11:00:01+00:00"
            outcome = Outcome.failure(NO_CONNECTION, "no way to the host", moment, moment)
            made.settle("prepare", {0: outcome, 1: Outcome(started=moment, finished=moment, changed=False)})
            made.close("2026-11-28T11:00:02+00:00")
        return made

    return make


@pytest.mark.parametrize("failing", [False, True])
def test_responses_are_of_their_types(task: Callable[[bool], Task], failing: bool) -> None:
    made = task(failing)
    check(ASKED.respond(made), oceanbase_ocp.Response, "created")
    check(ASKED.detail(made), oceanbase_ocp.TaskDetailResponse, "detail")
    check(ASKED.page([made], 1, 1, 10), oceanbase_ocp.TaskPageResponse, "page")
    check(ASKED.success({"log": "text"}), oceanbase_ocp.SubtaskLogResponse, "log")
    sub_error = {"object": "request", "field": "hostIds", "rejectedValue": None, "message": "must not be empty"}
    check(ASKED.refuse(OcpError(INVALID, "hostIds is required", [sub_error])), oceanbase_ocp.Response, "refused")


def test_the_version_is_that_of_the_distribution() -> None:
    assert oceanbase_ocp.__version__ == version("oceanbase-ocp")
