# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A single job of AWX over AWX's own wire, checked in AWX's output and in the hosts' process tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from oceanbase_ocp import subtask_log, task_info
from tests.awx import Awx, Inventory, Job, Template
from tests.awx.configuration import templates
from tests.awx.conftest import Shared
from tests.fleet import Fleet, HostSpec
from tests.integration.graph import check_graph, check_truth
from tests.integration.refusals import HOSTS, Listener

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

STOP = templates()["OCP stop agents"]
CHECK = replace(STOP, check=True)
RETRY = templates()["OCP retry a task"]
SLOW = HostSpec(behaviour="daemon_ignores_sigterm")
NOT_KEPT = "it cannot be asked for later"
DAY = 86400


def running(fleet: Fleet) -> list[bool]:
    return [bool(host.agent_names()) for host in fleet.hosts]


def error_of(job: Job) -> dict[str, Any]:
    """The error of a job whose request was refused. AWX shows such a job as failed."""
    assert job.status == "failed", job.output
    response = job.response
    assert response["successful"] is False
    error: dict[str, Any] = response["error"]
    assert f"{response['status']} {error['code']}: " in job.output
    return error


def nowhere(listener: Listener) -> Inventory:
    """Hosts that must not be contacted. The listener would notice."""
    address = {"ansible_host": "127.0.0.1", "ansible_port": listener.port}
    return Inventory({name: {**address, "ocp_host_id": value} for name, value in HOSTS.items()})


def test_stops_agents(awx: Awx, start_fleet: StartFleet) -> None:
    fleet = start_fleet([HostSpec()] * 3)

    job = awx.launch(STOP, Inventory.of(fleet), {"host_ids": "1001\n1002\n1003\n"}).wait()

    assert running(fleet) == [False, False, False]
    assert job.status == "successful", job.output
    task = job.response["data"]
    check_graph(task, hosts=3)
    check_truth(task)
    assert (task["status"], task["creator"]) == ("SUCCESSFUL", "alice")
    context = task["context"]["stringMap"]
    assert NOT_KEPT in context.pop("task_store")
    assert NOT_KEPT in job.output
    assert context == {
        "prohibit_rollback": "false",
        "awx_execution_node": "node1",
        "awx_inventory_id": "3",
        "awx_inventory_name": "Production",
        "awx_job_id": str(job.id),
        "awx_job_url": f"https://awx.example.org/#/jobs/playbook/{job.id}",
    }


@pytest.mark.parametrize(
    "given",
    ["1002\n1001", " 1002, 1001 \n", "[1002,1001]", [1002, 1001], ["1002", 1001]],
    ids=["lines", "commas", "text of a list", "list", "list of both"],
)
def test_ids_of_a_survey(awx: Awx, start_fleet: StartFleet, given: object) -> None:
    """Check mode needs the hosts and changes nothing."""
    fleet = start_fleet([HostSpec(), HostSpec()])

    job = awx.launch(CHECK, Inventory.of(fleet), {"host_ids": given}).wait()

    assert job.status == "successful", job.output
    assert job.response["data"]["context"]["listMap"]["host_ids"] == ["1002", "1001"]
    assert job.response["data"]["context"]["stringMap"]["check_mode"] == "true"
    assert "check mode, nothing was changed" in job.output
    assert "SIGTERM to ocp_agentd" in job.output
    assert "Do it:         launch the same template as a run" in job.output
    assert " -e " not in job.output, "a job has no command line"
    assert running(fleet) == [True, True]


def test_one_id_of_an_integer_question(awx: Awx, start_fleet: StartFleet) -> None:
    fleet = start_fleet([HostSpec(), HostSpec()])

    job = awx.launch(STOP, Inventory.of(fleet), {"host_ids": 1002}).wait()

    assert job.status == "successful", job.output
    assert running(fleet) == [True, False]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"host_ids": ""}, 400),
        ({}, 400),
        ({"host_ids": "12:30:45\n1001"}, 400),
        ({"host_ids": "0123, 1001"}, 400),
        ({"host_ids": "1_000, 1001"}, 400),
        # ansible-core from 2.19 on parses AWX's quoted value (!unsafe '0123') again as YAML 1.1: 45045, 83, 1000.
        ({"host_ids": "12:30:45"}, 400),
        ({"host_ids": "0123"}, 400),
        ({"host_ids": "1_000"}, 400),
        ({"host_ids": ["1001", "0123"]}, 400),
        ({"host_ids": "yes"}, 400),
        ({"host_ids": 83}, 404),
        ({"host_ids": "{{ [1001] }}"}, 400),
        ({"host_ids": "1001\n1001"}, 400),
        ({"host_ids": "1001\n4711"}, 404),
    ],
    ids=str,
)
def test_ids_that_are_refused(awx: Awx, listener: Listener, given: dict[str, Any], status: int) -> None:
    job = awx.launch(STOP, nowhere(listener), given).wait()

    assert error_of(job)["code"] == {400: "COM10001", 404: "CMP07005"}[status]
    assert job.response["status"] == status
    assert not listener.contacted()


def test_a_template_that_prompts_for_nothing(awx: Awx, listener: Listener) -> None:
    """AWX drops the ids and says so only in the answer to the launch. The job runs without them."""
    job = awx.launch(Template("batch_stop_agents"), nowhere(listener), {"host_ids": [1001]}).wait()

    assert job.ignored == {"host_ids": [1001]}
    assert "host_ids" in error_of(job)["message"]
    assert not listener.contacted()


