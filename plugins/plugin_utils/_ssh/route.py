# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""How a fan-out reaches one host and what it starts there: plain values, made from Ansible's and OpenSSH's settings."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Route:
    """The way to one SSH server, with every honoured setting.

    address, port, user: where to connect, and as which user. name: the server's name in known host files (HostKeyAlias,
    else HostName, else the given name). alias: whether that is a HostKeyAlias, which replaces the port, too. keys:
    paths of private keys, in ssh's order. agent: socket of an authentication agent, None for
    none. only_keys: offer only those of the agent's keys that are in keys (IdentitiesOnly). password: for password
    authentication; interactive: whether also for keyboard-interactive. known_hosts: paths of existing known host
    files. checked: whether the server's key has to be in one of them; otherwise a key that contradicts them is still
    refused. key_exchanges, ciphers, macs, server_keys, user_keys, ca_signatures: names of algorithms in order of
    preference; ca_signatures are those of authorities that sign host certificates.
    connect_timeout: seconds, None for the system's. attempts: number of TCP connection attempts, a second apart.
    family: of addresses, any, inet or inet6. alive_interval, alive_count: seconds between keepalive messages, 0 for
    none, and how many may be missed. compression: whether to ask for it. jump: the way to the
    jump host. rsa_bits: the least size of RSA keys, the server's and the user's (RequiredRSASize).

    The names of algorithms are all those of ssh. The engine drops those that asyncssh does not have.
    """

    address: str
    port: int
    user: str
    name: str
    keys: tuple[str, ...] = ()
    agent: str | None = None
    only_keys: bool = False
    password: str | None = field(default=None, repr=False)
    known_hosts: tuple[str, ...] = ()
    checked: bool = True
    key_exchanges: tuple[str, ...] = ()
    ciphers: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()
    server_keys: tuple[str, ...] = ()
    user_keys: tuple[str, ...] = ()
    connect_timeout: float | None = None
    attempts: int = 1
    family: str = "any"
    alive_interval: float = 0
    alive_count: int = 3
    compression: bool = False
    jump: Route | None = None
    alias: bool = False
    rsa_bits: int = 1024
    interactive: bool = True
    ca_signatures: tuple[str, ...] = ()

    def dump(self) -> dict[str, t.Any]:
        """The values, for JSON: as dataclasses.asdict(), which copies all of them, and there is one for each host."""
        return {**vars(self), "jump": self.jump.dump() if self.jump else None}

    @classmethod
    def load(cls, document: t.Mapping[str, t.Any]) -> Route:
        jump = document["jump"]
        values: dict[str, t.Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
        }
        return cls(**{**values, "jump": cls.load(jump) if jump else None})


@dataclass(frozen=True)
class Start:
    """What to start on a host, through become.

    command: for the user's shell. prompt: become's prompt for the password, empty without become. success:
    become's output after the change of user, empty without become. password: None if there is none.
    environment: pairs of name and value that the server is asked to set, if it accepts them (SendEnv, SetEnv).

    Within a run, equal settings give an equal Start, so a running resident need not be started anew.
    """

    command: str
    prompt: str = ""
    success: str = ""
    password: str | None = field(default=None, repr=False)
    environment: tuple[tuple[str, str], ...] = ()
