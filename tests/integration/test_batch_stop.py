# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation end to end: over SSH, on hosts with agents, judged by the hosts' own process tables."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fleet import Fleet, HostSpec
from tests.integration.cores import Core, end
from tests.integration.graph import check_graph, check_truth
from tests.integration.refusals import check_refusal
from tools.environments import interpreters

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

# Short enough for a test; what the defaults are is the host program's business.
FAST = {"ocp_agent_daemon_grace": 4, "ocp_agent_grace": 2}

PREPARE, STOP, FINISH = "Prepare stop OCP agent", "Stop all OCP agent processes", "Finish OCP agent operation"


@pytest.fixture
def core(way: Core) -> Core:
    return way


@pytest.fixture
def newest_core(newest_way: Core) -> Core:
    return newest_way


def running(fleet: Fleet) -> dict[str, list[str]]:
    """The agent programs that live, by host."""
    return {host.name: host.agent_names() for host in fleet.hosts}


def test_stops_every_generation(each_way: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """An agent of the user who connects needs no other user, and Ansible may be left to find the interpreter."""
    fleet = start_fleet(
        [
            # The bystanders of gen 1 include one that only its title makes look like an agent: see test_unproven_title.
            HostSpec(generation="gen1", bystanders=False),
            HostSpec(generation="gen2"),
            HostSpec(generation="obagent"),
            HostSpec(generation="obagent", agent_user="admin", user="admin", bystanders=False),
            HostSpec(variables={"ansible_python_interpreter": "auto_silent"}),
        ]
    )
    assert all(running(fleet).values())

    first = each_way.stop_fleet(fleet, tmp_path / "response.json")

    assert first.status == 0, first.output
    assert not any(running(fleet).values())
    check_graph(first.task, hosts=5)
    check_truth(first.task)
    assert first.task["status"] == "SUCCESSFUL"
    assert first.response is not None
    assert first.response["successful"] is True
    for host in fleet.hosts:
        kept = [".ocp_agent_ran_as"] if host.spec.agent_user != "root" else []  # so that a start knows its user
        assert sorted(path.name for path in (host.home / "run").iterdir()) == kept

    second = each_way.stop_fleet(fleet, tmp_path / "response.json")

    assert second.status == 0, second.output
    recaps = 6 if each_way.transport == "task" else 1
    assert re.findall(r"changed=(\d+)", second.output) == ["0"] * recaps, second.output
    assert second.task["status"] == "SUCCESSFUL"
    assert second.task["id"] > first.task["id"]
    assert min(s["id"] for s in second.task["subtasks"]) > max(s["id"] for s in first.task["subtasks"])


def test_answers_before_any_host_is_contacted(core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec(stop_seconds=2), HostSpec(stop_seconds=2)])
    response_file = tmp_path / "response.json"
    documents: list[dict[str, Any]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            # Every look must find a whole document: none may raise.
            if response_file.exists() and (document := json.loads(response_file.read_text())) not in documents:
                documents.append(document)
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        run = core.stop_fleet(fleet, response_file)
    finally:
        over.set()
        watcher.join()

    assert run.status == 0, run.output
    created, final = documents[0], documents[-1]
    check_graph(created["data"], hosts=2)
    assert created["data"]["status"] == "RUNNING"
    for subtask in created["data"]["subtasks"]:
        assert subtask["status"] == ("PENDING" if subtask["upstreams"] else "READY")
        assert not {"startTime", "finishTime", "executor"} & set(subtask)
    assert min(s["startTime"] for s in final["data"]["subtasks"]) > created["timestamp"]
    assert final["traceId"] == created["traceId"]
    assert final["data"]["id"] == created["data"]["id"]
    assert final["duration"] > created["duration"]
    assert len(documents) > 2, "the barriers write too"


# What each behaviour ends in when a failure elsewhere holds nobody up: the statuses of Prepare, Stop and Finish, the
# code of the one that failed, and what lives afterwards.
OK = ("SUCCESSFUL", "SUCCESSFUL", "SUCCESSFUL")
ENDINGS: dict[str, tuple[tuple[str, str, str], str | None, bool]] = {
    "normal": (OK, None, False),
    "real_timing": (OK, None, False),
    "crashed": (OK, None, False),
    "frozen_child": (OK, None, False),
    "child_not_serving": (OK, None, False),
    "other_daemon_in_pid_file": (OK, None, False),
    "run_dir": (OK, None, False),
    "obd_links": (OK, None, False),
    "slow": (OK, None, False),
    "ignores_sigterm": (OK, None, False),
    "daemon_ignores_sigterm": (OK, None, False),
    "orphans": (OK, None, False),
    "stale_pid_file": (OK, None, False),
    "stranger_in_pid_file": (OK, None, False),
    "empty_pid_file": (OK, None, False),
    "zombie": (OK, None, False),
    "stale_lock": (OK, None, False),
    "two_generations": (OK, None, False),
    "stopped": (OK, None, False),
    "deleted_exe": (OK, None, False),
    "junk_run": (OK, None, False),
    "uninstalled": (OK, None, False),
    "live_lock": (("FAILED", "PENDING", "PENDING"), "CMP07019", True),
    "no_agent": (("FAILED", "PENDING", "PENDING"), "CMP07019", False),
    "no_privilege": (("FAILED", "PENDING", "PENDING"), "IAM11000", True),
    "sshd_down": (("FAILED", "PENDING", "PENDING"), "CMP07002", True),
    "watchdog": (("SUCCESSFUL", "SUCCESSFUL", "FAILED"), "COM32001", True),
}


def test_every_behaviour(some_way: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec(behaviour=behaviour) for behaviour in ENDINGS])

    run = some_way.stop_fleet(fleet, tmp_path / "response.json", **FAST, ocp_max_fail_percentage=99)

    assert run.status == 2, run.output
    check_graph(run.task, hosts=len(ENDINGS))
    check_truth(run.task)
    assert run.statuses("Wait node") == ["SUCCESSFUL", "SUCCESSFUL"]
    for index, (host, (statuses, code, alive)) in enumerate(zip(fleet.hosts, ENDINGS.values(), strict=True)):
        subtasks = run.of_host(index)
        found = tuple(subtasks[phase]["status"] for phase in ("Prepare", "Stop", "Finish"))
        if host.spec.behaviour == "watchdog":  # on a busy machine it is back before Stop has looked a last time
            assert found in (statuses, ("SUCCESSFUL", "FAILED", "PENDING")), subtasks
        else:
            assert found == statuses, (host.spec.behaviour, subtasks)
        assert [s["error"]["code"] for s in subtasks.values() if "error" in s] == ([code] if code else [])
        assert bool(host.agent_names()) == alive, host.spec.behaviour
        for subtask in subtasks.values():
            if "error" in subtask:
                target = f"{host.name} (host id {host.host_id}): "
                assert subtask["error"]["message"].startswith(target)
                assert run.says(subtask["error"]["message"].removeprefix(target))
    messages = {host.spec.behaviour: str(run.of_host(index)) for index, host in enumerate(fleet.hosts)}
    assert "become" in messages["no_privilege"]
    assert "admin.lock is held by" in messages["live_lock"]
    assert "stop what revives it first" in messages["watchdog"]
    assert "Connection refused" in messages["sshd_down"]
    junk = fleet.hosts[list(ENDINGS).index("junk_run")]
    left = {path.name.split(".", 1)[1] for path in (junk.home / "run").iterdir()}
    # links, a FIFO and a folder are none of the agent's own files
    assert {"9014.pid", "9015.pid", "9016.pid", "9017.pid", "9018.pid", "9020.sock", "lock.bak"} <= left
    assert (junk.home / "run/ocp_monagent.9017.pid/kept").exists()


