# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refused requests: OCP's error envelope, exit status 2, and no host is contacted."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cores import PATIENCE, Core, end
from tests.integration.refusals import HOSTS, Listener, check_refusal, inventory

EVIL = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}"


# the host ids, the HTTP status, OCP's code, and the texts in the message
REFUSED = {
    "empty list": ([], 400, "COM10001", ["hostIds"]),
    "empty text": ("", 400, "COM10001", ["hostIds is required"]),
    "duplicate": ([1001, 1002, 1001], 400, "COM10001", ["1001"]),
    "unknown": ([1001, 4711, 4712], 404, "CMP07005", ["4711", "4712"]),
    "zero and negative": ([0, -1], 400, "COM10001", ["0", "-1"]),
    "larger than a long": ([2**63], 400, "COM10001", [str(2**63)]),
    "boolean and float": ([True, 1001.0, 1e400], 400, "COM10001", ["True", "1001.0", "inf"]),
    "text": (["db1", "0x10", "010"], 400, "COM10001", ["db1", "0x10", "010"]),
    "cut by key=value": ("[1,", 400, "COM10001", ["[1,", "-e"]),
    "object": ({"id": 1001}, 400, "COM10001", ["id"]),
}

ACCEPTED = {
    "JSON in a text": "[1001, 1002]",
    "commas": "1001, 1002",
    "lines": "1001\n1002\n",
    "numbers as texts": ["1001", "1002"],
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(core: Core, listener: Listener, tmp_path: Path, case: str) -> None:
    host_ids, status, code, named = REFUSED[case]
    run = core.stop_agents(inventory(tmp_path, listener, HOSTS), tmp_path / "response.json", {"host_ids": host_ids})
    check_refusal(run, status, code, named)
    assert not listener.contacted()


@pytest.mark.parametrize(("name", "case"), list(zip(("host_ids", "hostIds") * 2, ACCEPTED, strict=True)))
def test_accepted(newest_core: Core, listener: Listener, tmp_path: Path, name: str, case: str) -> None:
    listener.close()  # an accepted request contacts it, and finds nobody
    run = newest_core.stop_agents(
        inventory(tmp_path, listener, HOSTS), tmp_path / "response.json", {name: ACCEPTED[case]}
    )
    assert run.status == 2, run.output
    assert run.task["context"]["listMap"]["host_ids"] == ["1001", "1002"]
    assert run.statuses("Prepare stop OCP agent") == ["FAILED", "FAILED"]


@pytest.mark.parametrize("place", ["text", "list"])
def test_template_is_data(each_core: Core, listener: Listener, tmp_path: Path, place: str) -> None:
    witness = tmp_path / "evaluated"
    template = EVIL % witness
    extra = {"host_ids": template if place == "text" else [1001, template]}
    run = each_core.stop_agents(inventory(tmp_path, listener, HOSTS), tmp_path / "response.json", extra)
    check_refusal(run, 400, "COM10001", ["{{ lookup"])
    assert not witness.exists()
    assert not listener.contacted()


def test_key_value_form(newest_core: Core, listener: Listener, tmp_path: Path) -> None:
    """This is what a shell user types first: key=value cuts a list at its first blank."""
    run = newest_core.stop_agents(
        inventory(tmp_path, listener, HOSTS), tmp_path / "response.json", {}, "-e", "host_ids=[1001, 1002]"
    )
    check_refusal(run, 400, "COM10001", ["[1001,", '{"host_ids": [1001, 1002]}'])


def test_nothing_given_and_two_that_differ(newest_core: Core, listener: Listener, tmp_path: Path) -> None:
    path = inventory(tmp_path, listener, HOSTS)
    check_refusal(newest_core.stop_agents(path, tmp_path / "r.json", {}), 400, "COM10001", ["hostIds is required"])
    differing = {"host_ids": [1001], "hostIds": [1002]}
    check_refusal(newest_core.stop_agents(path, tmp_path / "r.json", differing), 400, "COM10001", ["differ"])


@pytest.mark.parametrize(
    ("hosts", "groups", "status", "code", "named"),
    [
        ({"db1": 1001, "db2": 1001}, (), 409, "COM10005", ["1001", "db1", "db2"]),
        ({"db1": [1001, 1002]}, (), 409, "COM10005", ["db1"]),
        ({"db1": 1001}, ("db1",), 400, "COM10001", ["db1"]),
        ({"all:!x": 1001}, (), 400, "COM10001", ["all:!x"]),
        ({"~db.*": 1001}, (), 400, "COM10001", ["~db.*"]),
        ({"db*": 1001}, (), 400, "COM10001", ["db*"]),
        ({"db1": True}, (), 404, "CMP07005", ["1001", "db1"]),
    ],
    ids=["one id on two hosts", "two ids on one host", "group", "exclusion", "regex", "wildcard", "id that is none"],
)
def test_inventories(
    core: Core, listener: Listener, tmp_path: Path, hosts: dict[str, Any], groups: tuple[str, ...], status: int,
    code: str, named: list[str],
) -> None:
    path = inventory(tmp_path, listener, hosts, groups)
    run = core.stop_agents(path, tmp_path / "response.json", {"host_ids": [1001]})
    check_refusal(run, status, code, named)
    assert not listener.contacted()


@pytest.mark.parametrize(
    ("extra", "named"),
    [
        ({"ocp_max_fail_percentage": 101}, "ocp_max_fail_percentage"),
        ({"ocp_max_fail_percentage": "many"}, "ocp_max_fail_percentage"),
        ({"ocp_stop_timeout": 0}, "ocp_stop_timeout"),
        ({"ocp_wait_timeout": "soon"}, "ocp_wait_timeout"),
    ],
)
def test_settings(newest_core: Core, listener: Listener, tmp_path: Path, extra: dict[str, Any], named: str) -> None:
    path = inventory(tmp_path, listener, HOSTS)
    run = newest_core.stop_agents(path, tmp_path / "response.json", {"host_ids": [1001], **extra})
    check_refusal(run, 400, "COM10001", [named])
    assert not listener.contacted()


def test_response_file_that_cannot_be_written(core: Core, listener: Listener, tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "response.json"
    run = core.stop_agents(inventory(tmp_path, listener, HOSTS), missing, {"host_ids": [1001]})
    assert run.status == 2
    assert f"cannot be written to {missing}" in run.output
    assert "PLAY [Prepare]" not in run.output
    assert not listener.contacted()


def test_response_is_a_statistic(core: Core, listener: Listener, tmp_path: Path) -> None:
    """AWX and ansible-runner read the response there. It is the same as in the file."""
    run = core.stop_agents(
        inventory(tmp_path, listener, HOSTS), tmp_path / "r.json", {"host_ids": [4711]}, ANSIBLE_SHOW_CUSTOM_STATS="1"
    )
    line = next(line for line in run.output.splitlines() if "RUN: " in line)
    assert json.loads(line.split("RUN: ", 1)[1]) == {"ocp_response": run.response}


# Refusals that must reach the caller


STALE = {"data": {"status": "SUCCESSFUL", "id": 1}, "successful": True, "status": 200}
WRONG_ARGUMENTS = {
    "force": {"ocp_force": "maybe"},
    "codes": {"ocp_error_codes": "5.0"},
    "workflow": {"ocp_workflow_timeout": 5, "ocp_workflow": "perhaps"},
    "rollback": {"ocp_prohibit_rollback": "never"},
}


@pytest.mark.parametrize("case", WRONG_ARGUMENTS)
def test_whatever_is_wrong_the_response_is_not_the_last_one(
    newest_core: Core, listener: Listener, tmp_path: Path, case: str
) -> None:
    response_file = tmp_path / "response.json"
    response_file.write_text(json.dumps(STALE))
    extra = {"host_ids": [1001], **WRONG_ARGUMENTS[case]}
    hosts = inventory(tmp_path, listener, HOSTS)
    run = end(newest_core.start(hosts, response_file, extra), response_file)
    check_refusal(run, 400, "COM10001", [next(reversed(WRONG_ARGUMENTS[case]))])
    assert not listener.contacted()


@pytest.mark.parametrize("playbook", ["task_retry", "task_rollback", "subtask_skip"])
def test_so_it_is_for_a_task_that_is_taken_up(
    newest_core: Core, listener: Listener, tmp_path: Path, playbook: str
) -> None:
    response_file = tmp_path / "response.json"
    response_file.write_text(json.dumps(STALE))
    extra = {"task_id": 1, "subtask_id": 2, "ocp_force": "maybe"}
    hosts = inventory(tmp_path, listener, HOSTS)
    run = end(newest_core.start(hosts, response_file, extra, playbook=playbook), response_file)
    check_refusal(run, 400, "COM10001", ["ocp_force", "maybe"])


ACCEPTED_STATE = {"task": {"id": 1, "status": "RUNNING", "hosts": 1}, "timeouts": {"prepare": 60}, "goal": "stopped"}
ALL_REST = {"rest": {"db1": {}}, "answers": {}}
FORGED = {
    "the answer to the request": {"ocp_run": {"run": {**ACCEPTED_STATE, "answered": False, "state": "{}"}}},
    "what is left to tasks": {"ocp_fan_outs": {**ALL_REST, "task": 1, "phase": "stop"}},
    "results of hosts": {"stop_result": {"started_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:00Z"}},
    "the report": {"report_result": {"successful": True, "plan": [], "msg": "all agents were stopped"}},
    "the goal": {"prepare_goal": "running", "finish_goal": "running"},
    "the phase of a barrier": {"wait_phase": "finish"},
    "the phase of plays": {"phase_name": "finish"},
    "the operation": {"ocp_operation": "batch_start_agents"},
}


@pytest.mark.parametrize(("case", "host_id"), list(zip(FORGED, (1001, 4711) * 4, strict=False)))
def test_what_plays_hand_on_cannot_be_given(
    core: Core, listener: Listener, tmp_path: Path, case: str, host_id: int
) -> None:
    """An extra variable overrides a registered one. With it a refused request (4711 is unknown) must not continue."""
    extra = {"host_ids": [host_id], **FORGED[case]}
    run = core.stop_agents(inventory(tmp_path, listener, HOSTS), tmp_path / "response.json", extra)
    check_refusal(run, 400, "COM10001", sorted(FORGED[case]))
    assert not listener.contacted()


def test_what_other_playbooks_hand_on_cannot_be_given(
    newest_core: Core, listener: Listener, tmp_path: Path
) -> None:
    hosts, response_file = inventory(tmp_path, listener, HOSTS), tmp_path / "response.json"
    forged: list[tuple[str, dict[str, Any]]] = [
        ("task_retry", {"ocp_intervention": "skip", "task_id": 1, "subtask_id": 2}),
        ("workflow_accept", {"ocp_workflow": False, "ocp_operation": "batch_stop_agents", "host_ids": [1001]}),
        ("workflow_barrier", {"ocp_last_barrier": True, "ocp_task_id": 1}),
        ("workflow_phase", {"ocp_run": {"run": {}}, "ocp_task_id": 1}),
        ("task_cancel", {"ocp_cancelled": {"msg": "task 1 is being cancelled"}, "task_id": 1}),
    ]
    for playbook, extra in forged:
        run = newest_core.stop_agents(hosts, response_file, extra, playbook=playbook)
        assert run.status == 2, run.output
        assert run.says("400 COM10001: " + next(iter(extra))), run.output
    assert not listener.contacted()


@pytest.mark.parametrize("transport", ["fanout", "task"])
@pytest.mark.parametrize("host_ids", [[1001, 1002], [4711]], ids=["accepted", "refused"])
def test_stdout_is_the_callbacks(
    newest_core: Core, listener: Listener, tmp_path: Path, transport: str, host_ids: list[int]
) -> None:
    """JSON stays JSON: other messages of a run go to stderr."""
    listener.close()
    extra = {"host_ids": host_ids, "ocp_transport": transport, "ocp_response_file": str(tmp_path / "response.json")}
    hosts = inventory(tmp_path, listener, HOSTS)
    command = ["ansible-playbook", f"-i{hosts}", "oceanbase.ocp.batch_stop_agents", f"-e{json.dumps(extra)}"]
    run = subprocess.run(
        [newest_core.bin / command[0], *command[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=newest_core.environment(
            ANSIBLE_CALLBACK_PLUGINS=str(Path(__file__).with_name("callback")), ANSIBLE_STDOUT_CALLBACK="one_document"
        ),
        timeout=PATIENCE,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert "localhost" in json.loads(run.stdout)["hosts"]
    if transport == "fanout" and host_ids != [4711]:
        assert "prepare: 2 hosts in one fan-out" in run.stderr
