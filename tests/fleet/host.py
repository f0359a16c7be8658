# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of a fleet: a handle on its process table, its files and its sshd."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from . import processes, runtime
from .processes import Process
from .spec import AGENT_PROGRAMS, GENERATIONS, SCRIPT_PROGRAMS, FleetError, Generation, HostSpec

T = TypeVar("T")
WAIT = 30.0  # seconds that a change of one host may take
CONTROL_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


@dataclass
class Host:
    """A host. Fleet makes these; `fleet.hosts` lists them.

    unshare, init: (pid, start time) of the two processes that run the host; of a full host the first is full.sh.
    namespace: the inode number of its pid namespace.
    stranger: the process outside the agent that a pid file names, if any.
    watchdog: the process that revives the agent, if any.
    bystanders: innocent processes with confusing names or places.
    """

    state_dir: Path
    name: str
    host_id: int
    address: str
    spec: HostSpec
    unshare: tuple[int, int] = (0, 0)
    init: tuple[int, int] = (0, 0)
    namespace: int = 0
    stranger: Process | None = None
    watchdog: Process | None = None
    bystanders: list[Process] = field(default_factory=list)

    # Properties

    @property
    def generation(self) -> Generation:
        """The generation of its agent."""
        return GENERATIONS[self.spec.generation]

    @property
    def port(self) -> int:
        """The port of its sshd."""
        return runtime.PORT

    @property
    def folder(self) -> Path:
        """The host's folder on the machine."""
        return self.state_dir / "hosts" / self.name

    @property
    def log(self) -> Path:
        """The output of init, sshd and everything else started on the host."""
        return self.folder / "log"

    @property
    def home(self) -> Path:
        """The agent's home, as a path of the machine."""
        return self.path(self.spec.home)

    @property
    def run_folder(self) -> Path:
        """The folder of the agent's pid files and sockets, as a path of the machine."""
        return self.path(self.spec.run_folder)

    @property
    def user(self) -> str:
        """The user that the inventory connects as."""
        return self.spec.user or ("admin" if self.spec.behaviour == "no_privilege" else "root")

    def path(self, relative: str) -> Path:
        """The machine's path of a file below the host's /home, /root or /tmp. It need not exist."""
        return self.folder / relative.lstrip("/")

    # Its processes

    def processes(self) -> list[Process]:
        """All processes of the host, by their number on the host; empty if it is down."""
        return processes.by_namespace([self.namespace])[self.namespace] if self.up else []

    @property
    def up(self) -> bool:
        """Whether the host runs. Its sshd may still be down."""
        return processes.alive(*self.init)

    def agent_processes(self, table: list[Process] | None = None) -> list[Process]:
        """The live agent programs of the home, found by executable, or for scripts by title and open log.

        table: the host's process table, if the caller has it already.
        """
        return [process for process in (self.processes() if table is None else table) if self._of_agent(process)]

    def _of_agent(self, process: Process) -> bool:
        if process.dead:
            return False
        if process.path.startswith((self.spec.home + "/", self.spec.program_folder + "/")):
            return os.path.basename(process.path) in AGENT_PROGRAMS
        return (
            process.cmdline[:1] != ()
            and process.cmdline[0] in SCRIPT_PROGRAMS
            and any(path.startswith(self.spec.home + "/log/") for path in processes.open_files(process.pid))
        )

    def agent_names(self, table: list[Process] | None = None) -> list[str]:
        """The program names of `agent_processes()`, sorted."""
        return sorted(process.comm for process in self.agent_processes(table))

    def alive(self, process: Process) -> bool:
        """Whether this very process, by pid and start time, still lives. A zombie does not."""
        return processes.alive(process.pid, process.start_time)

    def send(self, process: Process, number: signal.Signals) -> bool:
        """Send a signal to this very process. Returns whether it was there."""
        return processes.send(process.pid, process.start_time, number)

    def kill_daemon(self) -> None:
        """Kill the agent's daemon with SIGKILL."""
        name = self.generation.daemon.name
        (daemon,) = (process for process in self.agent_processes() if process.comm == name)
        self.send(daemon, signal.SIGKILL)

    def sshd_processes(self, table: list[Process] | None = None) -> tuple[Process | None, list[Process]]:
        """The listening sshd, and the processes that serve connections.

        table: the host's process table, if the caller has it already.
        """
        listener, sessions = None, []
        for process in self.processes() if table is None else table:
            if not process.dead and os.path.basename(process.path) in ("sshd", "sshd-session", "sshd-auth"):
                if process.path == runtime.SSHD and process.ppid == self.init[0]:
                    listener = process
                else:
                    sessions.append(process)
        return listener, sessions

    # Commands

    def ssh_command(self, *command: str, user: str | None = None) -> list[str]:
        """The argument list that runs *command* on the host over ssh, as the inventory would."""
        return [
            "ssh",
            *shlex.split(ssh_options(self.state_dir)),
            "-o",
            "BatchMode=yes",
            "-i",
            str(self.state_dir / "runtime/user_key"),
            "-p",
            str(self.port),
            f"{user or self.user}@{self.address}",
            *command,
        ]

    def run(self, *command: str, check: bool = True, user: str = "root") -> subprocess.CompletedProcess[str]:
        """Run *command* on the host through its namespaces, not over ssh."""
        result = subprocess.run(
            [*self._enter(user), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=CONTROL_ENVIRONMENT,
            check=False,
        )
        if check and result.returncode:
            raise FleetError(f"{self.name}: {shlex.join(command)}: exit status {result.returncode}: {result.stderr}")
        return result

    def spawn(self, *command: str, user: str = "root") -> Process:
        """Start *command* on the host in the background, as a child of its init. Returns its process."""
        starter = 'echo $$; exec "$@" >/dev/null 2>&1'
        answer = self.run("setsid", "--fork", "sh", "-c", starter, "sh", *command, user=user)
        ns_pid = int(answer.stdout)

        def started() -> Process | None:
            return next(
                (
                    process
                    for process in self.processes()
                    if process.ns_pid == ns_pid and process.cmdline[:2] != ("sh", "-c")
                ),
                None,
            )

        return self.wait_for(started, f"{shlex.join(command)} has not started")

    def _enter(self, user: str) -> list[str]:
        ids = [] if user == "root" else [f"--setuid={runtime.ADMIN}", f"--setgid={runtime.ADMIN}"]
        own = ["--root", "--wd", "--ipc", "--cgroup"] if self.spec.full else []
        return ["nsenter", f"--target={self.init[0]}", "--pid", "--mount", "--uts", *own, *ids, "--"]

    def wait_for(self, condition: Callable[[], T | None], message: str, timeout: float = WAIT) -> T:
        """Wait until *condition* returns something true, and return that.

        Raises FleetError with *message* after *timeout* seconds.
        """
        deadline = time.monotonic() + timeout
        while not (result := condition()):
            if time.monotonic() > deadline:
                raise self.failure(message)
            time.sleep(0.02)
        return result

    def failure(self, message: str) -> FleetError:
        """An error that names the host and its log, and quotes the end of the log, which is removed with the fleet."""
        tail = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
        return FleetError(f"{self.name}: {message}; {self.log} says: {tail.strip() or 'nothing'}")

    # Changes of a running host

    def agent_command(self, generation: Generation | None = None) -> list[str]:
        """The argument list that starts the daemon on the host, as its user."""
        daemon = (generation or self.generation).daemon
        path = f"{self.spec.home}/{daemon.path}"
        command = [path] if daemon.script else [path, "-c", f"{self.spec.home}/conf/agentd.yaml"]
        if self.spec.agent_user == "admin":
            command = ["setpriv", f"--reuid={runtime.ADMIN}", f"--regid={runtime.ADMIN}", "--clear-groups", *command]
        return command

    def start_agent(self) -> None:
        """Start the daemon, and wait until each program has a new process that serves.

        A running daemon stays. Its pid files are set aside, as in an interrupted restart.
        """
        table = self.agent_processes()
        before = {process.pid for process in table}
        for program in self.generation.programs if self.generation.daemon.name in self.agent_names(table) else ():
            path = self.run_folder / f"{program.name}.pid"
            if pid := _text(path).strip():
                path.rename(path.with_name(f"{program.name}.{pid}.pid"))
        self.spawn(*self.agent_command())
        self.wait_for(
            lambda: self.serves([process for process in self.processes() if process.pid not in before]),
            "the agent has not started",
        )

    def serves(self, table: list[Process] | None = None, generation: Generation | None = None) -> bool:
        """Whether all programs of the agent run, once each, and listen on their sockets (and so on their ports).

        table: the processes to look at, if not all of the host.
        """
        found = self.agent_processes(table)
        expected = sorted(program.name for program in (generation or self.generation).programs)
        return expected == sorted(process.comm for process in found) and all(
            (self.run_folder / f"{process.comm}.{process.ns_pid}.sock").is_socket()
            and (self.run_folder / f"{process.comm}.pid").exists()
            for process in found
        )

    def start_sshd(self) -> None:
        """Start sshd and wait until it accepts connections."""
        if self.sshd_processes()[0] is None:
            self.spawn(
                runtime.SSHD, "-D", "-f", f"{runtime.MOUNT_POINT}/sshd_config", "-o", f"ListenAddress={self.address}"
            )
        self.wait_for(self.accepts, "sshd does not accept connections")

    def stop_sshd(self) -> None:
        """End the listening sshd. Existing connections stay."""
        listener = self.sshd_processes()[0]
        if listener and processes.kill([(listener.pid, listener.start_time)], WAIT):
            raise FleetError(f"{self.name}: sshd is still there")

    def drop_connections(self) -> int:
        """End the sshd processes of all connections. Returns their number."""
        sessions = self.sshd_processes()[1]
        processes.kill([(process.pid, process.start_time) for process in sessions], WAIT)
        return len(sessions)

    def pause(self) -> None:
        """Freeze sshd and its connections. The kernel still takes packets, but nobody answers."""
        self._signal_sshd(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue sshd and its connections."""
        self._signal_sshd(signal.SIGCONT)

    def _signal_sshd(self, number: signal.Signals) -> None:
        listener, sessions = self.sshd_processes()
        for process in [listener, *sessions]:
            if process:
                self.send(process, number)

    def listens(self, table: list[Process] | None = None) -> bool:
        """Whether the host's own sshd has its address and port, rather than another process.

        table: the host's process table, if the caller has it already.
        """
        sockets = processes.listening(self.address, self.port)
        listener = self.sshd_processes(table)[0] if sockets else None
        return listener is not None and not sockets.isdisjoint(processes.open_files(listener.pid))

    def accepts(self) -> bool:
        """Whether the host's own sshd greets a new connection."""
        if not self.listens():
            return False
        try:
            with socket.create_connection((self.address, self.port), timeout=1) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    # The record

    def record(self) -> dict[str, Any]:
        """The host's data for another process, ready for JSON."""
        return {
            "name": self.name,
            "host_id": self.host_id,
            "address": self.address,
            "spec": asdict(self.spec),
            "unshare": self.unshare,
            "init": self.init,
            "namespace": self.namespace,
            "stranger": asdict(self.stranger) if self.stranger else None,
            "watchdog": asdict(self.watchdog) if self.watchdog else None,
            "bystanders": [asdict(process) for process in self.bystanders],
        }

    @classmethod
    def from_record(cls, state_dir: Path, record: dict[str, Any]) -> Host:
        """The host that `record()` described."""
        return cls(
            state_dir=state_dir,
            name=record["name"],
            host_id=record["host_id"],
            address=record["address"],
            spec=HostSpec(**record["spec"]),
            unshare=tuple(record["unshare"]),
            init=tuple(record["init"]),
            namespace=record["namespace"],
            stranger=_process(record["stranger"]),
            watchdog=_process(record["watchdog"]),
            bystanders=[process for process in map(_process, record["bystanders"]) if process],
        )


def ssh_options(state_dir: Path) -> str:
    """The options, as one string, that make ssh trust the fleet's known_hosts and ignore the user's settings."""
    # ssh splits the value at spaces unless it stands in quotes of its own
    known_hosts = shlex.quote(f'UserKnownHostsFile="{state_dir}/known_hosts"')
    return (
        f"-F none -o {known_hosts} -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes "
        "-o IdentitiesOnly=yes -o IdentityAgent=none"
    )


def _process(record: dict[str, Any] | None) -> Process | None:
    return Process(**{**record, "cmdline": tuple(record["cmdline"])}) if record else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