@pytest.mark.parametrize("broken", ["sshd_down", "live_lock"])
def test_one_failure_in_prepare_holds_everybody(
    newest_core: Core, start_fleet: StartFleet, tmp_path: Path, broken: str
) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour=broken), HostSpec()])
    before = fleet.processes()

    run = newest_core.stop_fleet(fleet, tmp_path / "response.json")

    assert run.status == 2, run.output
    check_truth(run.task)
    assert run.statuses(PREPARE) == ["SUCCESSFUL", "FAILED", "SUCCESSFUL"]
    assert run.statuses("Wait node") == ["PENDING", "PENDING"]
    assert run.statuses(STOP) == run.statuses(FINISH) == ["PENDING"] * 3
    for host in fleet.hosts:
        agents = [process for process in before[host.name] if process in host.agent_processes(before[host.name])]
        assert all(host.alive(process) for process in agents)


def test_a_hundred_hosts(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """By the fan-out, which is for many. By tasks every host costs a fork, an ssh and a module in each phase."""
    core = replace(newest_core, transport="fanout")
    specs = [HostSpec(bystanders=False)] * 100
    specs[41] = HostSpec(behaviour="sshd_down", bystanders=False)
    specs[77] = HostSpec(behaviour="ignores_sigterm", bystanders=False)
    fleet = start_fleet(specs)

    held = core.stop_fleet(fleet, tmp_path / "response.json", **FAST)

    assert held.status == 2, held.output
    check_graph(held.task, hosts=100)
    check_truth(held.task)
    assert [index for index, status in enumerate(held.statuses(PREPARE)) if status == "FAILED"] == [41]
    assert held.statuses(STOP) == ["PENDING"] * 100
    assert {len(names) for names in running(fleet).values()} == {3}

    tolerant = core.stop_fleet(fleet, tmp_path / "response.json", **FAST, ocp_max_fail_percentage=1)

    assert tolerant.status == 2, tolerant.output
    check_truth(tolerant.task)
    for name in (STOP, FINISH):
        statuses = tolerant.statuses(name)
        assert statuses.pop(41) == "PENDING"
        assert statuses == ["SUCCESSFUL"] * 99
    assert {name for name, names in running(fleet).items() if names} == {fleet.hosts[41].name}


def test_too_many_failures_hold_the_others(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(), HostSpec(behaviour="sshd_down"), HostSpec(behaviour="no_agent")])

    run = newest_core.stop_fleet(fleet, tmp_path / "response.json", ocp_max_fail_percentage=49.9)

    assert run.status == 2, run.output
    assert run.statuses("Wait node") == ["PENDING", "PENDING"]
    assert [len(names) for names in running(fleet).values()] == [3, 3, 3, 0]


