# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated hosts of a measurement: their servers, and Ansible's way to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from tests.awx import Inventory

from .. import machine
from ..contenders import BenchError
from ..meter import cpu_of
from . import recorded
from .simulated import FIRST, Tally

SERVERS = len(os.sched_getaffinity(0))  # one process for each core
FIRST_ID = 1_001
_PATIENCE = 60  # seconds for a server to start, or to report its tally


@dataclass
class Simulation:
    """Running simulated hosts. folder: their keys and the known_hosts file."""

    folder: Path
    count: int
    servers: list[subprocess.Popen[str]]
    ports: list[int]

    @property
    def host_ids(self) -> list[int]:
        return [FIRST_ID + number for number in range(self.count)]

    def inventory(self) -> Inventory:
        """All hosts, with the variables of a real inventory and the credentials."""
        known_hosts = self.folder / "known_hosts"
        variables = {
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.folder / "user_key"),
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={known_hosts} "
            "-o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes "
            "-o IdentityAgent=none",
            "ansible_host_key_checking": True,
        }
        hosts = {
            f"db{number:05}": {
                "ansible_host": str(FIRST + number),
                "ansible_port": self._port(number),
                "ocp_host_id": FIRST_ID + number,
            }
            for number in range(self.count)
        }
        return Inventory(hosts, variables)

    def cpu(self) -> float:
        """Seconds of CPU of all servers."""
        return sum(cpu_of(server.pid) for server in self.servers)

    def end(self) -> Tally:
        """End the servers. Returns their tallies added up. Raises BenchError."""
        whole = Tally()
        for server in self.servers:
            told, _nothing = server.communicate(timeout=_PATIENCE)
            if server.returncode:
                raise BenchError(f"a server of simulated hosts has ended with status {server.returncode}")
            found: dict[str, Any] = json.loads(told)
            whole.phases.update({int(number): phases for number, phases in found["phases"].items()})
            whole.connections += found["connections"]
            whole.most += found["most"]
            whole.problems += found["problems"]
        return whole

    def _port(self, number: int) -> int:
        return self.ports[number % len(self.ports)]

    def _write_known_hosts(self) -> None:
        key = " ".join((self.folder / "host_key.pub").read_text().split()[:2])
        lines = [f"[{FIRST + number}]:{self._port(number)} {key}\n" for number in range(self.count)]
        (self.folder / "known_hosts").write_text("".join(lines))


@contextmanager
def simulated(count: int, recordings: Mapping[str, recorded.Recording], folder: Path) -> Iterator[Simulation]:
    """Run so many hosts during the block. folder: must not exist yet."""
    folder.mkdir()
    for name in ("host_key", "user_key"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(folder / name)
        key.write_public_key(folder / f"{name}.pub")
        (folder / name).chmod(0o600)
    recorded.save(recordings, folder / "recordings.json")
    servers: list[subprocess.Popen[str]] = []
    try:
        servers.extend(_start(folder) for dummy in range(SERVERS))
        ports = [_port(server) for server in servers]
        simulation = Simulation(folder, count, servers, ports)
        simulation._write_known_hosts()
        yield simulation
    finally:
        for server in servers:
            if server.poll() is None:
                server.kill()
            server.wait()


def _start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bench.size.simulated", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=machine.ROOT,
    )


def _port(server: subprocess.Popen[str]) -> int:
    assert server.stdout
    line = server.stdout.readline()
    if not line.strip().isdigit():
        raise BenchError("a server of simulated hosts does not start; what it says is above")
    return int(line)
