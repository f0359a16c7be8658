# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that misbehaves as sshd would not, and lets everybody in. Arguments: the misbehaviour, address, host key.

It writes its port to standard output, and ends when its standard input is closed.
"""

from __future__ import annotations

import asyncio
import sys

import asyncssh
from asyncssh import kex_dh, public_key


def sign_with_sha1() -> dict[str, object]:
    """Sign with SHA-1 after agreeing on SHA-2."""

    def set_sig_algorithm(self: public_key.SSHKeyPair, _algorithm: bytes) -> None:
        self.sig_algorithm = b"ssh-rsa"

    public_key.SSHKeyPair.set_sig_algorithm = set_sig_algorithm  # type: ignore[method-assign]
    return {}


def choose_a_small_group() -> dict[str, object]:
    """Use a group of 1024 bits for the key exchange."""
    kex_dh._dh_gex_groups = kex_dh._dh_gex_groups[:1]
    return {"kex_algs": ["diffie-hellman-group-exchange-sha256"]}


def show_another_key() -> dict[str, object]:
    """Show a key of another type than agreed on."""
    choose = asyncssh.SSHServerConnection.choose_server_host_key

    def choose_another(self: asyncssh.SSHServerConnection, wanted: list[bytes]) -> bool:
        chosen = choose(self, wanted)
        self._server_host_key = next(
            pair for name, pair in self._server_host_keys.items() if name.startswith(b"ecdsa")
        )
        return chosen

    asyncssh.SSHServerConnection.choose_server_host_key = choose_another  # type: ignore[method-assign]
    return {}


class Server(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False


async def main() -> None:
    what, address, *keys = sys.argv[1:]
    options = globals()[what]()
    options |= {"server_factory": Server, "process_factory": lambda process: process.exit(0)}
    server = await asyncssh.listen(address, 0, server_host_keys=keys, **options)
    print(server.get_port(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