def test_unproven_title(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """Something calls itself the daemon, and nothing proves it: it is left alone, and success is not claimed."""
    fleet = start_fleet([HostSpec(generation="gen1")])

    run = newest_core.stop_fleet(fleet, tmp_path / "response.json")

    assert run.status == 2, run.output
    assert not any(running(fleet).values())
    assert run.statuses(STOP) == ["SUCCESSFUL"]
    error = run.of_host(0)["Finish"]["error"]
    assert error["code"] == "COM32001"
    assert "calls itself ocp_agentd" in error["message"]


def test_connection_lost_in_the_middle_of_stop(core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec(stop_seconds=3)])
    host = fleet.hosts[0]
    response_file = tmp_path / "response.json"
    process = core.start(fleet.inventory, response_file, {"host_ids": [host.host_id]})
    # The daemon holds on until its children are gone: the lock is there while Stop is at work.
    host.wait_for((host.home / "run/admin.lock").exists, "Stop has not begun", timeout=60)
    assert host.drop_connections() > 0

    run = end(process, response_file)

    assert run.status == 0, run.output
    check_truth(run.task)
    assert not any(running(fleet).values())


def test_interrupt_at_the_terminal(some_way: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """The second Ctrl-C breaks the run off; the response must say how it stands all the same."""
    fleet = start_fleet([HostSpec(stop_seconds=3), HostSpec(stop_seconds=3)])
    response_file = tmp_path / "response.json"
    process = some_way.start(fleet.inventory, response_file, {"host_ids": [host.host_id for host in fleet.hosts]})
    host = fleet.hosts[0]
    host.wait_for((host.home / "run/admin.lock").exists, "Stop has not begun", timeout=60)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)

    run = end(process, response_file)

    assert run.status not in (0, None), run.output
    check_graph(run.task, hosts=2)
    check_truth(run.task)
    assert run.statuses(PREPARE) == ["SUCCESSFUL", "SUCCESSFUL"]
    assert run.statuses(STOP) == ["FAILED", "FAILED"]
    assert run.statuses(FINISH) == ["PENDING", "PENDING"]
    assert run.of_host(0)["Stop"]["error"]["code"] == "TSK10014"
    assert run.task["operation"] == "CANCEL"
    assert f"{run.task['id']} FAILED" in run.output

    # Nothing is left half done that a second run does not mend.
    host.wait_for(lambda: not (host.home / "run/admin.lock").exists(), "the host program is still at work", timeout=60)
    again = some_way.stop_fleet(fleet, response_file)
    assert again.status == 0, again.output
    assert not any(running(fleet).values())


