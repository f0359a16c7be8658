# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Public keys as they go over the wire: a type, then numbers or texts, each with its length before it."""

from __future__ import annotations

RSA = "ssh-rsa"


def key_type(key: bytes) -> str:
    """The type of a key."""
    return _part(key, 0).decode("ascii", "replace")


def is_short(key: bytes, rsa_bits: int) -> bool:
    """Whether it is an RSA key of less than rsa_bits, which ssh takes for none (RequiredRSASize)."""
    return key_type(key) == RSA and int.from_bytes(_part(key, 2), "big").bit_length() < rsa_bits


def _part(key: bytes, number: int) -> bytes:
    """The part of this number; empty where there is none. Of an RSA key: type, exponent, modulus."""
    for _before in range(number):
        key = key[4 + int.from_bytes(key[:4], "big") :]
    return key[4 : 4 + int.from_bytes(key[:4], "big")]
