# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation as a workflow of several runs, some of them slices; judged by the process tables."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from oceanbase_ocp import subtask_log, task_cancel, task_info
from tests.fleet import Fleet, HostSpec
from tests.integration.cores import Core, Run, end
from tests.integration.graph import check_graph, check_truth
from tests.integration.refusals import HOSTS, Listener, check_refusal, inventory

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

PREPARE, STOP, START = "Prepare stop OCP agent", "Stop all OCP agent processes", "Start all OCP agent processes"
FINISH = "Finish OCP agent operation"
PHASES = ("prepare", "stop", "finish")


class Workflow:
    """The runs of a workflow on a fleet: each a run of its own, as the jobs of AWX are."""

    def __init__(self, core: Core, fleet: Fleet, folder: Path, **extra: Any) -> None:
        self.core = core
        self.fleet = fleet
        self.folder = folder
        self.extra = extra
        self.response_file = folder / "response.json"

    def start(
        self, playbook: str, inventory: Path | None = None, *arguments: str, **extra: Any
    ) -> subprocess.Popen[str]:
        more = {**self.extra, **extra}
        return self.core.start(
            inventory or self.fleet.inventory, self.response_file, more, *arguments, playbook=f"workflow_{playbook}"
        )

    def run(self, playbook: str, inventory: Path | None = None, *arguments: str, **extra: Any) -> Run:
        self.response_file.unlink(missing_ok=True)
        return end(self.start(playbook, inventory, *arguments, **extra), self.response_file)

    def accept(self, *host_ids: int, operation: str = "batch_stop_agents", **extra: Any) -> int:
        """Make the task of the workflow. Returns its id, which the runs behind this one get."""
        ids = list(host_ids) or [host.host_id for host in self.fleet.hosts]
        run = self.run("accept", ocp_operation=operation, host_ids=ids, **extra)
        assert run.status == 0, run.output
        assert run.task["status"] == "RUNNING"
        self.extra["ocp_task_id"] = run.task["id"]
        return int(run.task["id"])

    def slices(self, count: int) -> list[Path]:
        """The inventories of so many slices, cut as AWX cuts them."""
        found = yaml.safe_load(self.fleet.inventory.read_text())
        hosts = sorted(found["ocp_hosts"]["hosts"])
        return [self.slice(f"slice{number}of{count}", hosts[number::count]) for number in range(count)]

    def slice(self, name: str, hosts: Sequence[str]) -> Path:
        """The inventory of a slice that has these hosts."""
        found = yaml.safe_load(self.fleet.inventory.read_text())
        group = found["ocp_hosts"]
        group["hosts"] = {host: group["hosts"][host] for host in hosts}
        path = self.folder / f"{name}.yml"
        path.write_text(yaml.safe_dump(found))
        return path

    def in_slices(self, inventories: Sequence[Path], phase: str, *, at_once: bool) -> list[Run]:
        none = self.folder / "none.json"
        if at_once:
            processes = [self.start("phase", path, ocp_phase=phase) for path in inventories]
            return [end(process, none) for process in processes]
        return [end(self.start("phase", path, ocp_phase=phase), none) for path in inventories]


