# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows of the example project, node by node and slice by slice, checked in the hosts' process tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from oceanbase_ocp import subtask_log, task_info
from tests.awx import Awx, Inventory, Job
from tests.awx.configuration import templates
from tests.awx.conftest import Shared
from tests.fleet import Fleet, HostSpec
from tests.integration.graph import check_graph, check_truth
from tests.integration.refusals import Listener

from .test_job import error_of, nowhere, running

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

STOP_AGENTS = "OCP stop agents, sliced"
NODES = ["accept", "prepare", "prepare_barrier", "stop", "stop_barrier", "finish", "report"]
SLOW = HostSpec(behaviour="daemon_ignores_sigterm")
RETRY = templates()["OCP retry a task"]


def ids(fleet: Fleet) -> dict[str, Any]:
    """The answer to the survey."""
    return {"host_ids": "\n".join(str(host.host_id) for host in fleet.hosts)}


def outcomes(jobs: dict[str, list[Job]]) -> dict[str, list[str]]:
    return {node: [job.status for job in several] for node, several in jobs.items()}


def whole(job: Job) -> dict[str, Any]:
    """The whole task of a job, even if its artifacts have only a summary."""
    for line in job.output.splitlines():
        if line.startswith("OCP_RESPONSE "):
            found: dict[str, Any] = json.loads(line.removeprefix("OCP_RESPONSE "))["data"]
            return found
    data: dict[str, Any] = job.response["data"]
    return data


def errors(task: dict[str, Any]) -> dict[tuple[str, int], dict[str, str]]:
    """Errors by the first word of the subtask's name, and the index of the host."""
    failed = [subtask for subtask in task["subtasks"] if "error" in subtask]
    return {(subtask["name"].split()[0], subtask["parallelIdx"]): subtask["error"] for subtask in failed}


def test_a_fleet_in_slices(awx_with_store: Awx, shared: Shared, start_fleet: StartFleet) -> None:
    """58 hosts, four of which are down: the others are stopped, each by one slice, once. They are no multiple of 3."""
    slices, down = 3, [5, 6, 33, 57]
    specs = [HostSpec(behaviour="sshd_down" if n in down else "normal", bystanders=False) for n in range(58)]
    fleet = start_fleet(specs)

    jobs = awx_with_store.run_workflow(
        STOP_AGENTS, Inventory.of(fleet), {**ids(fleet), "ocp_max_fail_percentage": "10"}, slices=slices
    )

    assert list(jobs) == NODES, outcomes(jobs)
    assert running(fleet) == [n in down for n in range(58)]
    assert outcomes(jobs) == {
        "accept": ["successful"],
        "prepare": ["failed" if any(n % slices == piece for n in down) else "successful" for piece in range(slices)],
        "prepare_barrier": ["successful"],
        "stop": ["successful"] * slices,
        "stop_barrier": ["successful"],
        "finish": ["successful"] * slices,
        "report": ["failed"],
    }
    (report,) = jobs["report"]
    assert len(json.dumps(report.artifacts)) < 70_000
    summary = report.response["data"]
    assert summary["summary"]["hosts"] == 58
    assert [subtask["parallelIdx"] for subtask in summary["failedSubtasks"]] == down
    task = whole(report)
    check_graph(task, hosts=58)
    check_truth(task)
    assert (task["status"], task["creator"]) == ("FAILED", "alice")
    assert {key: error["code"] for key, error in errors(task).items()} == {("Prepare", n): "CMP07002" for n in down}
    assert {subtask["runTime"] for subtask in task["subtasks"]} == {1}
    assert task["context"]["stringMap"]["awx_workflow_job_id"].startswith("7")
    for stop in [subtask for subtask in task["subtasks"] if subtask["name"].startswith("Stop")][::9]:
        if stop["status"] == "SUCCESSFUL":
            log = subtask_log(task["id"], stop["id"], task_store=shared.url)["data"]["log"]
            assert log.count("############{EXECUTE}") == 1
            piece = stop["parallelIdx"] % slices
            assert f"slice: job {jobs['stop'][piece].id} of AWX on node{piece + 1}, " in log
    stored = task_info(task["id"], task_store=shared.url)["data"]
    assert stored["status"] == "FAILED"