@pytest.mark.parametrize("limit", ["db1", "localhost", "localhost,db1", "nobody"])
def test_a_limit_that_leaves_something_out(awx: Awx, listener: Listener, limit: str) -> None:
    """A relaunch on failed hosts is a limit, too. The job is never successful when work is left undone."""
    job = awx.launch(STOP, nowhere(listener), {"host_ids": "1001\n1002"}, limit=limit).wait()
    again = awx.relaunch(job, limit=limit).wait()

    for ended in (job, again):
        assert ended.status == "failed"
        if limit in ("nobody", "localhost"):  # none of the inventory's: ansible-playbook itself refuses to run
            assert "no hosts to target" in ended.output
            assert ended.artifacts == {}
        else:
            assert "--limit" in error_of(ended)["message"]
    assert not listener.contacted()


def test_a_limit_that_leaves_nothing_out(awx: Awx, start_fleet: StartFleet) -> None:
    fleet = start_fleet([HostSpec(), HostSpec()])

    job = awx.launch(STOP, Inventory.of(fleet), {"host_ids": 1001}, limit="localhost,db001").wait()

    assert job.status == "successful", job.output
    assert running(fleet) == [False, True]


@pytest.mark.parametrize("transport", ["fanout", "task"])
def test_relaunch_of_a_job_that_failed(awx: Awx, start_fleet: StartFleet, transport: str) -> None:
    """AWX sees only localhost fail, which is no host of the inventory, so it offers no failed hosts for a relaunch."""
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="sshd_down")])
    template = replace(STOP, variables={"ocp_transport": transport})

    job = awx.launch(template, Inventory.of(fleet), {"host_ids": "1001,1002"}).wait()
    assert job.status == "failed"
    assert running(fleet) == [True, True]
    assert job.failed_hosts == ["localhost"]
    assert job.response["data"]["status"] == "FAILED"
    assert ("unreachable: [db002]" in job.output) == (transport == "fanout"), job.output
    fleet.hosts[1].start_sshd()
    again = awx.relaunch(job).wait()

    assert again.status == "successful", again.output
    assert running(fleet) == [False, False]
    assert again.response["data"]["id"] != job.response["data"]["id"]


def test_large_responses_are_summarized(awx: Awx, listener: Listener) -> None:
    ids = list(range(5000, 7000))

    job = awx.launch(STOP, nowhere(listener), {"host_ids": "\n".join(map(str, ids))}).wait()

    error = error_of(job)
    assert len(json.dumps(job.artifacts)) < 70_000
    assert error["summary"]["omittedSubErrors"] + len(error["subErrors"]) == 2000
    (line,) = [line for line in job.output.splitlines() if line.startswith("OCP_RESPONSE ")]
    whole = json.loads(line.removeprefix("OCP_RESPONSE "))
    assert [sub_error["rejectedValue"] for sub_error in whole["error"]["subErrors"]] == ids
    assert "OCP_RESPONSE" in error["summary"]["whole"]


def test_cancel_without_a_store(awx: Awx, start_fleet: StartFleet) -> None:
    """The container is gone at once, without artifacts or a message of ours. AWX itself says that it was cancelled."""
    fleet = start_fleet([SLOW, SLOW])
    job = awx.launch(STOP, Inventory.of(fleet), {"host_ids": "1001,1002"})
    for host in fleet.hosts:
        host.wait_for((host.home / "run/admin.lock").exists, "Stop has not begun")

    job.cancel()
    job.wait()

    assert job.status == "canceled"
    assert job.artifacts == {}
    assert job.has("runner_on_ok", task="Create the task"), "what AWX has of it: the answer to the request"
    for host in fleet.hosts:
        host.wait_for(lambda host=host: not host.agent_names(), "what was begun on a host ends there")


def test_cancel_with_a_store(awx_with_store: Awx, shared: Shared, start_fleet: StartFleet) -> None:
    """The task outlives the container. After a minute without a heartbeat queries report FAILED, and a retry works."""
    fleet = start_fleet([SLOW, HostSpec()])
    job = awx_with_store.launch(STOP, Inventory.of(fleet), {"host_ids": "1001,1002"})
    for host in fleet.hosts[:1]:
        host.wait_for((host.home / "run/admin.lock").exists, "Stop has not begun")
    job.cancel()
    job.wait()
    assert job.status == "canceled"

    (task,) = task_info(task_store=shared.url)["data"]["contents"]
    assert task["status"] == "RUNNING"
    again = awx_with_store.launch(RETRY, Inventory.of(fleet), {"task_id": task["id"]}).wait()
    assert error_of(again)["code"] == "TSK10007", "it may be alive"
    shared.age(DAY)
    detail = task_info(task["id"], task_store=shared.url)["data"]
    assert detail["status"] == "FAILED"
    codes = {subtask["error"]["code"] for subtask in detail["subtasks"] if "error" in subtask}
    assert codes == {"TSK10015"}
    fleet.hosts[0].wait_for(lambda: not fleet.hosts[0].agent_names(), "what was begun on a host ends there")

    retried = awx_with_store.launch(RETRY, Inventory.of(fleet), {"task_id": task["id"]}).wait()

    assert retried.status == "successful", retried.output
    assert retried.response["data"]["id"] == task["id"]
    assert running(fleet) == [False, False]
    context = retried.response["data"]["context"]["stringMap"]
    assert (context["awx_job_id"], "task_store" in context) == (str(retried.id), False)
    stop = next(subtask for subtask in detail["subtasks"] if "error" in subtask)
    log = subtask_log(task["id"], stop["id"], task_store=shared.url)["data"]["log"]
    assert f"awx_job_id={retried.id}" in log
