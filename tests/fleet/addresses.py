# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A block of loopback addresses for each fleet, so that two fleets never meet."""

from __future__ import annotations

import ipaddress
import socket

from .spec import FleetError

NETWORK = ipaddress.IPv4Network("127.9.0.0/16")
BLOCKS = list(NETWORK.subnets(new_prefix=22))
HOSTS_PER_BLOCK = BLOCKS[0].num_addresses - 2


class Block:
    """A block of addresses that belongs to one fleet.

    The claim is an abstract unix socket. The kernel gives its name to one holder, in the network namespace of
    the addresses, and releases it when the last process that inherited the socket is gone. So the hosts
    themselves hold the claim, nothing goes stale, and no lock file stays behind.
    """

    def __init__(self, number: int, claim: socket.socket) -> None:
        self.number = number
        self.claim = claim

    def addresses(self, count: int) -> list[str]:
        """The first *count* addresses of the block."""
        network = BLOCKS[self.number]
        return [str(network.network_address + 1 + index) for index in range(count)]


def claim_block() -> Block:
    """Claim the first free block.

    Raises FleetError if all are taken.
    """
    for number in range(len(BLOCKS)):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0oceanbase-ocp-fleet-{number}")
        except OSError:
            claim.close()
            continue
        return Block(number, claim)
    raise FleetError(f"all {len(BLOCKS)} address blocks of {NETWORK} are taken by other fleets")
