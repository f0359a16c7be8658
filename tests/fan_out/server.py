# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second sshd on a host, with settings of its own."""

from __future__ import annotations

import itertools
import re
import subprocess
from types import TracebackType

from tests.fan_out.run import wait_for
from tests.fleet import Fleet, Host, runtime

_PORTS = itertools.count(2300)


class Server:
    """An sshd with the fleet's settings and the given ones: each a text, or a list for a repeated setting."""

    def __init__(self, host: Host, **settings: str | list[str]) -> None:
        self.host = host
        self.port = next(_PORTS)
        self.log = host.path(f"root/sshd_{self.port}.log")
        own = {"Port": str(self.port), "ListenAddress": host.address, **settings}
        lines = [
            f"{name} {value}"
            for name, values in own.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
        shared = (host.state_dir / "runtime/sshd_config").read_text().splitlines()
        lines += [line for line in shared if line.split()[0] not in own]
        config = host.path(f"root/sshd_{self.port}")
        config.write_text("".join(f"{line}\n" for line in lines))
        self._process = host.spawn(runtime.SSHD, "-D", "-E", f"/root/{self.log.name}", "-f", f"/root/{config.name}")
        wait_for(lambda: "Server listening" in self.said(), "sshd does not listen")

    def said(self) -> str:
        """Its log."""
        return self.log.read_text() if self.log.exists() else ""

    def said_of_closed(self, before: str = "") -> str:
        """The log from here on, once all connections in it are closed. A client notices the end before sshd logs it."""

        def open_ports() -> set[str]:
            said = self.said()[len(before) :]
            opened = r"(?m)^Connection from \S+ port (\d+) "
            ended = r"(?m)^(?:Connection (?:closed|reset) by|Disconnected from) .* port (\d+)\b"
            return set(re.findall(opened, said)) - set(re.findall(ended, said))

        wait_for(lambda: not open_ports(), "sshd does not close its connections")
        return self.said()[len(before) :]

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.host.send(self._process, 15)
        wait_for(lambda: not self.host.alive(self._process), "sshd does not end")


def set_password(fleet: Fleet, user: str, password: str) -> None:
    """Give a user of all hosts a password."""
    made = subprocess.run(["openssl", "passwd", "-6", password], capture_output=True, text=True, check=True).stdout
    path = fleet.state_dir / "runtime/etc/shadow"
    changed = re.sub(rf"(?m)^{user}:[^:]*:", lambda _match: f"{user}:{made.strip()}:", path.read_text())
    path.write_text(changed)  # in place, since the hosts have mounted this very file