@pytest.fixture
def workflow(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> Callable[..., Workflow]:
    def make(specs: Sequence[HostSpec], **extra: Any) -> Workflow:
        return Workflow(newest_core, start_fleet(specs), tmp_path, **extra)

    return make


def taken(run: Run) -> int:
    """How many hosts a slice says that it has had."""
    for word in ("1 host taken", "2 hosts taken", "3 hosts taken"):
        if run.says(word):
            return int(word[0])
    assert run.says("nothing is due"), run.output
    return 0


def said(runs: Sequence[Run]) -> str:
    return "\n".join(run.output for run in runs)


def statuses(task: dict[str, Any], name: str) -> list[str]:
    found = [subtask for subtask in task["subtasks"] if subtask["name"] == name]
    return [subtask["status"] for subtask in sorted(found, key=lambda subtask: subtask["parallelIdx"])]


def failures(task: dict[str, Any]) -> dict[int, dict[str, str]]:
    """The errors by the index of the host."""
    return {subtask["parallelIdx"]: subtask["error"] for subtask in task["subtasks"] if "error" in subtask}


def comparable(response: dict[str, Any]) -> dict[str, Any]:
    """A response without what differs from run to run."""
    text = json.loads(json.dumps(response))
    for key in ("duration", "timestamp", "traceId"):
        del text[key]
    task = text["data"]
    ids = {subtask["id"]: subtask["seriesId"] for subtask in task["subtasks"]}
    for part in (task, *task["subtasks"]):
        for key in ("startTime", "finishTime"):
            if key in part:
                part[key] = "some time"
    del task["id"]
    for subtask in task["subtasks"]:
        subtask["id"] = ids[subtask["id"]]
        for key in ("upstreams", "downstreams"):
            subtask[key] = [ids[number] for number in subtask[key]]
    result: dict[str, Any] = text
    return result


# What it comes to


def test_a_workflow_answers_as_the_playbook_does(core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """Three slices, one after another and at once, with a host that is down."""
    specs = [HostSpec(), HostSpec(behaviour="sshd_down"), HostSpec(stop_seconds=2), HostSpec(generation="obagent")]
    fleet = start_fleet(specs)
    flow = Workflow(core, fleet, tmp_path, ocp_max_fail_percentage=50)
    flow.accept()
    with_hosts = flow.slices(3)
    for phase, at_once in (("prepare", False), ("stop", True), ("finish", True)):
        runs = flow.in_slices(with_hosts, phase, at_once=at_once)
        assert [taken(run) for run in runs] == ([2, 1, 1] if phase == "prepare" else [2, 0, 1])
        if phase == "prepare":  # db002 is in the second slice
            assert [run.status for run in runs] == [0, 2, 0], said(runs)
            assert runs[1].says("CMP07002")
        else:
            assert [run.status for run in runs] == [0, 0, 0], said(runs)
        if phase != "finish":
            barrier = flow.run("barrier")
            assert barrier.status == 0, barrier.output
            assert barrier.says("3 of 4 hosts, 1 FAILED")
    assert [len(host.agent_names()) for host in fleet.hosts] == [0, 3, 0, 0]
    last = flow.run("report")
    assert last.status == 2, last.output
    check_graph(last.task, 4)
    check_truth(last.task)

    for host in (fleet.hosts[0], fleet.hosts[2], fleet.hosts[3]):
        host.start_agent()
    single = core.on_fleet("batch_stop_agents", fleet, tmp_path / "single.json", ocp_max_fail_percentage=50)

    assert single.status == 2, single.output
    assert last.response is not None
    assert single.response is not None
    ours, theirs = comparable(last.response), comparable(single.response)
    for one, other in zip(ours["data"].pop("subtasks"), theirs["data"].pop("subtasks"), strict=True):
        assert one == other
    assert ours == theirs
    stored = task_info(task_id=last.task["id"])["data"]
    assert stored["status"] == "FAILED"
    stop = next(s for s in last.task["subtasks"] if s["name"] == STOP and s["parallelIdx"] == 0)
    log = subtask_log(task_id=last.task["id"], subtask_id=stop["id"])["data"]["log"]
    assert "SIGTERM to ocp_agentd" in log


@pytest.mark.parametrize("operation", ["batch_start_agents", "batch_restart_agents"])
def test_the_other_operations(workflow: Callable[..., Workflow], operation: str) -> None:
    """Without a phase a slice does whatever is due: the same nodes do for every operation."""
    behaviour = "stopped" if operation == "batch_start_agents" else "default"
    specs = [HostSpec(behaviour="stopped"), HostSpec()] if behaviour == "stopped" else [HostSpec(), HostSpec()]
    flow = workflow(specs)
    before = flow.fleet.agent_processes()
    flow.accept(operation=operation)
    for _node in range(3 if operation == "batch_start_agents" else 5):
        run = flow.run("phase")
        assert run.status == 0, run.output
        assert taken(run) == 2
        node = flow.run("barrier")
        assert node.status == 0, node.output
    assert node.task["status"] == "SUCCESSFUL", "the barrier behind the last phase ends the task"
    last = flow.run("report")
    assert last.status == 0, last.output
    check_truth(last.task)
    assert [len(host.agent_names()) for host in flow.fleet.hosts] == [3, 3]
    if operation == "batch_restart_agents":
        for host in flow.fleet.hosts:
            assert not any(host.alive(process) for process in before[host.name])


def test_no_slice_has_a_host(workflow: Callable[..., Workflow]) -> None:
    flow = workflow([HostSpec(), HostSpec()])
    flow.accept()
    one, other = flow.slice("one", ["db001"]), flow.slice("other", [])
    runs = flow.in_slices([one, other], "prepare", at_once=True)
    assert [(run.status, taken(run)) for run in runs] == [(0, 1), (0, 0)], said(runs)

    started = time.monotonic()
    barrier = flow.run("barrier")

    assert time.monotonic() - started < 25, "nobody can come any more: it is not waited for"
    assert barrier.status == 2, barrier.output
    check_truth(barrier.task)
    (error,) = failures(barrier.task).values()
    assert error["code"] == "TSK10013"
    assert "db002 (host id 1002): the host was not worked on: no slice of the workflow took it" in error["message"]
    assert statuses(barrier.task, STOP) == ["PENDING", "PENDING"]
    late = flow.run("phase", one, ocp_phase="stop")
    assert late.status == 2, late.output
    assert late.says("409 TSK10007")
    assert late.says("task 1 has ended FAILED")
    assert late.says("task_retry")
    assert late.says("db002 (host id 1002): the host was not worked on")
    again = flow.run("barrier")
    assert again.status == 2, again.output
    assert again.task == barrier.task
    report = flow.run("report")
    assert report.status == 2
    assert report.task == barrier.task
    assert [len(host.agent_names()) for host in flow.fleet.hosts] == [3, 3]


def test_two_slices_have_one_host(workflow: Callable[..., Workflow]) -> None:
    flow = workflow([HostSpec(), HostSpec(), HostSpec()])
    shared = flow.fleet.host(1002)
    flow.accept()
    both = [flow.slice("one", ["db001", "db002"]), flow.slice("other", ["db002", "db003"])]

    runs = flow.in_slices(both, "prepare", at_once=True)

    assert [run.status for run in runs] == [0, 0], said(runs)
    assert sorted(taken(run) for run in runs) == [1, 2]
    (without,) = (run for run in runs if taken(run) == 1)
    assert without.says("db002 (host id 1002)")
    assert shared.log.read_text(errors="replace").count("Accepted publickey") <= 1, "one slice has connected to it"
    assert flow.run("barrier").status == 0
    # relaunched, they change nothing
    again = flow.run("phase", both[0], ocp_phase="prepare")
    assert again.status == 0, again.output
    assert taken(again) == 0


# What goes wrong


def test_a_slice_is_killed_in_each_phase(
    workflow: Callable[..., Workflow], response_file: Path, data_home: Path
) -> None:
    """A slice of one host is killed in every phase. The other hosts go on, since so many may fail."""
    specs = [HostSpec(stop_seconds=3) for _host in range(4)]
    flow = workflow(specs, ocp_agent_settle=10, ocp_max_fail_percentage=80)
    task_id = flow.accept()
    names = [host.name for host in flow.fleet.hosts]
    killed: dict[int, int] = {}
    for index, phase in zip((3, 2, 1), PHASES, strict=True):
        victim = flow.fleet.hosts[index]
        if phase == "prepare":
            victim.pause()
        doomed = flow.start("phase", flow.slice(f"doomed in {phase}", [victim.name]), ocp_phase=phase)
        if phase == "stop":
            victim.wait_for((victim.home / "run/admin.lock").exists, "Stop has not begun")
        else:
            _wait_until_taken(doomed, data_home / "oceanbase-ocp" / "tasks.db")
        os.kill(doomed.pid, signal.SIGKILL)
        doomed.communicate()
        victim.resume()
        killed[index] = doomed.pid
        alive = flow.run("phase", flow.slice(f"alive in {phase}", names[:index]), ocp_phase=phase)
        assert alive.status == 0, alive.output
        assert taken(alive) == index

        node = flow.run("report" if phase == "finish" else "barrier")

        assert node.status == (2 if phase == "finish" else 0), node.output
        assert node.task["status"] == ("FAILED" if phase == "finish" else "RUNNING")
        found = failures(node.task)
        assert found.keys() == killed.keys()
        for number, pid in killed.items():
            assert found[number]["code"] == "TSK10013"  # its supervisor has ended the slice
            assert f"process {pid} on " in found[number]["message"]
    check_truth(node.task)
    again = flow.run("phase", flow.folder / "doomed in finish.yml", ocp_phase="finish")
    assert again.status == 2, again.output
    assert again.says("409 TSK10007")

    retried = flow.core.on_task("task_retry", flow.fleet, response_file, task_id=task_id)
    assert retried.status == 0, retried.output
    check_graph(retried.task, 4)
    check_truth(retried.task)
    assert not any(flow.fleet.agent_processes().values())


def _wait_until_taken(process: subprocess.Popen[str], store: Path) -> None:
    """Until a slice has taken something, and a moment more."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            open_ = "SELECT COUNT(*) FROM ocp_due WHERE slice IS NOT NULL AND NOT handed_in"
            if connection.execute(open_).fetchone()[0]:
                time.sleep(1)
                return
        if process.poll() is not None:
            pytest.fail(process.communicate()[0])
        time.sleep(0.05)
    pytest.fail("the slice has not begun")


def test_a_slice_that_is_too_late(workflow: Callable[..., Workflow]) -> None:
    flow = workflow([HostSpec(), HostSpec(stop_seconds=4)])
    flow.accept()
    one, other = flow.slices(2)
    flow.in_slices([one, other], "prepare", at_once=True)
    assert flow.run("barrier").status == 0
    slow = flow.fleet.hosts[1]
    late = flow.start("phase", other, ocp_phase="stop", ocp_agent_daemon_grace=60)
    slow.wait_for((slow.home / "run/admin.lock").exists, "Stop has not begun")
    slow.pause()
    assert flow.run("phase", one, ocp_phase="stop").status == 0

    ended = flow.run("barrier", ocp_wait_timeout=2)
    slow.resume()
    refused = end(late, flow.folder / "none.json")

    assert ended.status == 2, ended.output
    assert failures(ended.task)[1]["code"] == "TSK10012"
    assert "ocp_wait_timeout" in failures(ended.task)[1]["message"]
    assert refused.status == 2, refused.output
    assert refused.says("too late")
    assert refused.says("db002 (host id 1002)")


def test_cancel_between_two_runs(workflow: Callable[..., Workflow], response_file: Path) -> None:
    flow = workflow([HostSpec(), HostSpec()])
    task_id = flow.accept()
    one, other = flow.slices(2)
    assert flow.run("phase", one, ocp_phase="prepare").status == 0

    cancelled = task_cancel(task_id=task_id)["data"]

    assert (cancelled["status"], cancelled["operation"]) == ("FAILED", "CANCEL")
    assert statuses(cancelled, PREPARE) == ["SUCCESSFUL", "FAILED"]
    check_truth(cancelled)
    late = flow.run("phase", other, ocp_phase="prepare")
    assert late.status == 2, late.output
    assert late.says("409 TSK10007")
    report = flow.run("report")
    assert report.status == 2, report.output
    assert report.task["operation"] == "CANCEL"
    retried = flow.core.on_task("task_retry", flow.fleet, response_file, task_id=task_id)
    assert retried.status == 0, retried.output
    assert not any(flow.fleet.agent_processes().values())


def test_cancel_while_a_slice_runs(workflow: Callable[..., Workflow]) -> None:
    """What runs ends first, no other host is begun, and the next barrier ends the task."""
    flow = workflow([HostSpec(stop_seconds=6), HostSpec()], ocp_transport="task")
    task_id = flow.accept()
    assert flow.run("phase", ocp_phase="prepare").status == 0
    assert flow.run("barrier").status == 0
    host = flow.fleet.hosts[0]
    running = flow.start("phase", None, "--forks=1", ocp_phase="stop")
    host.wait_for((host.home / "run/admin.lock").exists, "Stop has not begun")

    host.pause()
    asked = task_cancel(task_id=task_id)["data"]
    assert asked["status"] == "RUNNING"
    time.sleep(5)  # the slice looks every two seconds
    host.resume()
    slice_ = end(running, flow.folder / "none.json")
    barrier = flow.run("barrier")

    assert slice_.status == 2, slice_.output
    assert slice_.says("TSK10014")
    assert barrier.status == 2, barrier.output
    assert (barrier.task["status"], barrier.task["operation"]) == ("FAILED", "CANCEL")
    assert statuses(barrier.task, STOP) == ["SUCCESSFUL", "FAILED"]
    assert [len(each.agent_names()) for each in flow.fleet.hosts] == [0, 3]


def test_two_workflows_on_one_host(workflow: Callable[..., Workflow]) -> None:
    flow = workflow([HostSpec(), HostSpec(), HostSpec()])
    first = flow.accept(1001, 1002)
    second = flow.run("accept", ocp_operation="batch_stop_agents", host_ids=[1002, 1003])
    check_refusal(second, 409, "BAK29003", [f"task {first}", "1002"])
    single = flow.core.on_task("batch_stop_agents", flow.fleet, flow.response_file, host_ids=[1002])
    check_refusal(single, 409, "BAK29003", [f"task {first}"])


def test_rolled_back_by_a_workflow(workflow: Callable[..., Workflow]) -> None:
    flow = workflow([HostSpec(), HostSpec(behaviour="stopped"), HostSpec()])
    task_id = flow.accept()
    slices = flow.slices(2)
    for phase in ("prepare", "stop"):
        assert flow.run("phase", ocp_phase=phase).status == 0
        barrier = flow.run("barrier")
        assert barrier.status == 0, barrier.output
    assert not any(flow.fleet.agent_processes().values())
    ended = flow.run("report")  # Finish was left out
    assert ended.status == 2, ended.output
    assert statuses(ended.task, FINISH) == ["FAILED"] * 3

    taken_up = flow.run("resume", ocp_intervention="rollback", task_id=task_id)
    assert taken_up.status == 0, taken_up.output
    flow.in_slices(slices, "", at_once=True)
    barrier = flow.run("barrier")

    assert barrier.status == 0, barrier.output
    assert (barrier.task["status"], barrier.task["operation"]) == ("SUCCESSFUL", "ROLLBACK")
    check_truth(barrier.task)
    assert [len(host.agent_names()) for host in flow.fleet.hosts] == [3, 0, 3]
    one_more = flow.run("phase", slices[0])
    assert one_more.status == 0, one_more.output
    assert one_more.says(f"task {task_id} has ended SUCCESSFUL (ROLLBACK): nothing is due")


def test_retried_by_a_workflow_of_more_rounds_than_it_takes(workflow: Callable[..., Workflow], data_home: Path) -> None:
    """A workflow has its nodes before it is known how much of the task is left: those without work are no failures."""
    flow = workflow([HostSpec(), HostSpec()])
    task_id = flow.accept()
    slices = flow.slices(2)
    assert flow.run("phase", ocp_phase="prepare").status == 0
    assert flow.run("report").status == 2, "what is due when the report comes has FAILED"

    taken_up = flow.run("resume", ocp_intervention="retry", task_id=task_id)
    assert taken_up.status == 0, taken_up.output
    nothing = f"task {task_id} has ended SUCCESSFUL: nothing is due"
    for number in range(3):  # Stop and Finish are left
        runs = flow.in_slices(slices, "", at_once=True)
        assert [run.status for run in runs] == [0, 0], said(runs)
        assert [run.says(nothing) for run in runs] == [number > 1] * 2, said(runs)
        barrier = flow.run("barrier")
        assert barrier.status == 0, barrier.output
        assert barrier.task["status"] == ("SUCCESSFUL" if number else "RUNNING")
    check = flow.run("phase", slices[0], "--check")
    assert check.status == 0, check.output
    assert check.says(nothing)
    last = flow.run("report")

    assert last.status == 0, last.output
    check_graph(last.task, 2)
    check_truth(last.task)
    assert last.task == barrier.task
    assert not any(flow.fleet.agent_processes().values())
    with contextlib.closing(sqlite3.connect(data_home / "oceanbase-ocp" / "tasks.db")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM ocp_slice").fetchone() == (0,)


def test_a_database_that_is_away_when_a_slice_hands_in(
    workflow: Callable[..., Workflow], tmp_path: Path, data_home: Path
) -> None:
    flow = workflow([HostSpec(stop_seconds=3)])
    flow.accept()
    assert flow.run("phase", ocp_phase="prepare").status == 0
    assert flow.run("barrier").status == 0
    host = flow.fleet.hosts[0]
    running = flow.start("phase", ocp_phase="stop")
    host.wait_for((host.home / "run/admin.lock").exists, "Stop has not begun")
    store = data_home / "oceanbase-ocp" / "tasks.db"
    store.rename(tmp_path / "away.db")
    store.mkdir()
    slice_ = end(running, tmp_path / "none.json")
    store.rmdir()
    (tmp_path / "away.db").rename(store)

    assert slice_.status == 2, slice_.output
    assert slice_.says("1 outcomes are not handed in")
    barrier = flow.run("barrier")
    assert barrier.status == 2, barrier.output
    assert failures(barrier.task)[0]["code"] in ("TSK10013", "TSK10015")


# What is refused, and what check mode tells


@pytest.mark.parametrize("store", ["none", "a job's own disk"])
def test_without_a_store_that_all_runs_have(
    newest_core: Core, tmp_path: Path, listener: Listener, response_file: Path, store: str
) -> None:
    hosts = inventory(tmp_path, listener, HOSTS)
    extra: dict[str, Any] = {"ocp_operation": "batch_stop_agents", "host_ids": [1001]}
    variables = {}
    if store == "none":
        extra["ocp_task_store"] = "none"
    else:
        extra["ocp_task_store"] = f"sqlite:///{tmp_path}/store/tasks.db"
        variables["AWX_PRIVATE_DATA_DIR"] = str(tmp_path)
    process = newest_core.start(hosts, response_file, extra, playbook="workflow_accept", **variables)
    run = end(process, response_file)
    check_refusal(run, 400, "COM10001", ["ocp_task_store", "URL of a database that all of them reach"])


@pytest.mark.parametrize("node", ["phase", "barrier", "report"])
def test_a_node_without_its_task(
    newest_core: Core, tmp_path: Path, listener: Listener, response_file: Path, node: str
) -> None:
    hosts = inventory(tmp_path, listener, HOSTS)
    for extra, status, code in (({}, 400, "COM10001"), ({"ocp_task_id": 4711}, 404, "TSK10001")):
        run = newest_core.stop_agents(hosts, response_file, extra, playbook=f"workflow_{node}")
        assert run.status == 2, run.output
        assert run.says(f"{status} {code}")
    assert not listener.contacted()


def test_check_mode(workflow: Callable[..., Workflow]) -> None:
    flow = workflow([HostSpec(), HostSpec()])
    ids = [host.host_id for host in flow.fleet.hosts]
    accepted = flow.run("accept", None, "--check", ocp_operation="batch_stop_agents", host_ids=ids)
    assert accepted.status == 0, accepted.output
    assert accepted.says("A workflow in check mode makes no task")
    for node in ("phase", "barrier", "report"):
        run = flow.run(node, None, "--check")
        assert run.status == 0, run.output
        assert run.says("check mode, nothing was changed: there is no task")
    assert task_info()["data"]["page"]["totalElements"] == 0

    flow.accept()
    run = flow.run("phase", None, "--check", ocp_phase="prepare")
    assert run.status == 0, run.output
    assert run.says("check mode, nothing was changed: Batch stop OCP agent: task 1, a slice: 2 hosts taken")
    run = flow.run("barrier", None, "--check")
    assert run.status == 0, run.output
    assert run.says(
        "check mode, nothing was changed: Batch stop OCP agent: task 1 RUNNING, next prepare on 2 of 2 hosts"
    )
    assert flow.run("phase", ocp_phase="prepare").status == 0
    assert flow.run("barrier").says("next stop on 2 of 2 hosts")
    assert [len(host.agent_names()) for host in flow.fleet.hosts] == [3, 3]


def test_a_limit_is_no_way_past_the_controller_and_who_may(workflow: Callable[..., Workflow], tmp_path: Path) -> None:
    flow = workflow([HostSpec(), HostSpec()])
    flow.accept()
    for node in ("phase", "barrier", "report"):
        run = flow.run(node, None, "--limit=db001")
        assert run.status == 2, run.output
        assert run.says("leaves out localhost")
    run = flow.run("phase", None, "--limit=localhost,db001", ocp_phase="prepare")
    assert (run.status, taken(run)) == (0, 1), run.output

    bindings = tmp_path / "bindings.yml"
    bindings.write_text("TASK_MANAGER: {users: [root]}\n")
    for node in ("phase", "barrier", "report"):
        run = flow.run(node, ocp_role_bindings=str(bindings))
        assert run.status == 2, run.output
        assert run.says("403 IAM11000")
    bindings.write_text("HOST_MANAGER: {users: [root]}\n")
    run = flow.run("phase", ocp_phase="prepare", ocp_role_bindings=str(bindings))
    assert (run.status, taken(run)) == (0, 1), run.output
