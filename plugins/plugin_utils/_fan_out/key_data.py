# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Public keys in wire format: a type, then numbers or texts, each after its length."""

from __future__ import annotations

RSA = "ssh-rsa"
_CERTIFICATE = "-cert-v01@openssh.com"
_LENGTH = 4  # bytes of the length of a part
_ECDSA = ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
# The number of parts after the type of a key.
_PARTS = {
    RSA: 2,
    "ssh-dss": 4,
    "ssh-ed25519": 1,
    **dict.fromkeys(_ECDSA, 2),
    "sk-ssh-ed25519@openssh.com": 2,
    "sk-ecdsa-sha2-nistp256@openssh.com": 3,
}


def key_type(key: bytes) -> str:
    """The type of a key or a certificate."""
    return _part(key, 0).decode("ascii", "replace")


def plain_type(kind: str) -> str:
    """The type of the key in a certificate. Any other type is returned unchanged."""
    name = kind.removesuffix(_CERTIFICATE)
    return f"{name}@openssh.com" if name != kind and name.startswith("sk-") else name


def is_certificate(key: bytes) -> bool:
    """Whether it is an OpenSSH certificate."""
    return key_type(key).endswith(_CERTIFICATE)


def public_parts(key: bytes) -> tuple[bytes, ...]:
    """The parts that identify a key (sshkey_equal_public in OpenSSH). A certificate has those of its key.

    key: a key or a certificate. Returns an empty tuple if it is recognizably neither.
    """
    kind = plain_type(key_type(key))
    count = _PARTS.get(kind, 0)
    before = 2 if is_certificate(key) else 1  # the type; a certificate has a nonce before its key
    parts, rest = [], key
    for _number in range(before + count):
        end = _LENGTH + int.from_bytes(rest[:_LENGTH], "big")
        if len(rest) < end:
            return ()
        parts.append(rest[_LENGTH:end])
        rest = rest[end:]
    if not count or (rest and not is_certificate(key)):
        return ()
    found = parts[before:]
    if kind in (RSA, "ssh-dss"):  # OpenSSH ignores leading zeros of numbers
        found = [part.lstrip(b"\0") for part in found]
    return (kind.encode(), *found)


def is_short(key: bytes, rsa_bits: int) -> bool:
    """Whether it is an RSA key of less than rsa_bits, which ssh does not accept (RequiredRSASize)."""
    return key_type(key) == RSA and int.from_bytes(_part(key, 2), "big").bit_length() < rsa_bits


def _part(key: bytes, number: int) -> bytes:
    """The part with this number; empty if there is none. Parts of an RSA key: type, exponent, modulus."""
    for _before in range(number):
        key = key[_LENGTH + int.from_bytes(key[:_LENGTH], "big") :]
    return key[_LENGTH : _LENGTH + int.from_bytes(key[:_LENGTH], "big")]
