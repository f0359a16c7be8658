# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The behaviours of hosts. Each is data, plus a function if it needs actions."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import layout, processes, runtime
from .host import Host
from .processes import Process
from .spec import GENERATIONS, Generation

HOLD = (
    "import os, sys, time; stream = open(sys.argv[1], 'x'); "
    "stream.write('{\"pid\":%d,\"exe\":\"%s\"}' % (os.getpid(), os.readlink('/proc/self/exe'))); stream.close(); "
    "time.sleep(1e9)"
)
TAKE_PORT = (
    "import _socket, sys, time; listener = _socket.socket(); listener.bind((sys.argv[1], int(sys.argv[2]))); "
    "listener.listen(); open('/tmp/port-taken', 'w').write('yes'); time.sleep(1e9)"
)
DEAD_PID = 32001  # a host that has just started has used no number near this one


def _all(generation: Generation) -> list[str]:
    return [program.name for program in generation.programs]


def _children(generation: Generation) -> list[str]:
    return [program.name for program in generation.children]


def _none(_generation: Generation) -> list[str]:
    return []


def _all_ignore_sigterm(generation: Generation) -> dict[str, str]:
    return {f"{program.name}.ignore_sigterm": "yes" for program in generation.programs}


def _daemon_ignores_sigterm(generation: Generation) -> dict[str, str]:
    return {f"{generation.daemon.name}.ignore_sigterm": "yes"}


def _slow_children(generation: Generation) -> dict[str, str]:
    return {f"{child.name}.stop_seconds": "3.5" for child in generation.children}


def _real_timing(generation: Generation) -> dict[str, str]:
    return {"poll_seconds": "1", f"{generation.monitor.name}.stop_seconds": "3"}


def _no_settings(_generation: Generation) -> dict[str, str]:
    return {}


# Actions on a running host


def _kill_daemon(host: Host) -> None:
    daemon = _agent(host, host.generation.daemon.name)
    processes.kill([(daemon.pid, daemon.start_time)], 10)


def _stale_pid_files(host: Host) -> None:
    host.stranger = _database(host)
    for program in (host.generation.daemon, host.generation.executable_child):
        _pid_file(host, program.name).write_text(f"{host.stranger.ns_pid}\n")


def _stranger_in_pid_file(host: Host) -> None:
    host.stranger = _database(host)
    _pid_file(host, host.generation.executable_child.name).write_text(f"{host.stranger.ns_pid}\n")


def _empty_pid_file(host: Host) -> None:
    # A script of gen 1 is identified by its title together with its pid file, so a child's file is emptied there.
    daemon = host.generation.daemon
    _pid_file(host, (host.generation.executable_child if daemon.script else daemon).name).write_text("")


def _other_daemon_in_pid_file(host: Host) -> None:
    path = f"{layout.OTHER_HOME}/bin/{host.generation.daemon.name}"
    others = (process for process in host.bystanders if process.exe == path)
    host.stranger = next(others, None) or _innocent(host, path, "other_agentd")
    _pid_file(host, host.generation.daemon.name).write_text(str(host.stranger.ns_pid))


def _crashed(host: Host) -> None:
    _kill_daemon(host)
    child = _agent(host, host.generation.executable_child.name)
    processes.kill([(child.pid, child.start_time)], 10)
    _stale_pid_files(host)
    _stale_lock(host)


def _freeze_child(host: Host) -> None:
    host.send(_agent(host, host.generation.executable_child.name), signal.SIGSTOP)


def _start_without_port(host: Host) -> None:
    host.stranger = host.spawn(
        runtime.INTERPRETER, "-I", "-S", "-c", TAKE_PORT, host.address, str(host.generation.monitor.port)
    )
    host.wait_for(lambda: _text(host.path("/tmp/port-taken")), "the port has not been taken")
    host.spawn(*host.agent_command())
    names = sorted(program.name for program in host.generation.programs)
    host.wait_for(lambda: host.agent_names() == names, "the agent has not started")


