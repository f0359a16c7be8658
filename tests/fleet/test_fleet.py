# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each behaviour is as described, seen from outside, and a fleet leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fleet import Fleet, FleetError, Host, HostSpec, Process, state, takedown
from tests.fleet.__main__ import behaviour_of_each
from tests.fleet.behaviours import BEHAVIOURS, DEAD_PID, hold_lock
from tests.fleet.spec import GENERATIONS

ROOT = Path(__file__).resolve().parents[2]
OBSERVED = [("gen2", name) for name in BEHAVIOURS] + [
    ("gen1", "normal"),
    ("gen1", "orphans"),
    ("gen1", "two_generations"),
    ("gen1", "junk_run"),
    ("gen1", "watchdog"),
    ("obagent", "normal"),
    ("obagent", "stale_pid_file"),
]

CHANGED = (
    "stopped",
    "orphans",
    "live_lock",
    "stale_lock",
    "watchdog",
    "empty_pid_file",
    "crashed",
    "child_not_serving",
    "other_daemon_in_pid_file",
    "real_timing",
    "run_dir",
    "obd_links",
)

pytestmark = [
    pytest.mark.fleet,
    pytest.mark.skipif(os.geteuid() != 0, reason="hosts need root"),
    pytest.mark.xdist_group("fleet"),  # most of them share two sets of hosts
]


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One host of each kind. Tests only look at them."""
    specs = [HostSpec(behaviour=behaviour, generation=generation) for generation, behaviour in OBSERVED]
    with Fleet.start(specs, tmp_path_factory.mktemp("observed") / "fleet") as fleet:
        yield fleet


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Hosts for tests that change them, one for each."""
    specs = [HostSpec()] * 4
    specs += [HostSpec(behaviour=name) for name in CHANGED]
    specs += [HostSpec(behaviour="frozen_child", stop_seconds=3, poll_seconds=1)]
    specs += [HostSpec(generation="gen1"), HostSpec(agent_user="admin", user="admin", bystanders=False)]
    with Fleet.start(specs, tmp_path_factory.mktemp("changed") / "fleet") as fleet:
        yield fleet


def find(fleet: Fleet, behaviour: str, generation: str = "gen2") -> Host:
    return next(host for host in fleet.hosts if (host.spec.behaviour, host.spec.generation) == (behaviour, generation))


def program(host: Host, name: str) -> Process:
    return next(process for process in host.agent_processes() if process.comm == name)


def pid_file(host: Host, name: str) -> Path:
    return host.run_folder / f"{name}.pid"