def test_a_slice_that_is_killed(awx_with_store: Awx, start_fleet: StartFleet) -> None:
    """The barrier notices after its timeout. The other slices' outcomes count, and a retry in one job does the rest.

    tests/integration/test_workflow.py does so in each phase.
    """
    fleet = start_fleet([SLOW if n == 1 else HostSpec() for n in range(4)])
    victim = fleet.hosts[1]  # it is in the second of two slices

    def kill(jobs: list[Job]) -> None:
        victim.wait_for((victim.home / "run/admin.lock").exists, "Stop has not begun")
        jobs[1].kill()
        jobs[1].wait()

    jobs = awx_with_store.run_workflow(
        STOP_AGENTS,
        Inventory.of(fleet),
        {**ids(fleet), "ocp_max_fail_percentage": "50", "ocp_wait_timeout": "10"},
        slices=2,
        during={"stop": kill},
    )

    assert list(jobs) == NODES, outcomes(jobs)
    assert jobs["stop"][1].status == "error"
    (report,) = jobs["report"]
    task = whole(report)
    check_truth(task)
    assert task["status"] == "FAILED"
    failed = errors(task)
    assert {index for dummy, index in failed} <= {1, 3}, "the slice had these two"
    assert victim.name in failed["Stop", 1]["message"]
    victim.wait_for(lambda: not victim.agent_names(), "what was begun on a host ends there")

    again = awx_with_store.launch(RETRY, Inventory.of(fleet), {"task_id": task["id"]}).wait()

    assert again.status == "successful", again.output
    assert running(fleet) == [False] * 4


def test_a_host_of_two_workflows(awx_with_store: Awx, start_fleet: StartFleet) -> None:
    fleet = start_fleet([HostSpec()] * 4)
    others: dict[str, list[Job]] = {}

    def meanwhile(_jobs: list[Job]) -> None:
        given = {"host_ids": "1004\n1003"}
        others.update(awx_with_store.run_workflow(STOP_AGENTS, Inventory.of(fleet), given, slices=1))

    jobs = awx_with_store.run_workflow(
        STOP_AGENTS, Inventory.of(fleet), {"host_ids": "1001\n1002\n1003"}, slices=1, during={"prepare": meanwhile}
    )

    assert list(others) == ["accept"]
    assert error_of(others["accept"][0])["code"] == "BAK29003"
    assert [status for several in outcomes(jobs).values() for status in several] == ["successful"] * 7
    assert running(fleet) == [False, False, False, True]


def test_a_node_that_is_relaunched(awx_with_store: Awx, start_fleet: StartFleet) -> None:
    """Outcomes were handed in already, so the relaunch changes nothing, and says so."""
    fleet = start_fleet([HostSpec()] * 2)
    first: list[Job] = []
    again: list[Job] = []

    def relaunch(_jobs: list[Job]) -> None:
        again.extend(awx_with_store.relaunch(job).wait() for job in first)

    jobs = awx_with_store.run_workflow(
        STOP_AGENTS,
        Inventory.of(fleet),
        ids(fleet),
        slices=1,
        during={"stop": first.extend, "finish": relaunch},
    )

    assert len(again) == 1
    for job in again:
        assert job.status == "successful", job.output
        assert "nothing is due" in job.output
    task = whole(jobs["report"][0])
    check_truth(task)
    assert task["status"] == "SUCCESSFUL"
    # a relaunch after the end is no failure either
    late_slice, late_barrier = (awx_with_store.relaunch(job).wait() for job in (first[0], jobs["stop_barrier"][0]))
    assert late_slice.status == "successful", late_slice.output
    assert f"task {task['id']} has ended SUCCESSFUL: nothing is due" in late_slice.output
    assert late_barrier.status == "successful", late_barrier.output
    assert whole(late_barrier)["subtasks"] == task["subtasks"]
    assert running(fleet) == [False, False]


def test_a_workflow_without_a_store(awx: Awx, listener: Listener) -> None:
    jobs = awx.run_workflow(STOP_AGENTS, nowhere(listener), {"host_ids": "1001"}, slices=3)

    assert list(jobs) == ["accept"]
    assert "ocp_task_store" in error_of(jobs["accept"][0])["message"]
    assert not listener.contacted()


def test_a_workflow_in_check_mode(awx_with_store: Awx, shared: Shared, listener: Listener) -> None:
    """It creates no task, and says so at every node. No host is contacted."""
    known = templates()
    given = {"host_ids": "1001", "ocp_operation": "batch_stop_agents", "ocp_phase": "stop"}
    for node in ("accept", "phase", "barrier", "report"):
        template = replace(known[f"OCP workflow {node}"], asks=True, check=True)
        job = awx_with_store.launch(template, nowhere(listener), given).wait()
        assert job.status == "successful", job.output
        assert "check mode" in job.output
        assert "ocp_task_id" not in job.artifacts
    assert task_info(task_store=shared.url)["data"]["contents"] == []
    assert not listener.contacted()
