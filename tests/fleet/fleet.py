# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet: starts its hosts, finds them again, and takes them down."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from . import addresses, full, inventory, layout, processes, runtime, state, takedown
from .behaviours import BEHAVIOURS, generations, start_bystanders
from .host import CONTROL_ENVIRONMENT, Host
from .processes import Process
from .spec import GENERATIONS, FleetError, HostSpec

# A folder that ansible-test and ansible-galaxy leave out anyway.
DEFAULT_STATE_DIR = Path(__file__).resolve().parents[1] / "output" / "fleet"
INIT = Path(__file__).resolve().parent / "init.sh"
FIRST_ID = 1001


class Fleet:
    """Hosts on this machine, each with its own process table, sshd, address, home and agent.

    inventory: the path of an inventory with the group `ocp_hosts`.
    hosts: the hosts, in the order of their specifications.
    """

    def __init__(self, state_dir: Path, hosts: list[Host]) -> None:
        self.state_dir = state_dir
        self.hosts = hosts
        self._children: list[subprocess.Popen[bytes]] = []

    @property
    def inventory(self) -> Path:
        """The path of the inventory."""
        return self.state_dir / "inventory.yml"

    @classmethod
    def start(
        cls, hosts: int | Sequence[HostSpec], state_dir: Path | str = DEFAULT_STATE_DIR, first_id: int = FIRST_ID
    ) -> Fleet:
        """Start hosts and wait until each is as its behaviour says.

        hosts: a number of normal hosts, or one specification for each. first_id: the first one's `ocp_host_id`.

        Raises FleetError if that fails; nothing is left behind then.
        """
        specs = [HostSpec()] * hosts if isinstance(hosts, int) else list(hosts)
        _check(specs)
        folder = Path(state_dir).absolute()
        if state.read(folder) is not None:
            raise FleetError(f"{folder} holds a fleet: take it down first")
        folder.mkdir(parents=True, exist_ok=True)
        state.write(folder, [])  # from now on a takedown knows that this folder is a fleet's
        fleet = cls(folder, [])
        try:
            fleet._start(specs, first_id)
        except BaseException:
            fleet.stop()
            raise
        return fleet

    @classmethod
    def load(cls, state_dir: Path | str = DEFAULT_STATE_DIR) -> Fleet:
        """The fleet that another process has started.

        Raises FleetError if there is none.
        """
        folder = Path(state_dir).absolute()
        records = state.read(folder)
        if records is None:
            raise FleetError(f"{folder} holds no fleet")
        return cls(folder, [Host.from_record(folder, record) for record in records])

    def stop(self) -> None:
        """Take the fleet down. A second call is no error.

        Raises FleetError if something is left.
        """
        left = takedown.take_down(self.state_dir)
        for child in self._children:
            child.wait(timeout=takedown.TIMEOUT)
        self._children = []
        if left:
            raise FleetError("\n".join(left))

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def host(self, which: str | int) -> Host:
        """The host with this name or this id.

        Raises KeyError if there is none.
        """
        for host in self.hosts:
            if which in (host.name, host.host_id):
                return host
        raise KeyError(which)

    def processes(self) -> dict[str, list[Process]]:
        """The process tables of all hosts by host name, from one look at the machine."""
        tables = processes.by_namespace({host.namespace for host in self.hosts})
        return {host.name: tables[host.namespace] if host.up else [] for host in self.hosts}

    def agent_processes(self) -> dict[str, list[Process]]:
        """The live agent processes of all hosts by host name, from one look at the machine."""
        tables = self.processes()
        return {host.name: host.agent_processes(tables[host.name]) for host in self.hosts}

    # Start

    def _start(self, specs: list[HostSpec], first_id: int) -> None:
        shared = self.state_dir / "runtime"
        block = addresses.claim_block()
        try:
            runtime.build(shared, layout.programs(specs))
            (self.state_dir / "hosts").mkdir()
            hosts = [
                Host(self.state_dir, f"db{number:03}", first_id + number - 1, address, spec)
                for number, (address, spec) in enumerate(zip(block.addresses(len(specs)), specs, strict=True), start=1)
            ]
            self._boot(hosts, block)
        finally:
            block.claim.close()
        _wait_until_booted(hosts)
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(_arrange, hosts))
        self._wait_for_promises()
        self._record()
        inventory.write(self.state_dir, hosts)
        _hand_over(self.state_dir)

    def _boot(self, hosts: list[Host], block: addresses.Block) -> None:
        """Start all hosts behind a gate, record the processes, then open the gate."""
        gate_out, gate_in = os.pipe()
        try:
            for host in hosts:
                visible = _build(host)
                start = _start_full if host.spec.full else _unshare
                self._children.append(start(host, visible, gate_out, block.claim.fileno()))
            for host, child in zip(hosts, self._children, strict=True):
                host.unshare = (child.pid, _start_time(host, child.pid))
                if not host.spec.full:
                    _identify(host, child)
            self.hosts = hosts
            self._record()
            (self.state_dir / "recorded").touch()
        finally:
            os.close(gate_in)
            os.close(gate_out)
        for host, child in zip(hosts, self._children, strict=True):
            if host.spec.full:  # its init appears during the boot, and ends with the holder until it is recorded
                _identify(host, child)
        self._record()

    def _record(self) -> None:
        state.write(self.state_dir, [host.record() for host in self.hosts])

    def _wait_for_promises(self) -> None:
        waiting = self.hosts
        deadline = time.monotonic() + _patience(len(waiting))
        while True:
            tables = self.processes()
            waiting = [host for host in waiting if host.agent_names(tables[host.name]) != _promised(host)]
            if not waiting:
                return
            if time.monotonic() > deadline:
                host = waiting[0]
                raise host.failure(
                    f"{host.spec.behaviour} promises {_promised(host)}, there is {host.agent_names(tables[host.name])}"
                )
            time.sleep(0.05)