def control(host: Host, *words: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    return host.run(f"{host.spec.home}/{host.generation.control}", *words, check=False, user=user)


def code_of(answer: subprocess.CompletedProcess[str]) -> str:
    """The vendor's code in the answer of a failed command."""
    assert not answer.stdout
    told = json.loads(answer.stderr)
    assert answer.stderr.startswith('{"successful":false,"message":null,"error":"Module=')
    assert answer.stderr.endswith("}")
    return str(told["error"]).partition("code=")[2].partition(";")[0]


def ask(host: Host, name: str, request: str = "GET /api/v1/status") -> tuple[str, dict[str, Any]]:
    """The answer of the program with this name on its socket: the first line, and the JSON (empty for 404)."""
    folder = os.open(host.run_folder, os.O_PATH)  # its path may be too long for a socket
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(10)
            connection.connect(f"/proc/self/fd/{folder}/{name}.{program(host, name).ns_pid}.sock")
            connection.sendall(f"{request} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head, _blank, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    finally:
        os.close(folder)
    return head.decode().splitlines()[0], json.loads(body) if body.startswith(b"{") else {}


def port_answers(host: Host, port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex((host.address, port)) == 0


def all_gone(targets: list[tuple[int, int]]) -> bool:
    """Whether these processes vanish, zombies included. The machine's init may take a moment to reap its own."""
    deadline = time.monotonic() + 10
    while not all(is_gone(*target) for target in targets):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_gone(pid: int, start_time: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return int(text.rpartition(")")[2].split()[19]) != start_time


def everyone(fleet: Fleet) -> list[tuple[int, int]]:
    """(pid, start time) of every process of a host of the fleet, holders included."""
    found = [target for host in fleet.hosts for target in (host.unshare, host.init)]
    return found + [(process.pid, process.start_time) for table in fleet.processes().values() for process in table]


# The behaviours


@pytest.mark.parametrize(("generation", "behaviour"), OBSERVED)
def test_host_answers_over_ssh(observed: Fleet, generation: str, behaviour: str) -> None:
    host = find(observed, behaviour, generation)
    result = subprocess.run(
        host.ssh_command("cat", "/proc/sys/kernel/hostname", "&&", "id", "-un"),
        capture_output=True,
        text=True,
        check=False,
    )
    if behaviour == "sshd_down":
        assert result.returncode == 255
        assert "Connection refused" in result.stderr
    else:
        assert result.stdout.split() == [host.name, "admin" if behaviour == "no_privilege" else "root"], result.stderr


@pytest.mark.parametrize(("generation", "behaviour"), OBSERVED)
def test_agent_programs_are_those_promised(observed: Fleet, generation: str, behaviour: str) -> None:
    host = find(observed, behaviour, generation)
    assert host.agent_names() == sorted(BEHAVIOURS[behaviour].expects(GENERATIONS[generation]))
    assert all(process.uid == 0 for process in host.agent_processes())


@pytest.mark.parametrize(("generation", "behaviour"), OBSERVED)
def test_bystanders_live_and_are_no_agents(observed: Fleet, generation: str, behaviour: str) -> None:
    host = find(observed, behaviour, generation)
    names = [process.comm for process in host.bystanders]
    assert GENERATIONS[generation].daemon.name in names
    assert "observer" in names or behaviour == "no_agent"
    agents = {process.pid for process in host.agent_processes()}
    for process in [*host.bystanders, *filter(None, [host.stranger])]:
        assert host.alive(process)
        assert process.pid not in agents


def test_normal_agent_looks_like_the_vendors(observed: Fleet) -> None:
    host = find(observed, "normal")
    daemon, manager = program(host, "ocp_agentd"), program(host, "ocp_mgragent")
    home = host.spec.home
    assert daemon.exe == f"{home}/bin/ocp_agentd"
    assert daemon.cmdline == (f"{home}/bin/ocp_agentd", "-c", f"{home}/conf/agentd.yaml")
    assert (daemon.ppid, manager.ppid) == (host.init[0], daemon.pid)
    assert manager.cmdline == (f"{home}/bin/ocp_mgragent",)
    assert os.getsid(manager.pid) == manager.pid
    assert pid_file(host, "ocp_agentd").read_text() == str(daemon.ns_pid)
    assert pid_file(host, "ocp_mgragent").read_text() == f"{manager.ns_pid}\n"
    assert (host.home / f"run/ocp_mgragent.{manager.ns_pid}.sock").is_socket()
    assert port_answers(host, 62888)
    assert port_answers(host, 62889)
    other = next(process for process in host.bystanders if process.comm == "observer")
    assert os.stat(f"/proc/{other.pid}/exe").st_ino != os.stat(f"/proc/{daemon.pid}/exe").st_ino


def test_every_program_tells_its_status_on_its_socket(observed: Fleet) -> None:
    host = find(observed, "normal")
    daemon, manager = program(host, "ocp_agentd"), program(host, "ocp_mgragent")
    line, answer = ask(host, "ocp_mgragent")
    assert (line, answer["successful"], answer["status"]) == ("HTTP/1.1 200 OK", True, 200)
    assert {key: answer["data"][key] for key in ("state", "version", "pid", "ports")} == {
        "state": "running",
        "version": "4.2.2",
        "pid": manager.ns_pid,
        "ports": [62888],
    }
    told = ask(host, "ocp_agentd", "POST /api/v1/status")[1]["data"]
    assert (told["state"], told["ready"], told["pid"], told["dangling"]) == ("running", True, daemon.ns_pid, None)
    assert sorted(told["services"]) == ["ocp_mgragent", "ocp_monagent"]
    assert told["services"]["ocp_mgragent"]["socket"] == f"{host.spec.run_folder}/ocp_mgragent.{manager.ns_pid}.sock"
    assert ask(host, "ocp_mgragent", "GET /else")[0] == "HTTP/1.1 404 Not Found"


def test_child_whose_port_is_taken_lives_and_does_not_serve(observed: Fleet) -> None:
    host = find(observed, "child_not_serving")
    told = ask(host, "ocp_agentd")[1]["data"]
    assert told["ready"] is False
    assert {name: child["state"] for name, child in told["services"].items()} == {
        "ocp_mgragent": "running",
        "ocp_monagent": "unknown",
    }
    assert not list(host.run_folder.glob("ocp_monagent.*.sock"))
    assert "bind: address already in use" in (host.home / "log/monagent.log").read_text()


def test_frozen_child_does_not_answer(observed: Fleet) -> None:
    host = find(observed, "frozen_child")
    assert program(host, "ocp_mgragent").state == "T"
    told = ask(host, "ocp_agentd")[1]["data"]
    assert (told["ready"], told["services"]["ocp_mgragent"]["state"]) == (False, "unknown")


def test_crash_has_left_files_and_an_orphan(observed: Fleet) -> None:
    host = find(observed, "crashed")
    assert host.stranger
    texts = {pid_file(host, name).read_text().strip() for name in ("ocp_agentd", "ocp_mgragent")}
    assert texts == {str(host.stranger.ns_pid)}
    assert len(list(host.run_folder.glob("*.sock"))) == 3
    assert program(host, "ocp_monagent").ppid == host.init[0]


def test_files_and_programs_may_lie_elsewhere(observed: Fleet) -> None:
    host = find(observed, "run_dir")
    assert not list((host.home / "run").iterdir())
    assert pid_file(host, "ocp_agentd").read_text() == str(program(host, "ocp_agentd").ns_pid)
    assert "runDir: /home/admin/ocp_run\n" in (host.home / "conf/agentd.yaml").read_text()
    linked = find(observed, "obd_links")
    daemon = program(linked, "ocp_agentd")
    assert daemon.exe.startswith("/home/admin/.obd/repository/")
    assert daemon.cmdline[0] == f"{linked.spec.home}/bin/ocp_agentd"
    assert os.readlink(linked.home / "bin/ocp_agentd") == daemon.exe


def test_generation_1_runs_scripts_under_a_title(observed: Fleet) -> None:
    host = find(observed, "normal", "gen1")
    daemon, proxy = program(host, "ocp_agentd"), program(host, "pos_proxy")
    assert (daemon.cmdline, proxy.cmdline) == (("ocp_agentd",), ("pos_proxy",))
    assert Path(f"/proc/{daemon.pid}/cmdline").read_bytes().startswith(b"ocp_agentd\0")
    assert not daemon.exe.startswith("/home/")
    assert program(host, "node_exporter").exe == f"{host.spec.home}/agent/node_exporter"
    assert pid_file(host, "ocp_agentd").read_text() == str(daemon.ns_pid)
    assert all(port_answers(host, port) for port in (62888, 62889, 63000))


def test_obagent_has_its_own_ports(observed: Fleet) -> None:
    host = find(observed, "normal", "obagent")
    assert port_answers(host, 8088)
    assert port_answers(host, 8089)
    assert not port_answers(host, 62888)


@pytest.mark.parametrize("generation", ["gen2", "gen1"])
def test_orphans_have_init_as_parent(observed: Fleet, generation: str) -> None:
    host = find(observed, "orphans", generation)
    assert {process.ppid for process in host.agent_processes()} == {host.init[0]}


@pytest.mark.parametrize(
    ("behaviour", "generation", "files"),
    [
        ("stale_pid_file", "gen2", ["ocp_agentd", "ocp_mgragent"]),
        ("stale_pid_file", "obagent", ["ob_agentd", "ob_mgragent"]),
        ("stranger_in_pid_file", "gen2", ["ocp_mgragent"]),
    ],
)
def test_pid_files_name_the_stranger(observed: Fleet, behaviour: str, generation: str, files: list[str]) -> None:
    host = find(observed, behaviour, generation)
    assert host.stranger
    assert host.stranger.exe == "/home/admin/oceanbase/bin/observer"
    assert {pid_file(host, name).read_text() for name in files} == {f"{host.stranger.ns_pid}\n"}


def test_empty_pid_file_is_empty_and_the_daemon_runs(observed: Fleet) -> None:
    assert pid_file(find(observed, "empty_pid_file"), "ocp_agentd").stat().st_size == 0


def test_zombie_is_a_zombie(observed: Fleet) -> None:
    dead = [process for process in find(observed, "zombie").processes() if process.dead]
    assert [(process.comm, process.state, process.exe, process.cmdline) for process in dead] == [
        ("ocp_mgragent", "Z", "", ())
    ]


def test_live_lock_names_a_live_control_program(observed: Fleet) -> None:
    host = find(observed, "live_lock")
    owner = json.loads((host.home / "run/admin.lock").read_text())
    assert owner["exe"] == f"{host.spec.home}/bin/ocp_agentctl"
    assert [process.exe for process in host.processes() if process.ns_pid == owner["pid"]] == [owner["exe"]]


def test_stale_lock_names_nobody(observed: Fleet) -> None:
    host = find(observed, "stale_lock")
    assert json.loads((host.home / "run/admin.lock").read_text())["pid"] == DEAD_PID
    assert DEAD_PID not in [process.ns_pid for process in host.processes()]


def test_absent_agents(observed: Fleet) -> None:
    assert not find(observed, "no_agent").home.exists()
    assert list((find(observed, "stopped").home / "run").iterdir()) == []
    assert not find(observed, "uninstalled").home.exists()
    for behaviour in ("deleted_exe", "uninstalled"):
        assert all(process.exe.endswith(" (deleted)") for process in find(observed, behaviour).agent_processes())


def test_junk_is_in_the_run_folder(observed: Fleet) -> None:
    host = find(observed, "junk_run")
    run = host.home / "run"
    assert os.readlink(run / "ocp_agentd.pid") == "/home/admin/oceanbase/run/observer.pid"
    assert (run / "ocp_mgragent.pid").is_fifo()
    assert (run / "ocp_monagent.pid").stat().st_size == 100 * 1024 * 1024
    assert (run / "ocp_monagent.pid").stat().st_blocks == 0
    assert host.stranger
    assert (run / "ocp_monagent.9009.pid").read_text() == f"{host.stranger.ns_pid}\n"


def test_inventory_is_what_ansible_needs(observed: Fleet) -> None:
    text = observed.inventory.read_text()
    assert text.startswith("---\nocp_hosts:\n")
    assert "    db001:\n" in text
    assert "      ocp_host_id: 1001\n" in text
    assert "StrictHostKeyChecking=yes" in text
    assert os.stat(observed.state_dir / "runtime/user_key").st_mode & 0o077 == 0


# The agent


def test_daemon_revives_a_killed_child_and_gives_up_the_third_that_dies_young(changed: Fleet) -> None:
    host = changed.hosts[0]
    lives: list[float] = []  # seconds, up to a second less than the daemon measures

    def manager(after: Process | None = None) -> Process | None:
        found = (process for process in host.agent_processes() if process.comm == "ocp_mgragent")
        return next((process for process in found if after is None or process.pid != after.pid), None)

    living = manager()
    while living:
        lives.append(time.clock_gettime(time.CLOCK_BOOTTIME) - living.start_time / os.sysconf("SC_CLK_TCK"))
        host.send(living, signal.SIGKILL)
        killed, deadline = living, time.monotonic() + 4
        while not (living := manager(after=killed)) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert host.agent_names() == ["ocp_agentd", "ocp_monagent"]
    assert max(lives[-3:]) < 3
    old = [number for number, life in enumerate(lives) if life > 1.5]
    assert len(lives) - max(old, default=-1) - 1 <= 3
    assert len(lives) >= 3


def test_child_that_fails_on_sigterm_is_revived(changed: Fleet) -> None:
    host = changed.hosts[3]
    first = program(host, "ocp_mgragent")
    host.send(first, signal.SIGTERM)
    host.wait_for(lambda: not host.alive(first) and len(host.agent_processes()) == 3, "not revived", timeout=5)
    assert pid_file(host, "ocp_mgragent").read_text() == f"{program(host, 'ocp_mgragent').ns_pid}\n"


def test_files_of_a_stopping_child_go_before_it_does(changed: Fleet) -> None:
    host = find(changed, "real_timing")
    monitor = program(host, "ocp_monagent")
    host.send(program(host, "ocp_agentd"), signal.SIGTERM)
    host.wait_for(lambda: not list(host.run_folder.glob("ocp_monagent.*")), "its files stay", timeout=2.5)
    assert host.alive(monitor)
    host.wait_for(lambda: not host.agent_processes(), "not stopped")


def test_vendors_timing(changed: Fleet) -> None:
    host = find(changed, "real_timing")
    control(host, "stop")
    for command, seconds in (("start", 1), ("restart", 5), ("stop", 4)):
        began = time.monotonic()
        answer = control(host, command)
        assert (answer.returncode, answer.stderr) == (0, "")
        assert seconds <= time.monotonic() - began < seconds + 2, command


def test_stop_with_a_frozen_child_fails_and_is_complete_later(changed: Fleet) -> None:
    host = find(changed, "frozen_child")
    began = time.monotonic()
    assert code_of(control(host, "stop")) == "wait_for_exit_timeout"
    assert time.monotonic() - began >= 10
    assert "ocp_agentd" in host.agent_names()
    host.wait_for(lambda: not host.agent_processes(), "not stopped", timeout=8)
    assert list(host.run_folder.iterdir()) == []


def test_restart_overlaps_and_leaves_a_pid_file(changed: Fleet) -> None:
    host = find(changed, "obd_links")
    before = program(host, "ocp_agentd")
    assert control(host, "restart").returncode == 0
    assert [path.name for path in host.run_folder.glob("*.*.pid")] == [f"ocp_agentd.{before.ns_pid}.pid"]
    assert not host.alive(before)
    assert host.serves()


def test_restart_that_fails_is_undone(changed: Fleet) -> None:
    host = find(changed, "child_not_serving")
    before = host.agent_processes()
    files = sorted(path.name for path in host.run_folder.iterdir())
    assert code_of(control(host, "restart")) == "wait_for_ready_timeout"
    assert host.agent_processes() == before
    assert sorted(path.name for path in host.run_folder.iterdir()) == files


def test_start_after_a_crash_fails_on_the_pid_file(changed: Fleet) -> None:
    host = find(changed, "crashed")
    assert code_of(control(host, "start")) == "agentd_exited_quickly"
    log = (host.home / "log/agentd.log").read_text()
    assert f"failed: open {host.spec.home}/run/ocp_agentd.pid: file exists" in log
    assert code_of(control(host, "start")) == "agentd_exited_quickly"


def test_status_and_stop_without_a_daemon(changed: Fleet) -> None:
    assert code_of(control(find(changed, "empty_pid_file"), "stop")) == "read_pid_failed"
    host = find(changed, "run_dir")
    assert json.loads(control(host, "status").stdout)["message"]["ready"] is True
    assert control(host, "stop").returncode == 0
    assert code_of(control(host, "status")) == "read_pid_failed"
    assert control(host, "stop").returncode == 0


def test_service_is_stopped_and_started_and_answered_with_an_error(changed: Fleet) -> None:
    host = changed.hosts[3]
    for verb, count in (("stop", 2), ("start", 3)):
        assert code_of(control(host, "service", verb, "ocp_monagent")) == "decode_result_failed"
        host.wait_for(lambda: len(host.agent_names()) == count, f"no {verb}", timeout=5)  # noqa: B023


def test_vendor_knows_programs_by_their_names_alone(changed: Fleet) -> None:
    host = find(changed, "other_daemon_in_pid_file")
    assert host.stranger
    assert control(host, "start").returncode == 0
    assert host.agent_processes() == [], "it takes the other for its own"
    assert control(host, "stop").returncode == 0
    assert not host.alive(host.stranger)


def test_child_that_ends_well_is_left_down(changed: Fleet) -> None:
    host = changed.hosts[1]
    host.send(program(host, "ocp_monagent"), signal.SIGTERM)
    time.sleep(2.2)
    assert host.agent_names() == ["ocp_agentd", "ocp_mgragent"]
    assert not pid_file(host, "ocp_monagent").exists()


def test_control_program_stops_and_starts(changed: Fleet) -> None:
    host = changed.hosts[2]
    control = f"{host.spec.home}/bin/ocp_agentctl"
    stopped = subprocess.run(host.ssh_command(control, "stop"), capture_output=True, text=True, check=False)
    assert (stopped.returncode, stopped.stdout) == (0, '{"successful":true,"message":"ok","error":""}')
    assert host.agent_processes() == []
    assert list((host.home / "run").iterdir()) == []
    assert not port_answers(host, 62888)
    started = subprocess.run(host.ssh_command(control, "start"), capture_output=True, text=True, check=False)
    assert (started.returncode, len(host.agent_processes())) == (0, 3)
    assert program(host, "ocp_agentd").ppid == host.init[0]
    assert host.run(control, "nonsense", check=False).returncode == 1


def test_control_program_of_generation_1(changed: Fleet) -> None:
    host = find(changed, "normal", "gen1")
    control = f"{host.spec.home}/bin/ocp_agent_ctl.py"
    assert json.loads(host.run(control, "restart").stdout)["successful"] is True
    assert len(host.agent_processes()) == 4
    host.run(control, "stop")
    assert host.agent_processes() == []
    assert all(host.alive(process) for process in host.bystanders)


def test_start_tells_orphans_to_end_and_is_spoiled_by_their_pid_files(changed: Fleet) -> None:
    host = find(changed, "orphans")
    orphans = host.agent_processes()
    started = control(host, "start")
    assert (started.returncode, code_of(started)) == (255, "wait_for_ready_timeout")
    assert host.agent_names() == ["ocp_agentd"]
    assert not any(host.alive(process) for process in orphans)
    assert [pid_file(host, process.comm).read_text() for process in orphans] == [f"{p.ns_pid}\n" for p in orphans]
    log = (host.home / "log/agentd.log").read_text()
    assert f"open {host.spec.home}/run/ocp_mgragent.pid: file exists" in log
    again = control(host, "start")
    assert (again.returncode, host.agent_names()) == (0, ["ocp_agentd"]), "the daemon runs, so that it asks no more"


def test_stopped_agent_can_be_started(changed: Fleet) -> None:
    host = find(changed, "stopped")
    host.start_agent()
    assert len(host.agent_processes()) == 3


def test_locks_are_honoured(changed: Fleet) -> None:
    live, stale = find(changed, "live_lock"), find(changed, "stale_lock")
    refused = live.run(f"{live.spec.home}/bin/ocp_agentctl", "stop", check=False)
    assert refused.returncode == 255
    assert json.loads(refused.stderr)["successful"] is False
    assert len(live.agent_processes()) == 3
    assert stale.run(f"{stale.spec.home}/bin/ocp_agentctl", "stop").returncode == 0
    assert stale.agent_processes() == []


def test_lock_that_cannot_be_read_is_removed_and_fails_the_command(changed: Fleet) -> None:
    host = changed.hosts[3]
    (host.run_folder / "admin.lock").write_text("{")
    assert code_of(control(host, "start")) == "clean_dangling_admin_lock_failed"
    assert control(host, "start").returncode == 0


def test_lock_of_root_is_no_lock_for_another_user(changed: Fleet) -> None:
    host = changed.hosts[-1]
    lock = host.run_folder / "admin.lock"
    for user, returncode in (("admin", 255), ("root", 0)):
        owner = hold_lock(host, user)
        assert control(host, "start", user="admin").returncode == returncode
        assert lock.exists() == bool(returncode)
        host.send(owner, signal.SIGKILL)
        lock.unlink(missing_ok=True)


def test_watchdog_revives_the_agent(changed: Fleet) -> None:
    host = find(changed, "watchdog")
    host.run(f"{host.spec.home}/bin/ocp_agentctl", "stop")
    host.wait_for(lambda: len(host.agent_processes()) == 3, "not revived", timeout=5)
    assert host.watchdog
    assert program(host, "ocp_agentd").ppid == host.watchdog.pid


def test_agent_of_another_user(changed: Fleet) -> None:
    host = changed.hosts[-1]
    assert {process.uid for process in host.agent_processes()} == {1000}
    result = subprocess.run(
        host.ssh_command(f"{host.spec.home}/bin/ocp_agentctl", "stop"), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert host.agent_processes() == []


# Changes from outside


def test_connections_can_be_frozen_dropped_and_refused(changed: Fleet) -> None:
    host = changed.hosts[3]
    with subprocess.Popen(host.ssh_command("sleep 60"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as client:
        host.wait_for(lambda: any(process.cmdline == ("sleep", "60") for process in host.processes()), "no session")
        host.pause()
        assert not host.accepts()
        host.resume()
        host.wait_for(host.accepts, "not resumed")
        assert host.drop_connections() >= 1
        assert client.wait(timeout=5) == 255
    host.stop_sshd()
    assert not host.accepts()
    with socket.create_server((host.address, host.port)) as another:
        accepting = threading.Thread(target=lambda: another.accept()[0].sendall(b"SSH-2.0-another\r\n"))
        accepting.start()
        assert not host.accepts(), "it is not the host that answers there"
        with socket.create_connection((host.address, host.port)) as connection:
            assert connection.recv(4) == b"SSH-"
        accepting.join()
    assert host.up
    host.start_sshd()
    assert subprocess.run(host.ssh_command("true"), check=False).returncode == 0
    assert len(host.agent_processes()) == 3


# Start and takedown of fleets


def test_two_fleets_do_not_meet_and_leave_nothing(tmp_path: Path) -> None:
    first = Fleet.start([HostSpec(bystanders=False)], tmp_path / "first")
    with Fleet.start([HostSpec(bystanders=False)], tmp_path / "second", first_id=2001) as second:
        assert first.hosts[0].address != second.hosts[0].address
        assert (first.hosts[0].host_id, second.hosts[0].host_id) == (1001, 2001)
        ended = everyone(first)
        assert len(ended) >= 8
        assert not any(is_gone(*target) for target in ended)
        first.stop()
        first.stop()
        assert all_gone(ended)
        assert not (tmp_path / "first").exists()
        assert len(second.hosts[0].agent_processes()) == 3
        with pytest.raises(FleetError, match="take it down first"):
            Fleet.start(1, tmp_path / "second")
    assert list(tmp_path.iterdir()) == []
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


def test_down_in_another_process_after_the_starter_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    code = f"from tests.fleet import Fleet; Fleet.start(2, {str(folder)!r}); print('up', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == "up\n"
        starter.kill()
    fleet = Fleet.load(folder)
    assert all(len(host.agent_processes()) == 3 for host in fleet.hosts)
    ended = everyone(fleet)
    for _twice in range(2):
        subprocess.run([sys.executable, "-m", "tests.fleet", "down", "--state", folder], cwd=ROOT, check=True)
    assert all_gone(ended)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moment", ["runtime", "hosts", "recorded", "inventory.yml"])
def test_down_after_the_starter_was_killed_half_way(tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "fleet"
    code = f"from tests.fleet import Fleet; Fleet.start(8, {str(folder)!r})"
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as starter:
        while not (folder / moment).exists() and starter.poll() is None:
            time.sleep(0.002)
        starter.kill()
    assert takedown.take_down(folder) == []
    deadline = time.monotonic() + 5
    while processes_in(folder) and time.monotonic() < deadline:
        time.sleep(0.02)  # hosts without a record end by themselves
    assert processes_in(folder) == []
    assert not folder.exists()


def processes_in(folder: Path) -> list[str]:
    """Processes whose working directory is, or was, *folder*: the unshare of each host."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.readlink(f"/proc/{name}/cwd").startswith(str(folder)):
                found.append(name)
        except OSError:
            continue
    return found


def test_start_that_fails_names_the_host_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "init.sh"
    broken.write_text("read -r _; echo no such luck >&2; exit 3\n")
    monkeypatch.setattr("tests.fleet.fleet.INIT", broken)
    with pytest.raises(FleetError, match=r"db001: has ended.*no such luck"):
        Fleet.start(1, tmp_path / "fleet")
    assert [path.name for path in tmp_path.iterdir()] == ["init.sh"]


def test_takedown_without_a_fleet_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "hosts").mkdir()
    assert takedown.take_down(tmp_path) == []
    assert takedown.take_down(tmp_path / "missing") == []
    assert (tmp_path / "hosts").exists()


def test_record_of_another_boot_signals_nobody(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as innocent:
        start_time = int(Path(f"/proc/{innocent.pid}/stat").read_text().rpartition(")")[2].split()[19])
        target = [innocent.pid, start_time]
        (tmp_path / "fleet").mkdir()
        state.write(tmp_path / "fleet", [{"name": "db001", "init": target, "unshare": target, "namespace": 1}])
        record = json.loads((tmp_path / "fleet/state.json").read_text())
        (tmp_path / "fleet/state.json").write_text(json.dumps({**record, "boot_id": "another"}))
        assert takedown.take_down(tmp_path / "fleet") == []
        assert innocent.poll() is None
        innocent.kill()


CLAIMS = """
from tests.fleet import addresses

first, second = addresses.claim_block(), addresses.claim_block()
assert (first.number, second.number) == (0, 1)
assert not set(first.addresses(800)) & set(second.addresses(800))
first.claim.close()
third, fourth = addresses.claim_block(), addresses.claim_block()
assert (third.number, fourth.number) == (0, 2)
"""


def test_blocks_are_exclusive_and_come_back() -> None:
    # in a network of its own, without claims of other fleets
    subprocess.run(["unshare", "--net", sys.executable, "-c", CLAIMS], cwd=ROOT, check=True)


def test_behaviours_on_the_command_line() -> None:
    assert behaviour_of_each(5, ["slow=2", "stopped=1,", "zombie"]) == ["stopped", "slow", "slow", "zombie", "zombie"]
    for wrong in (["slow=6"], ["slow=x"], ["slow=6,"], ["slow=1,", "zombie=1,"]):
        with pytest.raises(FleetError):
            behaviour_of_each(5, wrong)
