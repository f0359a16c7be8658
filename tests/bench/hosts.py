# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a measurement. They start once; their agents start again before every round."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.fleet import Fleet, HostSpec, processes
from tests.fleet.host import Host
from tests.fleet.processes import Process

from .contenders import BenchError
from .machine import HOSTS_PYTHON

START = 'setsid --fork "$@" </dev/null >/dev/null 2>&1'


@contextmanager
def hosts(count: int, stop_seconds: float, folder: Path) -> Iterator[Fleet]:
    """Light hosts with a gen 2 agent. Their sshd offers OpenSSH's key exchanges."""
    spec = HostSpec(stop_seconds=stop_seconds, bystanders=False, python=HOSTS_PYTHON)
    with Fleet.start([spec] * count, folder) as fleet:
        _offer_default_key_exchange(fleet)
        yield fleet


def start_agents(fleet: Fleet) -> None:
    """Start the agents on all hosts, and wait until all their programs serve.

    Raises BenchError if one does not.
    """
    # host.start_agent() reads the whole machine's process table several times per host, too much for hundreds.
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda host: host.run("sh", "-c", START, "sh", *host.agent_command()), fleet.hosts))
    _wait(lambda: [host for host, agents in _agents(fleet) if not host.serves(agents)], _patience(fleet))


def running(fleet: Fleet, within: float = 0.0) -> int:
    """How many hosts still run a program of the agent, after waiting up to *within* seconds for none."""
    deadline = time.monotonic() + within
    while True:
        left = sum(1 for dummy, agents in _agents(fleet) if agents)
        if not left or time.monotonic() >= deadline:
            return left
        time.sleep(0.2)


def end_agents(fleet: Fleet) -> None:
    """Kill the rest of the agents, so that the next round starts like the first.

    Raises BenchError if a process stays.
    """
    deadline = time.monotonic() + _patience(fleet)
    while left := [agent for dummy, agents in _agents(fleet) for agent in agents]:
        if time.monotonic() > deadline:
            raise BenchError(f"cannot be killed: {left[0]}")
        # daemons first, since they restart their children
        left.sort(key=lambda process: process.comm != "ocp_agentd")
        processes.kill([(process.pid, process.start_time) for process in left], _patience(fleet))


def _agents(fleet: Fleet) -> list[tuple[Host, list[Process]]]:
    tables = fleet.agent_processes()
    return [(host, tables[host.name]) for host in fleet.hosts]


def _offer_default_key_exchange(fleet: Fleet) -> None:
    """Undo the fleet's faster sshd settings, which would hide most of the cost of a connection."""
    config = fleet.state_dir / "runtime/sshd_config"
    lines = config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith("KexAlgorithms")))
    tables = fleet.processes()
    for host in fleet.hosts:
        listener = [
            process
            for process in tables[host.name]
            if process.ppid == host.init[0] and os.path.basename(process.path) == "sshd"
        ]
        if len(listener) != 1 or not host.send(listener[0], signal.SIGHUP):  # sshd reads its configuration again
            raise BenchError(f"{host.name}: sshd cannot be told to read its configuration")
    time.sleep(1)  # until the old listeners are gone
    _wait(lambda: [host for host in fleet.hosts if not host.accepts()], _patience(fleet))


def _wait(unready: Callable[[], list[Host]], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while left := unready():
        if time.monotonic() > deadline:
            raise BenchError(f"{len(left)} hosts are not ready after {seconds:.0f} s, {left[0].name} for one")
        time.sleep(0.1)


def _patience(fleet: Fleet) -> float:
    return 30.0 + 0.3 * len(fleet.hosts)