def _check(specs: list[HostSpec]) -> None:
    if os.geteuid() != 0:
        raise FleetError("hosts need root: namespaces and mounts (the command line starts itself again with sudo)")
    if not 0 < len(specs) <= addresses.HOSTS_PER_BLOCK:
        raise FleetError(f"a fleet has 1 to {addresses.HOSTS_PER_BLOCK} hosts, not {len(specs)}")
    for spec in specs:
        if spec.behaviour not in BEHAVIOURS:
            raise FleetError(f"unknown behaviour {spec.behaviour!r}: it is one of {', '.join(BEHAVIOURS)}")
        if spec.generation not in GENERATIONS:
            raise FleetError(f"unknown generation {spec.generation!r}: it is one of {', '.join(GENERATIONS)}")
        if spec.full and spec.behaviour != "stopped":
            raise FleetError("a full host starts without a running agent: its behaviour has to be stopped")
        if spec.generation == "gen1" and spec.run_folder != f"{spec.home}/run":
            raise FleetError("nobody has published how generation 1 is told where its pid files go")
        if not spec.home.startswith("/home/"):
            raise FleetError(f"the home {spec.home} is not below /home, which is what a host has of its own")


def _build(host: Host) -> list[Path]:
    """Make the host's files. Returns the paths that must stay visible on it."""
    behaviour = BEHAVIOURS[host.spec.behaviour]
    layout.build_host(host.folder)
    if behaviour.home:
        for generation in generations(host):
            layout.build_home(
                host.folder,
                host.state_dir / "runtime",
                host.spec,
                generation,
                host.address,
                behaviour.settings(generation),
            )
    return layout.make_visible(host.folder, layout.prefixes(host.spec))


