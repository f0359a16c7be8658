# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The user's keys, in ssh's order (pubkey_prepare in OpenSSH's sshconnect2.c)."""

from __future__ import annotations

import copy
import os
import typing as t

try:
    import asyncssh
except ImportError:  # client.py reports this before
    pass

from .._ssh.route import Route
from .key_data import is_certificate, is_short, key_type, plain_type


class UserKeys:
    """Reads each file once, and queries each agent over one connection."""

    def __init__(self) -> None:
        self._files: dict[str, list[asyncssh.SSHKeyPair]] = {}
        self._public: dict[str, bytes | None] = {}
        self._agents: dict[str, asyncssh.SSHAgentClient] = {}

    async def of(self, route: Route) -> list[asyncssh.SSHKeyPair]:
        """The keys to offer. Each connection gets copies, since asyncssh stores in them how to sign."""
        own = [pair for path in route.keys if _is_protected(path) for pair in self._pairs(path)]
        agents = await self._agent_pairs(route.agent) if route.agent else []
        named = [self._public_data(path) for path in route.keys]
        first = [pair for data in dict.fromkeys(named) for pair in agents if pair.key_public_data == data]
        others = [] if route.only_keys else [pair for pair in agents if pair.key_public_data not in named]
        in_agent = {pair.public_data for pair in first}
        offered = [*first, *others, *(copy.copy(pair) for pair in own if pair.public_data not in in_agent)]
        certified = {plain_type(name) for name in route.user_keys if plain_type(name) != name}
        return [
            pair
            for pair in offered
            if not is_short(pair.key_public_data, route.rsa_bits)
            and (not is_certificate(pair.public_data) or _algorithms(pair) & certified)
        ]

    def unprotected(self, route: Route) -> list[str]:
        """The paths of private keys that ssh does not use, since others can read them."""
        return [path for path in route.keys if not _is_protected(path) and self._pairs(path)]

    def _pairs(self, path: str) -> list[asyncssh.SSHKeyPair]:
        """The keys in a file; none if it cannot be read or has a passphrase, as in ssh without a terminal."""
        if path not in self._files:
            try:
                # asyncssh also loads a certificate from the file beside the key.
                self._files[path] = list(asyncssh.load_keypairs([path])) if _is_pem(path) else []
            except (OSError, ValueError):
                self._files[path] = []
        return self._files[path]

    def _public_data(self, path: str) -> bytes | None:
        """The public key of a file, to find it in an agent. That of a locked private key is in the file beside it."""
        if path not in self._public:
            pairs = self._pairs(path)
            self._public[path] = pairs[0].key_public_data if pairs else _read_public(path)
        return self._public[path]

    async def _agent_pairs(self, path: str) -> t.Sequence[asyncssh.SSHKeyPair]:
        """The keys of an agent; none if it does not answer."""
        if path not in self._agents:
            self._agents[path] = asyncssh.SSHAgentClient(path)
        try:
            return await self._agents[path].get_keys()
        except (OSError, ValueError):
            return []


def _is_protected(path: str) -> bool:
    """As sshkey_perm_ok in OpenSSH's authfile.c: the user's own key is used only if nobody else can read it."""
    try:
        found = os.stat(path)
    except OSError:
        return True  # it does not exist
    return found.st_uid != os.getuid() or not found.st_mode & 0o077


def _is_pem(path: str) -> bool:
    """Whether a file begins like ssh's private keys. asyncssh reads other formats, too."""
    with open(path, "rb") as file:
        return file.read(10) == b"-----BEGIN"


def _algorithms(pair: asyncssh.SSHKeyPair) -> set[str]:
    """The key type and signature algorithms that a certificate for this key may be named after."""
    return {key_type(pair.key_public_data), *(name.decode() for name in pair.sig_algorithms)}


def _read_public(path: str) -> bytes | None:
    for name in (f"{path}.pub", path):
        try:
            return asyncssh.read_public_key(name).public_data
        except (OSError, ValueError):
            pass
    return None
