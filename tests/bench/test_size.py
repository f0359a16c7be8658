# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.carrier import answer, call, with_id
from tests.bench.contenders import BenchError
from tests.bench.machine import ROOT
from tests.bench.size.figures import Node, Sizes, Workflow, load, save
from tests.bench.size.page import markdown
from tests.bench.size.recorded import PHASES, Recording
from tests.bench.size.simulated import Hosts, Tally
from tests.bench.size.workflow import check_hosts, check_task, measure_workflow
from tests.integration.graph import check_graph, check_truth

RUN = {
    "date": "2026-11-01T12:00:00+00:00",
    "command": "python -m tests.bench size",
    "machine": {"processor": "one", "cores": 2, "memory": 24 * 10**9, "kernel": "6.1", "load before": 0.25},
    "versions": {"ansible-core": "2.21.0"},
}
NODES = ["accept", "prepare", "barrier", "stop", "barrier 2", "finish", "report"]
SLICED = ["prepare", "stop", "finish"]
STOP = Recording(
    {"phase": "stop", "timeout": 600, "ran_as": None},
    {
        "changed": True,
        "stopped_at": 1.0,
        "boot_id": "that of the real host",
        "processes": [{"program": "ocp_agentd", "pid": 14}],
        "log": [[0.1, "SIGTERM to ocp_agentd (pid 14)"]],
    },
    0.5,
)


def workflow(hosts: int, slices: int, scale: float = 1.0) -> Workflow:
    found = Workflow(hosts, slices, RUN, {"prepare": 0.02, "stop": 0.06, "finish": 3.0})
    found.idle = Node("no tasks", 1, 1.0 * scale, 0.5 * scale, 60_000_000, 0.0, 0.0)
    found.nodes = [
        Node(name, slices if name in SLICED else 1, 10.0 * scale, 5.0 * scale, 80_000_000, 1.0, 0.1) for name in NODES
    ]
    found.store_accepted, found.store_ended = int(1e6 * scale), int(3e6 * scale)
    return found


@pytest.mark.fleet
def test_a_workflow_over_simulated_hosts(tmp_path: Path) -> None:
    """20 hosts in two slices: every subtask is there and SUCCESSFUL, and every host had a connection in every phase."""
    found = measure_workflow(20, 2, tmp_path)

    task = json.loads((tmp_path / "response.json").read_text())["data"]
    check_graph(task, hosts=20)
    check_truth(task)
    assert task["status"] == "SUCCESSFUL"
    assert (found.connections, found.most_connections) == (60, 20)
    assert [node.name for node in found.nodes] == NODES
    for node in found.nodes:
        assert node.jobs == (2 if node.name in SLICED else 1)
        assert (node.hosts_cpu > 0.02) == (node.name in SLICED), node
        assert node.wall > 0.5
        assert node.cpu > 0.5
        assert node.store_cpu > 0
        assert node.peak_process > 40_000_000
    assert found.node("finish").wall > found.phase_seconds["finish"] > 3  # includes the settle time
    assert 0 < found.store_accepted < found.store_ended == sum(found.tables.values())
    assert found.response > 20 * 3 * 300
    assert 1000 < found.statistic < 64 * 1024


@pytest.mark.parametrize(
    ("phases", "problems", "says"),
    [
        ({0: list(PHASES), 1: ["prepare", "stop"]}, [], r"host 1 was asked for \['prepare', 'stop'\]"),
        ({0: list(PHASES), 1: ["prepare", "stop", "stop", "finish"]}, [], "host 1 was asked for"),
        ({0: list(PHASES)}, [], r"host 1 was asked for \[\]"),
        ({0: list(PHASES), 1: list(PHASES), 2: ["prepare"]}, [], "host 2 was asked for"),
        ({0: list(PHASES), 1: list(PHASES)}, ["host 1: another library"], "another library"),
    ],
    ids=["too little", "twice", "never", "a stranger", "something else"],
)
def test_what_goes_wrong_on_a_host_is_seen(phases: dict[int, list[str]], problems: list[str], says: str) -> None:
    check_hosts(Tally({0: list(PHASES), 1: list(PHASES)}), 2)
    with pytest.raises(BenchError, match=says):
        check_hosts(Tally(phases, problems=problems), 2)