def _unshare(host: Host, visible: list[Path], gate: int, claim: int) -> subprocess.Popen[bytes]:
    behaviour = BEHAVIOURS[host.spec.behaviour]
    agent = host.agent_command(generations(host)[0]) if behaviour.agent else []
    with open(host.log, "wb") as log:
        return subprocess.Popen(
            [
                "unshare",
                "--pid",
                "--fork",
                "--mount",
                "--uts",
                "--mount-proc",
                "--kill-child",
                "sh",
                str(INIT),
                host.name,
                host.address,
                "yes" if behaviour.sshd else "no",
                *agent,
            ],
            stdin=gate,
            stdout=log,
            stderr=log,
            cwd=host.state_dir,
            start_new_session=True,
            pass_fds=[claim],
            env={**CONTROL_ENVIRONMENT, "FLEET_VISIBLE": "\n".join(map(str, visible))},
        )


def _start_full(host: Host, visible: list[Path], gate: int, claim: int) -> subprocess.Popen[bytes]:
    for prefix in layout.prefixes(host.spec):
        if prefix not in visible:
            visible.append(prefix)
    with open(host.log, "wb") as log:
        return subprocess.Popen(
            full.command(host.name, host.address, host.folder, host.state_dir / "runtime", visible),
            stdin=gate,
            stdout=log,
            stderr=log,
            cwd=host.state_dir,
            start_new_session=True,
            pass_fds=[claim],
            env=CONTROL_ENVIRONMENT,
        )


def _identify(host: Host, holder: subprocess.Popen[bytes]) -> None:
    """Find the host's init, the first process of a process table below the holder."""

    def init() -> int | None:
        if holder.poll() is not None:
            raise host.failure("what holds it up has ended")
        found = [process for process in map(processes.read, _descendants(holder.pid)) if process]
        return next((process.pid for process in found if process.ns_pid == 1), None)

    pid = host.wait_for(init, "it has no process table of its own")
    host.init = (pid, _start_time(host, pid))
    host.namespace = os.stat(f"/proc/{pid}/ns/pid").st_ino


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # it has ended meanwhile
        return []
    return children + [descendant for child in children for descendant in _descendants(child)]


def _start_time(host: Host, pid: int) -> int:
    process = processes.read(pid)
    if process is None:
        raise host.failure("has ended at once")
    return process.start_time


def _wait_until_booted(hosts: list[Host]) -> None:
    """Wait until every sshd listens and every agent that starts with its host is complete."""
    waiting = hosts
    deadline = time.monotonic() + _patience(len(hosts))
    while True:
        tables = processes.by_namespace({host.namespace for host in waiting})
        waiting = [host for host in waiting if not _booted(host, tables[host.namespace])]
        if not waiting:
            return
        for host in waiting:
            if not host.up:
                raise host.failure("has ended")
        if time.monotonic() > deadline:
            raise waiting[0].failure(
                f"not up after {_patience(len(hosts)):.0f} s: it has "
                f"{waiting[0].agent_names(tables[waiting[0].namespace])}"
            )
        time.sleep(0.05)


def _booted(host: Host, table: list[Process]) -> bool:
    behaviour = BEHAVIOURS[host.spec.behaviour]
    if behaviour.sshd and not host.listens(table):
        return False
    if not behaviour.agent:
        return host.spec.full or any(process.comm == "sleep" for process in table)  # the last step of init
    return host.serves(table, generations(host)[0])


def _arrange(host: Host) -> None:
    behaviour = BEHAVIOURS[host.spec.behaviour]
    start_bystanders(host)
    if behaviour.arrange:
        behaviour.arrange(host)


def _promised(host: Host) -> list[str]:
    return sorted(BEHAVIOURS[host.spec.behaviour].expects(host.generation))


def _patience(count: int) -> float:
    """Seconds that *count* hosts may take to start."""
    return 30.0 + 0.3 * count


def _hand_over(state_dir: Path) -> None:
    """Give the files that ssh and Ansible read to the user who called sudo."""
    if os.environ.get("SUDO_UID", "0") == "0":
        return
    for name in (".", "inventory.yml", "known_hosts", "runtime/user_key"):
        os.chown(state_dir / name, int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))
