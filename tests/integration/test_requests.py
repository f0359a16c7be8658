# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that are refused: OCP's error envelope, exit status 2, and no host is contacted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cores import Core
from tests.integration.refusals import HOSTS, Listener, check_refusal, inventory

EVIL = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}"


# the host ids, the HTTP status, OCP's code, and what the message must name
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


@pytest.mark.parametrize("case", ACCEPTED)
@pytest.mark.parametrize("name", ["host_ids", "hostIds"])
def test_accepted(newest_core: Core, listener: Listener, tmp_path: Path, case: str, name: str) -> None:
    listener.close()  # who is accepted is contacted, and refused there
    run = newest_core.stop_agents(
        inventory(tmp_path, listener, HOSTS), tmp_path / "response.json", {name: ACCEPTED[case]}
    )
    assert run.status == 2, run.output
    assert run.task["context"]["listMap"]["host_ids"] == ["1001", "1002"]
    assert run.statuses("Prepare stop OCP agent") == ["FAILED", "FAILED"]


@pytest.mark.parametrize("place", ["text", "list"])
def test_template_is_data(core: Core, listener: Listener, tmp_path: Path, place: str) -> None:
    witness = tmp_path / "evaluated"
    template = EVIL % witness
    extra = {"host_ids": template if place == "text" else [1001, template]}
    run = core.stop_agents(inventory(tmp_path, listener, HOSTS), tmp_path / "response.json", extra)
    check_refusal(run, 400, "COM10001", ["{{ lookup"])
    assert not witness.exists()
    assert not listener.contacted()


def test_key_value_form(newest_core: Core, listener: Listener, tmp_path: Path) -> None:
    """What a shell user types first: key=value cuts a list at its first blank."""
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
    """AWX and ansible-runner read the response there; it is the same as in the file."""
    run = core.stop_agents(
        inventory(tmp_path, listener, HOSTS), tmp_path / "r.json", {"host_ids": [4711]}, ANSIBLE_SHOW_CUSTOM_STATS="1"
    )
    line = next(line for line in run.output.splitlines() if "RUN: " in line)
    assert json.loads(line.split("RUN: ", 1)[1]) == {"ocp_response": run.response}