def test_stop_within_its_timeout(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """Graces that do not fit into the timeout are cut, so that nothing is left half done for want of time."""
    fleet = start_fleet([HostSpec(behaviour="ignores_sigterm")])

    run = newest_core.stop_fleet(
        fleet, tmp_path / "response.json", ocp_stop_timeout=12, ocp_agent_daemon_grace=500, ocp_agent_grace=500
    )

    assert run.status == 0, run.output
    assert not any(running(fleet).values())
    assert run.of_host(0)["Stop"]["timeout"] == 12


def test_check_mode_changes_nothing(core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="stopped")])
    before = {host.name: host.agent_processes() for host in fleet.hosts}

    run = core.stop_fleet(fleet, tmp_path / "response.json", "--check", "--diff", "-v")

    assert run.status == 0, run.output
    assert {host.name: host.agent_processes() for host in fleet.hosts} == before
    assert run.response is None, "check mode writes no file"
    assert "check mode, nothing was changed" in run.output
    daemon = min(before[fleet.hosts[0].name], key=lambda process: process.start_time)
    assert f"db001 (host id 1001): SIGTERM to {daemon.comm} (pid {daemon.ns_pid}), then, if it is left" in run.output
    assert "db002 (host id 1002): nothing, the agent is stopped" in run.output
    for process in before[fleet.hosts[0].name]:
        assert f"-{process.comm} {process.ns_pid}" in run.output


@pytest.mark.parametrize("version", [(2, 7), (3, 6)], ids=lambda version: ".".join(map(str, version)))
def test_python_that_is_too_old_for_the_core(
    newest_core: Core, start_fleet: StartFleet, tmp_path: Path, version: tuple[int, int]
) -> None:
    found = interpreters().get(version)
    if found is None:
        pytest.skip("no such interpreter on this machine")
    fleet = start_fleet([HostSpec(python=str(found.path)), HostSpec(behaviour="orphans", python=str(found.path))])

    run = newest_core.stop_fleet(fleet, tmp_path / "response.json", "--diff")

    assert run.status == 0, run.output
    assert not any(running(fleet).values())
    assert "-ocp_agentd" in run.output


def test_module_where_the_program_cannot_be_carried(core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """su takes no input for the command that it runs: the ordinary module does the same, where others fan out too."""
    su = {"ansible_become": True, "ansible_become_method": "ansible.builtin.su"}
    fleet = start_fleet([HostSpec(variables=su), HostSpec(behaviour="live_lock", variables=su), HostSpec()])
    transport = "auto" if core.transport == "fanout" else core.transport

    run = core.stop_fleet(
        fleet, tmp_path / "response.json", "--diff", ocp_max_fail_percentage=50, ocp_transport=transport
    )

    assert run.status == 2, run.output
    check_truth(run.task)
    if transport == "auto":
        assert "prepare: 1 host in one fan-out; 2 hosts by task: db001, db002 (" in run.output
        assert "stop: 1 host in one fan-out; 1 host by task: db001 (" in run.output
    assert run.statuses(STOP) == ["SUCCESSFUL", "PENDING", "SUCCESSFUL"]
    assert [len(names) for names in running(fleet).values()] == [0, 3, 0]
    assert "admin.lock is held by" in run.of_host(1)["Prepare"]["error"]["message"]
    assert "-ocp_agentd" in run.output


def test_variables_of_an_import_count(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """Ansible's hostvars does not have them: taken from there, the agent of the default home would be stopped."""
    fleet = start_fleet([HostSpec()])
    variables = {
        "host_ids": [1001],
        "ocp_agent_home": "{{ elsewhere }}/agent",
        "elsewhere": "/data/{{ inventory_hostname }}",
        "ocp_transport": newest_core.transport,
        "ocp_response_file": str(tmp_path / "book.json"),
    }
    book = tmp_path / "book.yml"
    book.write_text(json.dumps([{"import_playbook": "oceanbase.ocp.batch_stop_agents", "vars": variables}]))

    run = newest_core.play(book, fleet.inventory)

    assert run.status == 2, run.output
    error = run.of_host(0)["Prepare"]["error"]
    assert error["code"] == "CMP07019"
    assert "/data/db001/agent" in error["message"]
    assert all(running(fleet).values())


def test_limit_that_leaves_the_controller_out(core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """Ansible would skip every play on localhost and end with success, having done nothing."""
    fleet = start_fleet([HostSpec(), HostSpec()])
    before = fleet.agent_processes()

    run = core.stop_fleet(fleet, tmp_path / "response.json", "--limit=db002,db001")

    assert run.status == 2, run.output
    assert run.error["code"] == "COM10001"
    assert "add localhost" in run.error["message"]
    assert fleet.agent_processes() == before


def test_limit_that_leaves_a_host_out(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec()])

    run = newest_core.stop_fleet(fleet, tmp_path / "response.json", "--limit=localhost,db001")

    check_refusal(run, 400, "COM10001", ["--limit localhost,db001", "db002 (host id 1002)"])
    assert [error["rejectedValue"] for error in run.error["subErrors"]] == [1002]
    assert all(len(names) == 3 for names in running(fleet).values())