def _zombie(host: Host) -> None:
    code = "import os, sys, time; os.posix_spawn(sys.argv[1], [sys.argv[1], 'none'], {}); time.sleep(1e9)"
    program = f"{host.spec.home}/{host.generation.executable_child.path}"
    host.run("mv", f"{host.spec.home}/{host.generation.conf}", f"{host.spec.home}/{host.generation.conf}.kept")
    host.spawn(runtime.INTERPRETER, "-I", "-S", "-c", code, program)
    child = host.wait_for(
        lambda: next((process for process in host.processes() if process.path == program), None),
        "the process that is to become a zombie has not started",
    )
    host.send(child, signal.SIGKILL)
    host.run("mv", f"{host.spec.home}/{host.generation.conf}.kept", f"{host.spec.home}/{host.generation.conf}")
    host.wait_for(
        lambda: any(process.pid == child.pid and process.state == "Z" for process in host.processes()),
        "there is no zombie",
    )


def hold_lock(host: Host, user: str = "root") -> Process:
    """Start a control program that holds the lock for ever. Returns its process."""
    # It is the control program's executable, which takes the lock and stays. The vendor's holds it for 1 to 14 s.
    lock = f"{host.spec.run_folder}/admin.lock"
    script = host.generation.daemon.script
    program = runtime.INTERPRETER if script else f"{host.spec.home}/{host.generation.control}"
    owner = host.spawn(program, "-I", "-S", "-c", HOLD, lock, user=user)
    host.wait_for(lambda: _text(host.run_folder / "admin.lock"), f"{owner.exe} has not taken admin.lock")
    return owner


def _live_lock(host: Host) -> None:
    hold_lock(host)


def _stale_lock(host: Host) -> None:
    exe = f"{host.spec.home}/{host.generation.control}"
    (host.run_folder / "admin.lock").write_text(f'{{"pid":{DEAD_PID},"exe":"{exe}"}}')


def _second_daemon(host: Host) -> None:
    host.start_agent()


def _watchdog(host: Host) -> None:
    first = str(int(host.spec.generation == "gen1"))
    host.watchdog = host.spawn(
        runtime.INTERPRETER, "-I", "-S", f"{runtime.MOUNT_POINT}/standin/watchdog.py", host.spec.home, first
    )


def _delete_executables(host: Host) -> None:
    for program in host.generation.programs:
        (host.home / program.path).unlink()


def _remove_home(host: Host) -> None:
    shutil.rmtree(host.home)


def _junk_run(host: Host) -> None:
    host.stranger = _database(host)
    run = host.run_folder
    (host.path(layout.DATABASE_HOME) / "run").mkdir()
    strangers_file = host.path(layout.DATABASE_HOME) / "run/observer.pid"
    strangers_file.write_text(f"{host.stranger.ns_pid}\n")
    names = [program.name for program in host.generation.programs if not program.script]
    # The files that the agent reads by name: a link to the stranger's, a FIFO, and a huge one.
    for name, kind in zip(names, ("link", "fifo", "huge"), strict=False):
        path = _pid_file(host, name)
        path.unlink()
        if kind == "link":
            path.symlink_to(f"{layout.DATABASE_HOME}/run/observer.pid")
        elif kind == "fifo":
            os.mkfifo(path)
        else:
            _huge(path)
    name = names[-1]
    texts = {
        "9002": "garbage\n",
        "9003": "0\n",
        "9004": "1\n",
        "9005": "-1\n",
        "9006": "+5\n",
        "9007": "1_0\n",
        "9008": "9" * 400 + "\n",
        "9009": f"{host.stranger.ns_pid}\n",
        "9010": "",
        "9011": "\u0661\u0662\n",
        "9012": f"{host.stranger.ns_pid}\0\n",
    }
    for number, text in texts.items():
        (run / f"{name}.{number}.pid").write_text(text, encoding="utf-8")
    (run / f"{name}.9013.pid").write_bytes(b"\xff\xfe\x00")
    (run / f"{name}.9014.pid").symlink_to("/etc/passwd")
    (run / f"{name}.9015.pid").symlink_to(f"{layout.DATABASE_HOME}/run/observer.pid")
    (run / f"{name}.9016.pid").symlink_to(f"{name}.9016.pid")
    (run / f"{name}.9017.pid").mkdir()
    (run / f"{name}.9017.pid/kept").write_text("not yours\n")
    os.mkfifo(run / f"{name}.9018.pid")
    _huge(run / f"{name}.9019.pid")
    (run / f"{name}.9020.sock").symlink_to("/etc/passwd")
    (run / "admin.lock.bak").write_text("{")


def _huge(path: Path) -> None:
    with open(path, "wb") as stream:
        stream.truncate(100 * 1024 * 1024)


