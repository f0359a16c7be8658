# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many simulated hosts: one process is the SSH server of each, and gives the recorded answers of a real host.

A controller sees real connections, handshakes, keys, a resident that starts and answers, and the real duration of a
phase. There is no agent, no process table and no Python behind them. hosts.py runs this.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import hashlib
import ipaddress
import json
import resource
import shlex
import socket
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import function_of
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.wire import answer_line
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.interpreter import interpreter

from . import recorded

FIRST = ipaddress.IPv4Address("127.10.0.1")  # the address of host 0
_BACKLOG = 4096  # connections that wait to be accepted, since all slices begin at once
_TOLD = 3  # problems that each process prints


@dataclass
class Tally:
    """The record of these hosts.

    phases: by number of the host, in the order of the calls. connections: completed handshakes.
    most: connections open at the same time. problems: input that no controller should send.
    """

    phases: dict[int, list[str]] = field(default_factory=dict)
    connections: int = 0
    most: int = 0
    problems: list[str] = field(default_factory=list)


class Hosts:
    """All hosts of this process. recordings: by phase."""

    def __init__(self, recordings: dict[str, recorded.Recording]) -> None:
        self.tally = Tally()
        self.open = 0
        self._recordings = recordings
        resident = carrier.resident(interpreter({}, lambda value: value))
        self._command = f"/bin/sh -c {shlex.quote(resident)}"  # as Ansible passes commands to sh
        self._library = recorded.library()
        self._digest = hashlib.sha256(self._library).digest()

    def complain(self, problem: str) -> None:
        """Record input that no controller should send. The first problems are printed at once."""
        self.tally.problems.append(problem)
        if len(self.tally.problems) <= _TOLD:
            print(problem, file=sys.stderr)

    def is_resident(self, command: str | None) -> bool:
        return command == self._command

    def library_size(self) -> int:
        return len(self._library)

    def is_library(self, digest: bytes) -> bool:
        return digest == self._digest

    def answer(self, number: int, line: bytes) -> tuple[float, bytes]:
        """Seconds until a host answers a call, and the answer. Raises ValueError for an unknown call."""
        call_id, _blank, call = line.partition(b" ")
        function, options = ast.literal_eval(call.decode())
        recording = self._recordings.get(options["phase"])
        if (
            not recording
            or not recording.fits(options)
            or function != (function_of(options) or ("", None))[1]
        ):
            raise ValueError(f"a call of which there is no recording: {line.decode()}")
        self.tally.phases.setdefault(number, []).append(options["phase"])
        answer = json.dumps(recording.answer_of(number)).encode("ascii")
        return recording.seconds, answer_line(call_id, answer)


class _Server(asyncssh.SSHServer):
    """One connection to one host."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._number = -1
        self._counted = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._number = int(ipaddress.IPv4Address(conn.get_extra_info("sockname")[0])) - int(FIRST)

    def auth_completed(self) -> None:
        tally = self._hosts.tally
        self._counted = True
        self._hosts.open += 1
        tally.connections += 1
        tally.most = max(tally.most, self._hosts.open)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._counted:
            self._hosts.open -= 1

    def session_requested(self) -> asyncssh.SSHServerSession[bytes]:
        return _Resident(self._hosts, self._number)


class _Resident(asyncssh.SSHServerSession):  # type: ignore[type-arg]
    """The resident of a host: takes the library, then one call after the other."""

    def __init__(self, hosts: Hosts, number: int) -> None:
        self._hosts = hosts
        self._number = number
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._library_left = hosts.library_size()
        self._hash = hashlib.sha256()
        self._line = b""

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def exec_requested(self, command: str) -> bool:
        if not self._hosts.is_resident(command):
            self._refuse(f"a command that starts no resident: {command}")
        return self._hosts.is_resident(command)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if self._library_left:
            part, data = data[: self._library_left], data[self._library_left :]
            self._hash.update(part)
            self._library_left -= len(part)
            if self._library_left:
                return
            if part and not self._hosts.is_library(self._hash.digest()):
                self._refuse("another library than that of a stop")
                return
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            try:
                seconds, answer = self._hosts.answer(self._number, line)
            except (ValueError, KeyError, TypeError) as error:
                self._refuse(str(error))
                return
            asyncio.get_running_loop().call_later(seconds, self._say, answer)

    def _say(self, answer: bytes) -> None:
        if self._channel and not self._channel.is_closing():
            self._channel.write(answer)

    def _refuse(self, problem: str) -> None:
        self._hosts.complain(f"host {self._number}: {problem}")
        if self._channel:
            self._channel.exit(1)


def _listener() -> socket.socket:
    """Accept connections to any address of the loopback network, and none from outside of this machine."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    listener.bind(("0.0.0.0", 0))
    listener.listen(_BACKLOG)
    return listener


async def _serve(folder: Path) -> Tally:
    hosts = Hosts(recorded.load(folder / "recordings.json"))
    listener = _listener()
    await asyncssh.listen(
        sock=listener,
        backlog=_BACKLOG,
        server_factory=lambda: _Server(hosts),
        config=[],
        server_host_keys=[str(folder / "host_key")],
        authorized_client_keys=str(folder / "user_key.pub"),
        password_auth=False,
        kbdint_auth=False,
        gss_host=None,
        agent_forwarding=False,
        login_timeout=0,  # logins share the machine with everything that they wait for
        encoding=None,
    )
    print(listener.getsockname()[1], flush=True)
    with contextlib.suppress(asyncio.IncompleteReadError):
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        await reader.readexactly(1)  # ends when hosts.py closes it
    return hosts.tally


def main() -> None:
    """Print the port, serve until standard input ends, then print the tally as JSON."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    found: dict[str, Any] = asdict(asyncio.run(_serve(Path(sys.argv[1]))))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
