# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that end before their time, that are in each other's way, or whose store fails; judged by the process tables."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import journal
from oceanbase_ocp import subtask_log, task_cancel, task_info
from tests.fleet import Fleet, HostSpec
from tests.fleet.host import Host
from tests.integration.cores import Core, Run, end
from tests.integration.graph import check_graph, check_truth
from tests.integration.refusals import HOSTS, Listener, check_refusal, inventory
from tests.store.servers import PASSWORD, running
from tests.store.stalling import way

StartFleet = Callable[[Sequence[HostSpec]], Fleet]
PATIENCE = 60
SOCKET = "ocp_fan_out.sock"

PREPARE, STOP, FINISH = "Prepare stop OCP agent", "Stop all OCP agent processes", "Finish OCP agent operation"
START = "Start all OCP agent processes"
LAST_WORD_WITHIN = 5  # seconds


class Running:
    """An operation on a fleet's agents, a stop where nothing else is said, that goes on."""

    def __init__(
        self,
        core: Core,
        fleet: Fleet,
        response_file: Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        playbook: str = "batch_stop_agents",
        **extra: Any,
    ) -> None:
        self.response_file = response_file
        ids = {"host_ids": [host.host_id for host in fleet.hosts]}
        self.process = core.start(
            fleet.inventory, response_file, {**ids, **extra}, *arguments, playbook=playbook, **(environment or {})
        )

    def wait_for(self, condition: Callable[[], Any], what: str) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            if self.process.poll() is not None or time.monotonic() > until:
                output = self.process.communicate()[0] if self.process.poll() is not None else ""
                pytest.fail(f"{what}: {output}")
            time.sleep(0.02)

    def stored(self) -> dict[str, Any]:
        """The newest task as the store has it, without asking anybody."""
        with contextlib.closing(sqlite3.connect(f"file:{database()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            task = connection.execute("SELECT * FROM ocp_task ORDER BY id DESC LIMIT 1").fetchone()
            rows = connection.execute("SELECT * FROM ocp_subtask WHERE task_id = ?", (task["id"],)).fetchall()
        return {**dict(task), "subtasks": [dict(row) for row in rows]}

    def in_phase(self, phase: str) -> bool:
        if not database().exists():
            return False
        with contextlib.suppress(sqlite3.OperationalError, TypeError):  # not made yet
            return any(row["phase"] == phase and row["status"] == "RUNNING" for row in self.stored()["subtasks"])
        return False

    def tells(self, name: str, status: str) -> bool:
        """Whether the response file has a subtask of this name in this status."""
        with contextlib.suppress(FileNotFoundError):
            found = json.loads(self.response_file.read_text())["data"]["subtasks"]
            return any((subtask["name"], subtask["status"]) == (name, status) for subtask in found)
        return False

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> Run:
        return end(self.process, self.response_file)


def database() -> Path:
    return Path(os.environ["XDG_DATA_HOME"], "oceanbase-ocp", "tasks.db")


@contextlib.contextmanager
def locked_database() -> Iterator[None]:
    """Keeps every run from storing anything: a barrier lasts as long as this."""
    with contextlib.closing(sqlite3.connect(database(), isolation_level=None, timeout=10)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def ours_on(host: Host) -> list[str]:
    """The command lines of the host program, residents among them, that still run on a host."""
    lines = [" ".join(process.cmdline) for process in host.processes() if not process.dead]
    return [line for line in lines if " -E -s -S -" in line or "ansible" in line]


def statuses(task: dict[str, Any], name: str) -> list[str]:
    found = [subtask for subtask in task["subtasks"] if subtask["name"] == name]
    return [subtask["status"] for subtask in sorted(found, key=lambda subtask: subtask["parallelIdx"])]


def answered(left: Path) -> set[str]:
    """The hosts whose answers in the phase that goes on have arrived. left: what ANSIBLE_LOCAL_TEMP is."""
    return {host for folder in left.iterdir() for _phase, host, _result in journal.answers(folder)}


# A controller that dies


MARK = "OCP_TESTED_RUN"


def processes_of(run: Running) -> dict[int, str]:
    """The command lines of what is left of a run on the controller, by pid. Hosts have pid namespaces of their own."""
    here, found = os.readlink("/proc/self/ns/pid"), {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            variables = (process / "environ").read_bytes().split(b"\0")
            if os.readlink(process / "ns/pid") == here and f"{MARK}={run.response_file}".encode() in variables:
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def check_last_word(run: Running, left: Path, *, stored: bool = True) -> dict[str, Any]:
    """See that a run whose ansible-playbook was killed just now ends as it should, in time. Returns its task.

    left: what ANSIBLE_LOCAL_TEMP was. stored: whether its task is kept in the database of this test's user.
    """
    until = time.monotonic() + LAST_WORD_WITHIN

    def in_time(condition: Callable[[], bool], what: str) -> None:
        while not condition():
            assert time.monotonic() < until, f"{what}: {processes_of(run)}"
            time.sleep(0.05)

    def told() -> dict[str, Any]:
        return dict(json.loads(run.response_file.read_text())["data"])

    in_time(lambda: told()["status"] == "FAILED", "the response file")
    in_time(lambda: not processes_of(run), "processes of the run")
    in_time(lambda: list(left.iterdir()) == [], "its temporary folder")
    task = told()
    check_truth(task)
    if stored:
        assert run.stored()["status"] == "FAILED"
        with contextlib.closing(sqlite3.connect(f"file:{database()}?mode=ro", uri=True)) as connection:
            assert connection.execute("SELECT * FROM ocp_host_lock").fetchall() == []
    return task


def within(seconds: float, condition: Callable[[], Any]) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("phase", ["prepare", "stop", "wait for stop", "finish", "start"])
def test_controller_killed(
    way: Core, start_fleet: StartFleet, response_file: Path, tmp_path: Path, phase: str
) -> None:
    """One host is through with the phase and one is not, but behind Stop and before its barrier, where both are."""
    starts = phase == "start"
    if starts:
        fleet = start_fleet([HostSpec(behaviour="stopped"), HostSpec(behaviour="stopped")])
    else:
        fleet = start_fleet([HostSpec(), HostSpec(stop_seconds=3 if phase == "wait for stop" else 8)])
    first, second = fleet.hosts
    left = tmp_path / "left"
    stored = phase != "start"
    run = Running(
        way,
        fleet,
        response_file,
        environment={MARK: str(response_file), "ANSIBLE_LOCAL_TEMP": str(left)},
        playbook="batch_start_agents" if starts else "batch_stop_agents",
        **({} if stored else {"ocp_task_store": "none"}),
        ocp_agent_settle=8,
    )
    if phase == "prepare":
        second.pause()
        run.wait_for(lambda: run.in_phase("prepare"), "Prepare has not begun")
        time.sleep(3)
        run.kill()
        second.resume()
    elif phase == "finish":
        run.wait_for(lambda: run.in_phase("finish"), "Finish has not begun")
        time.sleep(1)
        run.kill()
    elif phase == "wait for stop":
        run.wait_for((second.home / "run/admin.lock").exists, "Stop has not begun")
        with locked_database():
            run.wait_for(lambda: not any(fleet.agent_processes().values()), "Stop has not ended")
            time.sleep(2)
            run.kill()
    elif phase == "start":
        run.wait_for(lambda: run.tells(START, "RUNNING"), "Start has not begun")
        second.pause()
        run.wait_for(lambda: len(first.agent_names()) == 3, "Start has not ended on the first host")
        time.sleep(4)
        run.kill()
        second.resume()
    else:
        run.wait_for((second.home / "run/admin.lock").exists, "Stop has not begun")
        run.wait_for(lambda: not first.agent_names(), "Stop has not ended on the first host")
        time.sleep(2)
        run.kill()

    task = check_last_word(run, left, stored=stored)
    if not starts:
        check_graph(task, hosts=2)

    known = {"prepare": PREPARE, "stop": STOP, "wait for stop": STOP, "finish": FINISH, "start": START}[phase]
    expected = {
        "prepare": ["SUCCESSFUL", "FAILED"],
        "stop": ["SUCCESSFUL", "FAILED"],
        "wait for stop": ["SUCCESSFUL", "SUCCESSFUL"],
        "finish": ["FAILED", "FAILED"],
        "start": ["SUCCESSFUL", "FAILED"],
    }[phase]
    assert statuses(task, known) == expected
    codes = {subtask["error"]["code"] for subtask in task["subtasks"] if "error" in subtask}
    assert codes == {"TSK10013"}
    if stored:
        asked = task_info(task_id=1)["data"]
        assert [(s["id"], s["status"], s.get("error")) for s in asked["subtasks"]] == [
            (s["id"], s["status"], s.get("error")) for s in task["subtasks"]
        ]
        retried = way.on_task("task_retry", fleet, response_file, task_id=1)
        assert retried.status == 0, retried.output
        check_graph(retried.task, hosts=2)
        check_truth(retried.task)
        assert not any(fleet.agent_processes().values())
    for each in fleet.hosts:
        each.wait_for(lambda each=each: not ours_on(each), "a process of ours is left behind")
        assert starts or list((each.home / "run").iterdir()) == []


def test_controller_killed_in_stop_then_rolled_back(
    newest_way: Core, start_fleet: StartFleet, response_file: Path, tmp_path: Path
) -> None:
    """What the dead run did is not known: the rollback makes sure, and only where an agent ran before."""
    fleet = start_fleet([HostSpec(stop_seconds=3), HostSpec(behaviour="stopped")])
    report = tmp_path / "report.html"
    run = Running(newest_way, fleet, response_file, ocp_report_file=str(report))
    run.wait_for((fleet.hosts[0].home / "run/admin.lock").exists, "Stop has not begun")
    assert "the task has not ended" in report.read_text()
    run.kill()
    assert within(PATIENCE, lambda: "TSK10013" in report.read_text())  # a whole page at any moment
    assert report.read_text().rstrip().endswith("</html>")

    undone = newest_way.on_task("task_rollback", fleet, response_file, task_id=1)

    assert undone.status == 0, undone.output
    check_truth(undone.task)
    assert [len(host.agent_names()) for host in fleet.hosts] == [3, 0]


def test_host_lost_in_stop_then_retried(newest_way: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(stop_seconds=3), HostSpec()])
    host = fleet.hosts[0]
    run = Running(newest_way, fleet, response_file, ocp_stop_timeout=12)
    run.wait_for((host.home / "run/admin.lock").exists, "Stop has not begun")
    host.pause()
    try:
        first = run.end()
    finally:
        host.resume()
    assert first.status == 2, first.output
    check_truth(first.task)
    assert first.statuses(STOP) == ["FAILED", "SUCCESSFUL"]
    error = first.of_host(0)["Stop"]["error"]
    assert error["code"] == "TSK10012"
    assert "not known" in error["message"]
    assert first.statuses(FINISH) == ["PENDING", "PENDING"]
    host.wait_for(lambda: not ours_on(host), "the host program did not end by its own deadline")

    second = newest_way.on_task("task_retry", fleet, response_file, task_id=first.task["id"], ocp_stop_timeout=60)

    assert second.status == 0, second.output
    check_truth(second.task)
    assert not any(fleet.agent_processes().values())


def listening(name: str) -> int:
    """The process of this test's only run that listens on a socket of this name."""
    sockets = {line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines() if name in line}
    mine = os.fsencode(f"XDG_DATA_HOME={os.environ['XDG_DATA_HOME']}")
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mine in (process / "environ").read_bytes().split(b"\0"):
                open_files = [os.readlink(link) for link in (process / "fd").iterdir()]
                found += [int(process.name) for inode in sockets if f"socket:[{inode}]" in open_files]
    (pid,) = found
    return pid


def test_engine_killed_between_phases(
    newest_core: Core, start_fleet: StartFleet, response_file: Path, tmp_path: Path
) -> None:
    """Another one is started, and told once more how to reach the hosts."""
    left = tmp_path / "left"
    fleet = start_fleet([HostSpec(), HostSpec()])
    host = fleet.hosts[0]
    host.pause()
    environment = {"ANSIBLE_LOCAL_TEMP": str(left)}
    run = Running(newest_core, fleet, response_file, environment=environment, ocp_transport="fanout")
    run.wait_for(lambda: run.in_phase("prepare"), "Prepare has not begun")
    with locked_database():
        host.resume()
        run.wait_for(lambda: answered(left) == {"db001", "db002"}, "the hosts have not answered")
        time.sleep(2)  # by now the phase has ended, and its barrier waits for the database
        os.kill(listening(SOCKET), signal.SIGKILL)

    ended = run.end()

    assert ended.status == 0, ended.output
    assert "stop: 2 hosts in one fan-out" in ended.output
    check_graph(ended.task, hosts=2)
    check_truth(ended.task)
    assert not any(fleet.agent_processes().values())


# Two runs at once


def test_two_runs_on_one_host_in_the_same_instant(core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec(stop_seconds=4), HostSpec(stop_seconds=4), HostSpec(stop_seconds=4)])
    first, shared, last = (host.host_id for host in fleet.hosts)
    requests = {"a": [first, shared], "b": [last, shared]}

    processes = {
        name: core.start(fleet.inventory, tmp_path / f"{name}.json", {"host_ids": ids})
        for name, ids in requests.items()
    }
    runs = {name: end(process, tmp_path / f"{name}.json") for name, process in processes.items()}

    winners = [name for name, run in runs.items() if run.status == 0]
    assert len(winners) == 1, {name: run.output for name, run in runs.items()}
    (loser,) = set(requests) - set(winners)
    winner_id = runs[winners[0]].task["id"]
    check_refusal(runs[loser], 409, "BAK29003", [f"task {winner_id}", str(shared)])
    assert [error["rejectedValue"] for error in runs[loser].error["subErrors"]] == [shared]
    left = fleet.host(requests[loser][0])
    assert len(left.agent_names()) == 3, "the refused run has contacted nobody"

    after = core.stop_agents(fleet.inventory, tmp_path / "c.json", {"host_ids": requests[loser]})
    assert after.status == 0, after.output


def test_the_response_file_of_a_run_that_goes_on(
    newest_way: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    """A second run that wants to write it, too, is refused, whatever it is about, and leaves the file alone."""
    fleet = start_fleet([HostSpec(behaviour="daemon_ignores_sigterm"), HostSpec()])
    first, second = fleet.hosts
    extra = {"host_ids": [first.host_id], "ocp_agent_daemon_grace": 200}
    run = newest_way.start(fleet.inventory, response_file, extra)
    first.wait_for((first.home / "run/admin.lock").exists, "Stop has not begun")
    others = {"409 BAK29003": [first.host_id], "409 COM10005": [second.host_id], "400 COM10001": "none"}

    refused = {
        code: newest_way.start(fleet.inventory, response_file, {"host_ids": ids}) for code, ids in others.items()
    }
    # One that the command line keeps from beginning leaves it alone as well.
    part = newest_way.start(fleet.inventory, response_file, {"host_ids": [second.host_id]}, "--tags=prepare")

    for code, process in refused.items():
        said, dummy = process.communicate(timeout=PATIENCE)
        assert process.returncode == 2, said
        assert code in said
        assert f"{response_file} is left alone, it is the response file of process {run.pid} on " in said
    said, dummy = part.communicate(timeout=PATIENCE)
    assert part.returncode != 0, said
    during = json.loads(response_file.read_text())["data"]
    assert (during["id"], during["status"]) == (1, "RUNNING")
    first.kill_daemon()
    ended = end(run, response_file)
    assert ended.status == 0, ended.output
    assert ended.task["id"] == 1
    assert len(second.agent_names()) == 3
    after = newest_way.stop_agents(fleet.inventory, response_file, {"host_ids": [second.host_id]})
    assert after.status == 0, after.output


# Cancelled


def is_connected_to(host: Host) -> bool:
    """Whether somebody has a connection to a host's sshd, which may be paused: the kernel takes them."""
    number = int.from_bytes(socket.inet_aton(host.address), sys.byteorder)
    remote = f"{number:08X}:{host.port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any((fields[2], fields[3]) == (remote, "01") for fields in lines)


@pytest.mark.parametrize("phase", ["prepare", "stop", "finish"])
@pytest.mark.parametrize("how", ["task_cancel", "ctrl_c"])
def test_cancel(way: Core, start_fleet: StartFleet, response_file: Path, phase: str, how: str) -> None:
    """One host is at work, one more waits for its turn: the first is let finish, the second never begun."""
    # Stop waits there for as long as the test does not kill the daemon.
    slow = HostSpec(behaviour="daemon_ignores_sigterm") if phase == "stop" else HostSpec()
    fleet = start_fleet([slow, HostSpec()])
    host = fleet.hosts[0]
    limits = {"ocp_fanout": 1, "ocp_agent_settle": 20, "ocp_agent_daemon_grace": 200}
    run = Running(way, fleet, response_file, "--forks=1", "--timeout=60", **limits)
    if phase == "prepare":
        host.pause()
        run.wait_for(lambda: is_connected_to(host), "nobody connects to the first host")
    elif phase == "stop":
        run.wait_for((host.home / "run/admin.lock").exists, "Stop has not begun")
    else:
        run.wait_for(lambda: run.in_phase("finish"), "Finish has not begun")
        time.sleep(1)

    if how == "task_cancel":
        # A limit is for hosts, and this contacts none: it must not be skipped in silence.
        none = response_file.with_name("none.json")
        asking = way.start(fleet.inventory, none, {"task_id": 1}, "--limit=db002", playbook="task_cancel")
        run.wait_for(
            lambda: "CANCELING" in {subtask["status"] for subtask in run.stored()["subtasks"]}, "it is not cancelled"
        )
        asked = end(asking, none)
        assert asked.status == 0, asked.output
        assert asked.says("task 1 is being cancelled")
        time.sleep(3)  # the run looks every two seconds
    else:
        os.killpg(run.process.pid, signal.SIGINT)  # as a terminal does
        time.sleep(2)  # until all of its processes have heard it, on a busy machine, too
    if phase == "prepare":
        host.resume()
    elif phase == "stop":
        host.kill_daemon()
    ended = run.end()

    assert ended.status == 2, ended.output
    check_graph(ended.task, hosts=2)
    check_truth(ended.task)
    assert (ended.task["status"], ended.task["operation"]) == ("FAILED", "CANCEL")
    cancelled = [subtask for subtask in ended.task["subtasks"] if subtask["operation"] == "CANCEL"]
    assert cancelled
    assert {subtask["error"]["code"] for subtask in cancelled} == {"TSK10014"}
    name = {"prepare": PREPARE, "stop": STOP, "finish": FINISH}[phase]
    # In a fan-out a paused host has no connection yet, and is asked nothing once the task is cancelled.
    asked_first = "FAILED" if phase == "prepare" and way.transport == "fanout" else "SUCCESSFUL"
    assert statuses(ended.task, name) == [asked_first, "FAILED"], ended.output
    stored = task_info(task_id=1)["data"]
    assert (stored["status"], stored["operation"]) == ("FAILED", "CANCEL")
    assert task_cancel(task_id=1)["error"]["code"] == "TSK10007"

    retried = way.on_task("task_retry", fleet, response_file, task_id=1)
    assert retried.status == 0, retried.output
    assert not any(fleet.agent_processes().values())


def test_a_cancel_that_finds_nothing_to_cancel_fails(newest_core: Core, listener: Listener, tmp_path: Path) -> None:
    hosts = inventory(tmp_path, listener, HOSTS)
    for extra, code in (({"task_id": 4711}, "404 TSK10001"), ({}, "400 COM10001")):
        run = newest_core.stop_agents(hosts, tmp_path / "none.json", extra, playbook="task_cancel")
        assert run.status == 2, run.output
        assert run.says(code)


# A store that fails


@contextlib.contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    subprocess.run(["mount", *options, str(folder)], check=True)
    try:
        yield
    finally:
        # lazily: the process that holds the connections outlives its run by a moment
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Leave no room on the disk of a folder."""
    with contextlib.suppress(OSError), open(folder / "ballast", "wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 4096)


@pytest.mark.parametrize("broken", ["read-only", "full", "no folder"])
def test_a_store_that_cannot_be_written(
    newest_core: Core, tmp_path: Path, listener: Listener, data_home: Path, response_file: Path, broken: str
) -> None:
    data_home.mkdir()
    hosts = inventory(tmp_path, listener, HOSTS)
    with contextlib.ExitStack() as stack:
        if broken == "read-only":
            stack.enter_context(mounted(data_home, "-t", "tmpfs", "-o", "ro", "tmpfs"))
        elif broken == "full":
            stack.enter_context(mounted(data_home, "-t", "tmpfs", "-o", "size=64k", "tmpfs"))
            fill(data_home)
        else:
            data_home.rmdir()
            data_home.write_text("not a folder")
        run = newest_core.stop_agents(hosts, response_file, {"host_ids": [1001, 1003]})
    check_refusal(run, 500, "COM10010", [str(data_home)])
    assert not listener.contacted()


def test_a_disk_that_fills_up_during_stop(
    newest_way: Core, start_fleet: StartFleet, response_file: Path, tmp_path: Path
) -> None:
    """That of Ansible's temporary files, which has the run's last word: no host needs it, or is asked again for it."""
    fleet = start_fleet([HostSpec(stop_seconds=3), HostSpec(stop_seconds=4), HostSpec(generation="obagent")])
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        run = Running(newest_way, fleet, response_file, environment={"ANSIBLE_LOCAL_TEMP": str(disk)})
        run.wait_for((fleet.hosts[0].home / "run/admin.lock").exists, "Stop has not begun")
        (note,) = disk.glob("*/ocp_run.json")
        fill(disk)
        ended = run.end()

    assert not any(fleet.agent_processes().values())
    assert ended.status == 0, ended.output
    assert ended.says(f"{note} cannot be written (No space left on device): make room there")
    check_graph(ended.task, hosts=3)
    check_truth(ended.task)
    assert ended.task["status"] == "SUCCESSFUL"
    assert {subtask["runTime"] for subtask in ended.task["subtasks"]} == {1}
    for host, subtask in zip(fleet.hosts, [s for s in ended.task["subtasks"] if s["name"] == STOP], strict=True):
        logins = host.log.read_text(errors="replace").count("Accepted publickey")
        assert logins == 1, "the host was asked again"
        log = subtask_log(task_id=1, subtask_id=subtask["id"])["data"]["log"]
        assert log.count("SIGTERM to ") == 1, log
        assert list((host.home / "run").iterdir()) == []


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_database_that_goes_away_between_two_barriers(
    newest_core: Core, start_fleet: StartFleet, response_file: Path, data_home: Path, kind: str
) -> None:
    fleet = start_fleet([HostSpec(stop_seconds=3), HostSpec()])
    data_home.mkdir()
    # A disk of its own, as a volume is: nothing is promised of that of a container, which this machine may be.
    with mounted(data_home, "-t", "tmpfs", "tmpfs"), running(kind) as server:
        url = server.new_database("ocp")
        run = Running(newest_core, fleet, response_file, ocp_task_store=url)
        run.wait_for((fleet.hosts[0].home / "run/admin.lock").exists, "Stop has not begun")
        server.stop()
        first = run.end()

        assert first.status == 2, first.output
        check_truth(first.task)
        assert statuses(first.task, STOP) == ["SUCCESSFUL", "SUCCESSFUL"]
        assert statuses(first.task, FINISH) == ["PENDING", "PENDING"]
        assert not any(fleet.agent_processes().values())
        (kept,) = (data_home / "oceanbase-ocp" / "spool").glob("*/*.json")
        assert first.says(str(kept))
        assert first.says("Nothing is lost")
        assert PASSWORD not in first.output

        server.start()
        second = newest_core.on_task("task_retry", fleet, response_file, task_id=first.task["id"], ocp_task_store=url)

        assert second.status == 0, second.output
        check_truth(second.task)
        assert not re.search("^stop: ", second.output, re.MULTILINE), "what was done is not done again"
        assert not kept.exists()
        subtask = next(s for s in second.task["subtasks"] if s["name"] == STOP)
        asked = subtask_log(task_id=first.task["id"], subtask_id=subtask["id"], task_store=url)
        assert "SIGTERM to ocp_agentd" in asked["data"]["log"]


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_failover_in_the_middle_of_a_run(
    newest_core: Core, start_fleet: StartFleet, response_file: Path, data_home: Path, kind: str
) -> None:
    """The server is gone when Stop is over, with all connections, and is back some seconds later: the run goes on."""
    fleet = start_fleet([HostSpec(stop_seconds=3), HostSpec()])
    with running(kind) as server:
        url = server.new_database("ocp")
        run = Running(newest_core, fleet, response_file, ocp_task_store=url)
        run.wait_for((fleet.hosts[0].home / "run/admin.lock").exists, "Stop has not begun")
        server.stop()
        run.wait_for(lambda: not any(fleet.agent_processes().values()), "Stop has not ended")
        time.sleep(3)  # so that the barrier behind it has come to the server
        server.start()
        ended = run.end()

        assert ended.status == 0, ended.output
        check_truth(ended.task)
        assert statuses(ended.task, FINISH) == ["SUCCESSFUL", "SUCCESSFUL"]
        assert {subtask["runTime"] for subtask in ended.task["subtasks"]} == {1}
        (stored,) = task_info(task_store=url)["data"]["contents"]
        assert (stored["id"], stored["status"]) == (ended.task["id"], "SUCCESSFUL")
        assert not (data_home / "oceanbase-ocp" / "spool").exists()


def test_a_killed_run_leaves_no_password(
    newest_core: Core, start_fleet: StartFleet, response_file: Path, data_home: Path, tmp_path: Path
) -> None:
    """With a database of its own the last word is said there, or kept for it while it is away."""
    fleet = start_fleet([HostSpec(), HostSpec(stop_seconds=12)])
    first, second = fleet.hosts
    left = tmp_path / "left"
    with running("postgresql") as server:
        url = server.new_database("ocp")
        extra = tmp_path / "secret.json"
        extra.write_text(json.dumps({"ocp_task_store": url}))
        variables = {"ANSIBLE_LOCAL_TEMP": str(left), MARK: str(response_file)}
        run = Running(newest_core, fleet, response_file, f"-e@{extra}", environment=variables)
        run.wait_for((second.home / "run/admin.lock").exists, "Stop has not begun")
        run.wait_for(lambda: not first.agent_names(), "Stop has not ended on the first host")
        time.sleep(2)
        shown = subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True).stdout
        ours = [line for line in shown.splitlines() if str(left) in line]
        assert len(ours) > 1, "the run and what runs beside it"
        assert not [line for line in ours if PASSWORD in line], "the arguments and the environment of processes"
        on_disk = [path for folder in (left, data_home) for path in folder.rglob("*") if path.is_file()]
        assert "ocp_run.json" in {path.name for path in on_disk}
        assert [path for path in on_disk if PASSWORD.encode() in path.read_bytes()] == []
        run.kill()
        task = check_last_word(run, left, stored=False)
        assert statuses(task, STOP) == ["SUCCESSFUL", "FAILED"]
        assert task_info(task_id=1, task_store=url)["data"]["status"] == "FAILED"

        retry = Running(
            newest_core,
            fleet,
            response_file,
            f"-e@{extra}",
            environment=variables,
            playbook="task_retry",
            task_id=1,
            ocp_agent_settle=12,
        )
        retry.wait_for(lambda: retry.tells(FINISH, "RUNNING"), "Finish has not begun")
        server.stop()
        retry.kill()
        task = check_last_word(retry, left, stored=False)
        server.start()
        assert statuses(task, FINISH) == ["FAILED", "FAILED"]
        assert list((data_home / "oceanbase-ocp" / "spool").glob("*/*.json"))
        assert newest_core.on_task("task_rollback", fleet, response_file, task_id=1, ocp_task_store=url).status == 0
    files = [path for path in data_home.rglob("*") if path.is_file()]
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []


def test_a_supervisor_that_is_killed_costs_nothing(
    newest_core: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    """The run goes on to its report. One that is broken off as well says that it cannot tell."""
    fleet = start_fleet([HostSpec(stop_seconds=4)])
    host = fleet.hosts[0]
    stopping = Running(newest_core, fleet, response_file)
    stopping.wait_for((host.home / "run/admin.lock").exists, "Stop has not begun")
    os.kill(listening("ocp_supervisor.sock"), signal.SIGKILL)
    os.killpg(stopping.process.pid, signal.SIGINT)
    time.sleep(0.5)
    os.killpg(stopping.process.pid, signal.SIGINT)
    broken_off = stopping.end()
    assert broken_off.status not in (0, None)
    assert broken_off.task["status"] == "RUNNING"
    assert "the process that tells it is gone" in broken_off.output
    assert task_info(task_id=1)["data"]["status"] == "FAILED"
    host.wait_for(lambda: not host.agent_names() and not ours_on(host), "what the host had begun was not let finish")

    starting = Running(newest_core, fleet, response_file, playbook="batch_start_agents")
    starting.wait_for(lambda: starting.tells(START, "RUNNING"), "Start has not begun")
    os.kill(listening("ocp_supervisor.sock"), signal.SIGKILL)
    ended = starting.end()
    assert ended.status == 0, ended.output
    check_truth(ended.task)


def test_a_worker_that_is_killed(way: Core, start_fleet: StartFleet, response_file: Path) -> None:
    """As by a kernel that is out of memory. ansible-playbook gives up then, and its exit tells what is known."""
    fleet = start_fleet([HostSpec(), HostSpec(stop_seconds=8)])
    first, second = fleet.hosts
    run = Running(way, fleet, response_file, environment={MARK: str(response_file)})
    run.wait_for((second.home / "run/admin.lock").exists, "Stop has not begun")
    run.wait_for(lambda: not first.agent_names(), "Stop has not ended on the first host")
    time.sleep(2)
    children = Path(f"/proc/{run.process.pid}/task/{run.process.pid}/children").read_text().split()
    for worker in children:
        os.kill(int(worker), signal.SIGKILL)

    ended = run.end()

    assert ended.status not in (0, None), ended.output
    assert statuses(ended.task, STOP) == ["SUCCESSFUL", "FAILED"]
    assert ended.says("the run was ended before its report; 1 host stopped, not verified; 1 host in the middle of Stop")
    assert within(LAST_WORD_WITHIN, lambda: not processes_of(run)), processes_of(run)


# A run that is not its task's executor any more, for all that others can tell


def seen_from_elsewhere(core: Core, module: str, **arguments: Any) -> dict[str, Any]:
    """Ask as another machine would: in a pid namespace where the processes of this one do not show, with a clock of its
    own since the boot."""
    apart = ["unshare", "--pid", "--fork", "--mount-proc", "--time", "--boottime=1000000", "--monotonic=1000000"]
    command = [core.bin / "ansible", "localhost", f"--module-name=oceanbase.ocp.{module}"]
    run = subprocess.run(
        [*apart, *command, f"--args={json.dumps(arguments)}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=core.environment(ANSIBLE_LOCALHOST_WARNING="0", ANSIBLE_INVENTORY_UNPARSED_WARNING="0"),
        timeout=PATIENCE,
        check=False,
    )
    response: dict[str, Any] = json.loads(run.stdout.partition("=> ")[2])["response"]
    return response


@pytest.mark.parametrize(
    ("transport", "kind", "taken_over"),
    [("fanout", "postgresql", True), ("task", "postgresql", True), ("fanout", "mariadb", False)],
)
def test_a_run_that_others_take_for_dead_begins_no_other_host(
    newest_core: Core,
    start_fleet: StartFleet,
    response_file: Path,
    data_home: Path,
    transport: str,
    kind: str,
    taken_over: bool,
) -> None:
    """One host is at work while the database is away from this run, and one more waits for its turn."""
    core = replace(newest_core, transport=transport)
    fleet = start_fleet([HostSpec(behaviour="daemon_ignores_sigterm"), HostSpec()])
    first, second = fleet.hosts
    with running(kind) as server, way(server, server.folder / "way") as there:
        url = server.new_database("ocp")
        seconds = 20 if taken_over else 50
        run = Running(
            core,
            fleet,
            response_file,
            "--forks=1",
            ocp_fanout=1,
            ocp_agent_daemon_grace=seconds,
            ocp_task_store=there.url(url),
        )
        run.wait_for((first.home / "run/admin.lock").exists, "Stop has not begun")
        there.stall()
        if taken_over:
            server.run("UPDATE ocp_task SET heartbeat = heartbeat - 3600", "ocp")
            # Who writes closes a task whose executor is dead.
            dead = seen_from_elsewhere(core, "task_cancel", task_id=1, task_store=url)["error"]
            assert "task 1 is FAILED" in dead["message"]
            there.clear()
        ended = run.end()
        there.clear()

        assert ended.status == 2, ended.output
        why = "not this run's any more" if taken_over else "no sign of life from this run"
        check_graph(ended.task, hosts=2)
        check_truth(ended.task)
        assert ended.statuses(STOP) == ["SUCCESSFUL", "FAILED"], ended.output
        left = ended.of_host(1)["Stop"]["error"]
        assert left["code"] == "TSK10013"
        assert why in left["message"], left
        assert [len(host.agent_names()) for host in fleet.hosts] == [0, 3]
        assert "startTime" not in ended.of_host(1)["Stop"]
        (kept,) = (data_home / "oceanbase-ocp" / "spool").glob("*/*.json")
        assert ended.says(str(kept))

        retried = core.on_task("task_retry", fleet, response_file, task_id=1, ocp_task_store=there.url(url))

        assert retried.status == 0, retried.output
        check_truth(retried.task)
        assert not kept.exists()
        assert not any(fleet.agent_processes().values())
        assert not ours_on(second)
