# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""How a fan-out reaches one host and what it starts there: plain values, made from Ansible's and OpenSSH's settings."""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Route:
    """The way to one SSH server, with every setting that is honoured on it.

    address, port, user: where to and as whom. name: by which known host files know the server (HostKeyAlias, else
    HostName, else what was asked for). alias: whether that is a HostKeyAlias, which stands for the port, too. keys:
    paths of private keys, in the order in which ssh would try them. agent: socket of an authentication agent, None for
    none. only_keys: of an agent's keys, offer just those in keys (IdentitiesOnly). password: for password
    authentication; interactive: whether also for one that is keyboard-interactive. known_hosts: paths of known host
    files that exist. checked: whether the server's key has to be in one of them; where it has not, a key that
    contradicts them is refused all the same. key_exchanges, ciphers, macs, server_keys, user_keys, ca_signatures:
    names of algorithms in order of preference, the last for what authorities sign certificates of hosts with.
    connect_timeout: seconds, None for the system's. attempts: how often a TCP connection is tried, a second apart.
    family: of addresses that a name may lead to, any, inet or inet6. alive_interval, alive_count: seconds between
    signs of life, 0 for none, and how many may be missed. compression: whether to ask for it. jump: the way to the
    server that this one is reached through. rsa_bits: what RSA keys must have at least, the server's and the user's
    (RequiredRSASize).

    The names of algorithms are all that ssh would use; that asyncssh does not have some of them is the engine's affair.
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
        return asdict(self)

    @classmethod
    def load(cls, document: t.Mapping[str, t.Any]) -> Route:
        jump = document["jump"]
        values: dict[str, t.Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
        }
        return cls(**{**values, "jump": cls.load(jump) if jump else None})


@dataclass(frozen=True)
class Start:
    """What to start on a host, as become wants it.

    command: for the user's shell. prompt: what become prints when it wants the password, empty without become. success:
    what it prints once it has become the other user, empty without become. password: None where there is none.
    environment: pairs of name and value that the server is asked to set, where it takes them (SendEnv, SetEnv).

    Within a run, equal settings give an equal Start: what is running already need not be started anew.
    """

    command: str
    prompt: str = ""
    success: str = ""
    password: str | None = field(default=None, repr=False)
    environment: tuple[tuple[str, str], ...] = ()
