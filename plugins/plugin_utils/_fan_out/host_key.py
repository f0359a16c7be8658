# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Decides whether a server's key is trusted, as check_host_key in OpenSSH's sshconnect.c, and never less strictly.

asyncssh's own check of certificates accepts some that ssh refuses: with a revoked key, without
principals, of an authority with DSA, with a SHA-1 signature. So the raw key from the server is judged here.
"""

from __future__ import annotations

import typing as t

try:
    import asyncssh
    from asyncssh import public_key
except ImportError:  # client.py reports this before
    pass

from .._ssh.route import Route
from .key_data import RSA, is_certificate, is_short, key_type, plain_type
from .known_hosts import Server, Verdict, names_of


class HostKey:
    """The judgement on one server's key.

    offered: names of the algorithms that the server is asked for. refusal: why its key is refused, for people.
    is_final: whether ssh would refuse it as well, since it contradicts a known one or is revoked. asks_again: whether
    ssh would have asked for another key first, as is known now. Another HostKey then has to judge another handshake.
    """

    def __init__(self, route: Route, server: Server) -> None:
        self._route = route
        self._server = server
        self._authorities = server.authorities().intersection(_signers(route))
        self.offered = self._offered()
        self.refusal = ""
        self.is_final = False
        self.asks_again = False

    def _offered(self) -> list[str]:
        """Algorithms with keys in known_hosts come first, as in order_hostkeyalgs in OpenSSH."""
        plain = [name for name in self._route.server_keys if name.encode() in public_key.get_public_key_algs()]
        known = self._server.types()
        first = [name for name in plain if _type_of(name) in known]
        certified = []
        if self._authorities:  # without RSA keys, for which asyncssh would accept SHA-1
            possible = [name for name in public_key.get_certificate_algs() if b"rsa" not in name]
            certified = [name for name in self._route.server_keys if name.encode() in possible]
        return list(dict.fromkeys([*certified, *first, *plain]))

    def accepts(self, data: bytes) -> bool:
        """Whether a key is accepted. data: the raw key or certificate from the server."""
        kind = key_type(data)
        if kind not in {_type_of(name) for name in self.offered}:
            self.refusal = f"it shows a key of type {kind}, which it was not asked for"
            return False
        if is_short(data, self._route.rsa_bits):
            self.refusal = f"its RSA key has less than {self._route.rsa_bits} bits"
            return False
        try:
            return self._accepts_certificate(data) if is_certificate(data) else self._accepts_key(data)
        except ValueError as error:
            self.refusal = str(error)
            return False

    def _accepts_key(self, data: bytes) -> bool:
        verdict, where = self._server.judge(data)
        if verdict is not Verdict.KNOWN:
            self._server.look_through()
        self.asks_again = self._offered() != self.offered
        if self.asks_again:
            self.refusal = "ssh asks for a key of another type"
            return False
        if verdict is Verdict.KNOWN or (verdict is Verdict.UNKNOWN and not self._route.checked):
            return True
        shown = _shown(public_key.decode_ssh_public_key(data))
        files = " or ".join(self._route.known_hosts) or "a known_hosts file"
        self.refusal = {
            Verdict.UNKNOWN: f"no host key is known for {self._known_as()}, it shows {shown}. Make sure that it is "
            f"the host's, then add it to {files}",
            Verdict.CHANGED: f"the host key has changed: it shows {shown}, which {where} contradicts. Somebody may be "
            "between you and the host; when it has been installed anew, correct that line",
            Verdict.REVOKED: f"the host key {shown} is revoked by {where}",
        }[verdict]
        # Without strict checking ssh continues, with fewer features. It may also ask for a key that asyncssh lacks.
        asked = {_type_of(name) for name in self._route.server_keys if plain_type(name) == name}
        possible = {_type_of(name) for name in self.offered}
        self.is_final = self._route.checked and (
            verdict is Verdict.REVOKED or (verdict is Verdict.CHANGED and asked & self._server.types() <= possible)
        )
        return False

    def _accepts_certificate(self, data: bytes) -> bool:
        certificate = t.cast("public_key.SSHOpenSSHCertificate", public_key.decode_ssh_certificate(data))
        authority = certificate.signing_key
        verdict, where = self._server.judge_certificate(certificate.key.public_data, authority.public_data)
        if verdict is Verdict.REVOKED:
            shown = f"{_shown(certificate.key)}, signed by {_shown(authority)}"
            self.refusal = f"the host key {shown}, is revoked by {where}"
            self.is_final = self._route.checked
        elif verdict is Verdict.UNKNOWN or key_type(authority.public_data) not in self._authorities:
            self.refusal = f"its certificate is signed by {_shown(authority)}, no authority for {self._known_as()}"
        elif not certificate.principals:
            self.refusal = "its certificate names no host"
        return not self.refusal

    def _known_as(self) -> str:
        return names_of(self._route.name, self._route.port, alias=self._route.alias)[0]


def _signers(route: Route) -> set[str]:
    """The types of authorities whose signatures ssh and asyncssh check in the same way.

    RSA is left out, since asyncssh would accept SHA-1.
    """
    return {name for name in route.ca_signatures if not name.startswith(("rsa-", "sk-")) and name != RSA}


def _type_of(algorithm: str) -> str:
    return RSA if algorithm.startswith("rsa-sha2-") and plain_type(algorithm) == algorithm else algorithm


def _shown(key: asyncssh.SSHKey) -> str:
    return f"{key.get_algorithm()} {key.get_fingerprint()}"