@pytest.mark.parametrize(
    ("status", "subtasks"),
    [
        ("FAILED", ["SUCCESSFUL"] * 8),
        ("SUCCESSFUL", ["SUCCESSFUL"] * 7),
        ("SUCCESSFUL", ["SUCCESSFUL"] * 7 + ["READY"]),
    ],
)
def test_a_task_that_is_not_through_is_seen(status: str, subtasks: list[str]) -> None:
    def task(status: str, subtasks: list[str]) -> dict[str, Any]:
        return {"status": status, "subtasks": [{"status": one} for one in subtasks]}

    check_task(task("SUCCESSFUL", ["SUCCESSFUL"] * 8), 2)
    with pytest.raises(BenchError, match="the task is"):
        check_task(task(status, subtasks), 2)


def test_each_host_answers_with_its_own_processes() -> None:
    hosts = Hosts({"stop": STOP})
    question = with_id("1", call({"phase": "stop", "timeout": 600}))
    answers = []
    for number in (0, 1, 1):
        seconds, line = hosts.answer(number, question)
        assert seconds == 0.5
        told = answer(line, "1")
        assert told
        (process,) = told["processes"]
        assert told["log"] == [[0.1, f"SIGTERM to ocp_agentd (pid {process['pid']})"]]
        assert told["stopped_at"] > 1
        answers.append((process["pid"], told["boot_id"]))
    assert answers[0] != answers[1] == answers[2]
    assert "that of the real host" not in {boot for dummy, boot in answers}
    assert STOP.answer["processes"][0]["pid"] == 14  # the recording is unchanged
    assert hosts.tally.phases == {0: ["stop"], 1: ["stop", "stop"]}


def test_what_was_not_recorded_is_not_answered() -> None:
    hosts = Hosts({"stop": STOP})
    hosts.answer(0, with_id("1", call({"phase": "stop", "timeout": 600})))
    for other in ({"phase": "stop", "timeout": 60}, {"phase": "finish", "timeout": 600}):
        with pytest.raises(ValueError, match="no recording"):
            hosts.answer(0, with_id("1", call(other)))
    assert hosts.tally.phases == {0: ["stop"]}


def test_the_page_has_the_growth_and_what_several_nodes_would_take(tmp_path: Path) -> None:
    sizes = Sizes()
    for one in (workflow(10_000, 10, 8.0), workflow(1_000, 1, 2.0), workflow(1_000, 10)):
        sizes.put(one)
    save(sizes, tmp_path / "size.json")
    assert load(tmp_path / "size.json") == sizes
    page = markdown(sizes, 60).splitlines()
    assert "| wall time, s | 1,000 hosts | 10,000 hosts | growth |" in page
    assert "| **whole workflow** | 70.0 | 560.0 | 8.0 |" in page
    assert "| store when the task had ended, MB | 3.0 | 24.0 | 8.0 |" in page
    assert "| stop | 10 | 80.0 | 40.0 | 4.0 | 80 | 1.0 | 0.1 |" in page
    assert "| stop | 1,000 hosts, one slice | 20.0 | 10.0 | 80 |" in page
    assert "| **whole workflow** |  | 380 |  |  |" in page  # four nodes over all hosts, and three of a slice


def test_newer_figures_replace_those_of_the_same_size() -> None:
    sizes = Sizes([workflow(1_000, 10)])
    sizes.put(workflow(1_000, 10, 2.0))
    assert [one.store_ended for one in sizes.workflows] == [6_000_000]


def test_report_writes_the_page_again(tmp_path: Path) -> None:
    save(Sizes([workflow(1_000, 10)]), tmp_path / "size.json")  # with one size only, the page shows no growth
    command = [sys.executable, "-m", "tests.bench", "report", "--no-plot", f"--output={tmp_path}"]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)
    page = (tmp_path / "size.md").read_text()
    assert "### Node by node, 1,000 hosts" in page
    assert "growth" not in page