@dataclass(frozen=True)
class Behaviour:
    """The properties of a host.

    settings: lines for the agent's configuration.
    home, agent, sshd: whether the agent is installed, whether it starts with the host, whether sshd does.
    arrange: actions once the host runs.
    expects: the agent programs that live afterwards.
    """

    settings: Callable[[Generation], dict[str, str]] = _no_settings
    home: bool = True
    agent: bool = True
    sshd: bool = True
    arrange: Callable[[Host], None] | None = None
    expects: Callable[[Generation], list[str]] = _all


BEHAVIOURS = {
    "normal": Behaviour(),
    "slow": Behaviour(settings=_slow_children),
    "ignores_sigterm": Behaviour(settings=_all_ignore_sigterm),
    "daemon_ignores_sigterm": Behaviour(settings=_daemon_ignores_sigterm),
    "orphans": Behaviour(arrange=_kill_daemon, expects=_children),
    "stale_pid_file": Behaviour(agent=False, arrange=_stale_pid_files, expects=_none),
    "stranger_in_pid_file": Behaviour(arrange=_stranger_in_pid_file),
    "empty_pid_file": Behaviour(arrange=_empty_pid_file),
    "zombie": Behaviour(agent=False, arrange=_zombie, expects=_none),
    "live_lock": Behaviour(arrange=_live_lock),
    "stale_lock": Behaviour(arrange=_stale_lock),
    "two_generations": Behaviour(
        arrange=_second_daemon,
        # gen 1 runs beside gen 2; the other generations have no older one in their home, and run twice
        expects=lambda generation: (
            _all(generation) + _all(GENERATIONS["gen2"] if generation == GENERATIONS["gen1"] else generation)
        ),
    ),
    "no_agent": Behaviour(home=False, agent=False, expects=_none),
    "stopped": Behaviour(agent=False, expects=_none),
    "watchdog": Behaviour(arrange=_watchdog),
    "no_privilege": Behaviour(),
    "sshd_down": Behaviour(sshd=False),
    "real_timing": Behaviour(settings=_real_timing),
    "crashed": Behaviour(
        arrange=_crashed,
        expects=lambda generation: [
            child.name for child in generation.children if child != generation.executable_child
        ],
    ),
    "other_daemon_in_pid_file": Behaviour(agent=False, arrange=_other_daemon_in_pid_file, expects=_none),
    "frozen_child": Behaviour(arrange=_freeze_child),
    "child_not_serving": Behaviour(agent=False, arrange=_start_without_port),
    "run_dir": Behaviour(),
    "obd_links": Behaviour(),
    "deleted_exe": Behaviour(arrange=_delete_executables),
    "junk_run": Behaviour(arrange=_junk_run),
    "uninstalled": Behaviour(arrange=_remove_home),
}


def generations(host: Host) -> list[Generation]:
    """The generations installed on the host. The first one starts with it."""
    if host.spec.behaviour == "two_generations" and host.spec.generation == "gen1":
        return [GENERATIONS["gen2"], host.generation]
    return [host.generation]


def start_bystanders(host: Host) -> None:
    """Start processes that must survive every stop: an observer in the home, and an ocp_agentd of another home."""
    if not host.spec.bystanders:
        return
    other = f"{layout.OTHER_HOME}/bin/{host.generation.daemon.name}"
    host.bystanders.append(_innocent(host, other, "other_agentd"))
    if BEHAVIOURS[host.spec.behaviour].home:
        host.bystanders.append(_innocent(host, f"{host.spec.home}/bin/observer", "observer"))
    if host.generation.daemon.script:
        title = (
            f"import sys, time; sys.path.insert(0, {runtime.MOUNT_POINT!r}); from standin import process; "
            f"process.set_title({host.generation.daemon.name!r}); time.sleep(1e9)"
        )
        host.bystanders.append(host.spawn(runtime.INTERPRETER, "-I", "-S", "-c", title))


def _database(host: Host) -> Process:
    return _innocent(host, f"{layout.DATABASE_HOME}/bin/observer", "observer")


def _innocent(host: Host, path: str, program: str) -> Process:
    layout.install(host.state_dir / "runtime", host.path(path), program=program)
    return host.spawn(path)


def _agent(host: Host, name: str) -> Process:
    return next(process for process in host.agent_processes() if process.comm == name)


def _pid_file(host: Host, name: str) -> Path:
    return host.run_folder / f"{name}.pid"


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
