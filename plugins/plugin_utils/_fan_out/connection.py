# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Connections along a Route: as ssh would open them, and never where ssh would not.

asyncssh reads nothing by itself, neither the user's files nor the environment. Every setting is passed explicitly.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import typing as t

try:
    import asyncssh
    from asyncssh import SSHClient, encryption, kex, mac, public_key
except ImportError:  # client.py reports this before
    SSHClient = object  # type: ignore[assignment,misc]

from .._ssh.hung_up import pauses
from .._ssh.route import Route
from .clock import IdleClock
from .failure import Failure, HostError
from .host_key import HostKey
from .key_data import RSA, key_type
from .keys import UserKeys
from .known_hosts import KnownHostsFiles, names_of

_FAMILIES = {"any": socket.AF_UNSPEC, "inet": socket.AF_INET, "inet6": socket.AF_INET6}


class Connector:
    """Opens connections. Connections to jump hosts are shared."""

    def __init__(self, clock: IdleClock) -> None:
        self._clock = clock
        self._keys = UserKeys()
        self._known_hosts = KnownHostsFiles()
        self._jumps: dict[Route, asyncio.Task[asyncssh.SSHClientConnection]] = {}

    def forget_failed_jumps(self) -> None:
        """Allow a new attempt for every jump host whose connection has failed or was lost."""
        for route, task in list(self._jumps.items()):
            if task.done() and (task.cancelled() or task.exception() or task.result().is_closed()):
                del self._jumps[route]

    async def connect(self, route: Route) -> asyncssh.SSHClientConnection:
        """Connect and authenticate. Retries a few times if the server hangs up at once. Raises HostError."""
        for pause in pauses():
            try:
                return await self._connect(route)
            except _DroppedError:
                await asyncio.sleep(pause)
        return await self._connect(route)

    async def _connect(self, route: Route) -> asyncssh.SSHClientConnection:
        server = self._known_hosts.of(route.known_hosts).about(names_of(route.name, route.port, alias=route.alias))
        try:
            return await self._handshake(route, HostKey(route, server))
        except _OtherKeyError:
            return await self._handshake(route, HostKey(route, server))

    async def _handshake(self, route: Route, host_key: HostKey) -> asyncssh.SSHClientConnection:
        through = await self._jump(route.jump) if route.jump else None
        client = _Client(route, host_key, await self._keys.of(route), self._keys.unprotected(route))
        try:
            options = _options(route, host_key, client)
        except ValueError as error:
            raise HostError(Failure.REFUSED, f"{_place(route)}: {error}") from error
        # The address is given twice, since asyncssh does not take it from the options alone.
        place = {"host": route.address, "port": route.port, "config": None, "options": options}
        try:
            way = {"tunnel": through} if through else {"sock": await self._tcp(route)}
            async with self._clock.timeout(route.connect_timeout, done=client.is_authenticating):
                return await asyncssh.connect(**place, **way)
        except (OSError, asyncssh.Error, ValueError) as error:
            failure = client.failure(error)
            if client.is_dropped(error):
                raise _DroppedError(failure.failure, failure.message) from error
            if host_key.asks_again:
                raise _OtherKeyError(failure.failure, failure.message) from error
            raise failure from error

    async def _jump(self, route: Route) -> asyncssh.SSHClientConnection:
        # One attempt for all hosts behind it, so that a wrong password is tried once.
        if route not in self._jumps:
            self._jumps[route] = asyncio.ensure_future(self.connect(route))
        try:
            return await asyncio.shield(self._jumps[route])
        except HostError as failed:
            raise HostError(failed.failure, f"jump host: {failed.message}") from failed

    async def _tcp(self, route: Route) -> socket.socket:
        """A TCP connection, tried as often as ssh would (ConnectionAttempts)."""
        addresses = await _addresses(route)
        for _attempt in range(route.attempts - 1):
            with contextlib.suppress(_NotReachedError):
                return await self._first(route, addresses)
            await asyncio.sleep(1)
        return await self._first(route, addresses)

    async def _first(self, route: Route, addresses: list[tuple[t.Any, ...]]) -> socket.socket:
        """A TCP connection to the first address that accepts one. Each address has the whole timeout, as in ssh."""
        loop = asyncio.get_running_loop()
        reason = "no address"
        for family, kind, protocol, _name, address in addresses:
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError as error:  # an address family that this machine does not have
                reason = _reason(error)
                continue
            try:
                sock.setblocking(False)
                async with self._clock.timeout(route.connect_timeout):
                    await loop.sock_connect(sock, address)
                return sock
            except OSError as error:
                sock.close()
                reason = _reason(error)
            except BaseException:
                sock.close()
                raise
        raise _NotReachedError(f"connect to host {_place(route)}: {reason}")


class _Client(SSHClient):
    """Answers asyncssh's questions during a handshake, and explains its failure."""

    def __init__(
        self, route: Route, host_key: HostKey, keys: list[asyncssh.SSHKeyPair], unprotected: t.Sequence[str]
    ) -> None:
        self._route = route
        self._host_key = host_key
        self._accepted: set[bytes] = set()
        self._keys = keys
        self._unprotected = unprotected
        self._authenticating = False
        self._offered = 0
        self._password_sent = False
        self._connection: asyncssh.SSHClientConnection | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """Judge the server's raw key. Of a certificate, asyncssh's own callbacks show only the authority."""
        self._connection = conn
        judge_itself = conn.validate_server_host_key

        def judge(data: bytes) -> asyncssh.SSHKey:
            if self._host_key.accepts(data):
                self._accepted = _keys_in(data)
            key = judge_itself(data)
            if key_type(key.public_data) == RSA:  # asyncssh alone would accept SHA-1, too
                key.all_sig_algorithms = {name.encode() for name in self._host_key.offered}
            return key

        conn.validate_server_host_key = judge  # type: ignore[method-assign,assignment]

    def is_authenticating(self) -> bool:
        """Whether the part limited by ssh's ConnectTimeout is over."""
        return self._authenticating

    def begin_auth(self, username: str) -> None:
        self._authenticating = True

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        return key.public_data in self._accepted

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        return key.public_data in self._accepted

    def auth_completed(self) -> None:
        self._password_sent = False

    def public_key_auth_requested(self) -> list[asyncssh.SSHKeyPair] | None:
        keys, self._keys = self._keys, []
        self._offered += len(keys)
        return keys or None

    def password_auth_requested(self) -> str | None:
        """The password, once. A second attempt with the same one would only bring the account closer to a lock."""
        if self._route.password is None or self._password_sent:
            return None
        self._password_sent = True
        return self._route.password

    def kbdint_auth_requested(self) -> str | None:
        wanted = self._route.interactive and self._route.password is not None and not self._password_sent
        return "" if wanted else None

    def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: t.Sequence[tuple[str, bool]]
    ) -> list[str] | None:
        if not prompts:
            return []  # it only shows a message
        if len(prompts) > 1 or "assword" not in prompts[0][0]:
            return None  # sshpass would not answer this either
        password = self.password_auth_requested()
        return None if password is None else [password]

    def is_dropped(self, error: Exception) -> bool:
        """Whether the server hung up before it sent its version, as with too many unfinished handshakes."""
        hung_up = isinstance(error, (ConnectionError, asyncssh.ConnectionLost))
        return hung_up and self._connection is not None and not self._connection.get_extra_info("server_version")

    def failure(self, error: Exception) -> HostError:
        """The meaning of an error during the handshake."""
        place = _place(self._route)
        if self._password_sent:
            return HostError(
                Failure.DENIED,
                f"Invalid/incorrect password: {self._route.user}@{place}: {_reason(error)}",
            )
        if isinstance(error, _NotReachedError):
            return HostError(Failure.NOT_CONNECTED, f"ssh: {error}")
        if isinstance(error, asyncssh.PermissionDenied):
            return HostError(Failure.REFUSED, f"{self._route.user}@{place}: Permission denied: {self._why_denied()}")
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            why = self._host_key.refusal or _reason(error)
            failure = Failure.MISTRUSTED if self._host_key.is_final else Failure.REFUSED
            return HostError(failure, f"Host key verification failed: {place}: {why}")
        if isinstance(error, asyncssh.ChannelOpenError):  # the jump host could not reach it
            return HostError(Failure.NOT_CONNECTED, f"ssh: connect to host {place} by its jump host: {_reason(error)}")
        if isinstance(error, TimeoutError):
            when = "Connection timed out during the handshake"
            return HostError(Failure.NOT_CONNECTED, f"ssh: connect to host {place}: {when}")
        if isinstance(error, (OSError, asyncssh.ConnectionLost)):
            # A server that finds no common algorithm hangs up. Timing decides which side reports it first.
            return HostError(Failure.REFUSED, f"ssh: Connection closed by {place} during handshake: {_reason(error)}")
        return HostError(Failure.REFUSED, f"{place}: {_reason(error)}")

    def _why_denied(self) -> str:
        route = self._route
        if self._unprotected:
            return (
                f"others can read the private key in {', '.join(self._unprotected)}, so that ssh does not use it: "
                "chmod 600"
            )
        if self._offered:
            return f"it takes none of the keys that were offered ({self._offered}); see its authorized_keys"
        if route.keys or route.agent:
            where = ", ".join([*route.keys, *(["the agent"] if route.agent else [])])
            return f"no key could be offered: none without a passphrase is in {where}"
        return "it asks for no password" if route.password else "no key and no password are given for it"


class _DroppedError(HostError):
    """The server hung up before the handshake, so a retry is safe."""


class _OtherKeyError(HostError):
    """The server has to be asked for a key of another type, as ssh would have done at first."""


class _NotReachedError(OSError):
    """There is no TCP connection. The message is ssh's."""


async def _addresses(route: Route) -> list[tuple[t.Any, ...]]:
    """The addresses of a route, from getaddrinfo."""
    where, family, kind = (route.address, route.port), _FAMILIES[route.family], socket.SOCK_STREAM
    try:
        try:
            return list(socket.getaddrinfo(*where, family=family, type=kind, flags=socket.AI_NUMERICHOST))
        except socket.gaierror:  # names are looked up in a thread, since that may take a while
            return list(await asyncio.get_running_loop().getaddrinfo(*where, family=family, type=kind))
    except (OSError, UnicodeError) as error:
        raise _NotReachedError(f"Could not resolve hostname {route.address}: {_reason(error)}") from error


def _options(route: Route, host_key: HostKey, client: _Client) -> asyncssh.SSHClientConnectionOptions:
    """ssh's choices, with cheap ones first: AES-GCM costs Python a fraction of ChaCha20. Compression would gain little,
    since the data is small, or compressed already.
    """
    return asyncssh.SSHClientConnectionOptions(
        config=None,
        client_factory=lambda: client,
        host=route.address,
        port=route.port,
        username=route.user,
        known_hosts=([], [], []),  # asyncssh knows no key, and asks the client about each
        host_key_alias=route.name,
        server_host_key_algs=_some("host key algorithm", host_key.offered, route.server_keys),
        x509_trusted_certs=None,
        x509_trusted_cert_paths=[],
        client_keys=None,
        client_host_keys=None,
        agent_path=None,
        agent_forwarding=False,
        pkcs11_provider=None,
        gss_host=None,
        password=None,
        host_based_auth=False,
        public_key_auth=True,
        kbdint_auth=route.interactive,
        password_auth=True,
        preferred_auth=("publickey", "keyboard-interactive", "password"),
        kex_algs=_both("key exchange", _exchanges(route), kex.get_kex_algs()),
        encryption_algs=sorted(
            _both("cipher", route.ciphers, encryption.get_encryption_algs()), key=lambda name: "-gcm@" not in name
        ),
        mac_algs=_both("MAC", route.macs, mac.get_mac_algs()),
        signature_algs=_both("user key algorithm", route.user_keys, public_key.get_public_key_algs()),
        compression_algs=["none", "zlib@openssh.com"] if route.compression else ["none"],
        connect_timeout=None,
        login_timeout=0,
        keepalive_interval=route.alive_interval,
        keepalive_count_max=route.alive_count,
        tunnel=None,
        proxy_command=None,
        family=socket.AF_UNSPEC,
        local_addr=None,
        canonicalize_hostname=False,
        env=None,
        send_env=None,
        command=None,
        request_pty=False,
        x11_forwarding=False,
        encoding=None,
    )


def _exchanges(route: Route) -> list[str]:
    """Leave out exchanges in which the server chooses a group: asyncssh, unlike ssh, would accept one of 1024 bits."""
    return [name for name in route.key_exchanges if "group-exchange" not in name]


def _both(what: str, wanted: t.Sequence[str], possible: t.Sequence[bytes]) -> list[str]:
    """The algorithms of ssh that asyncssh has, in ssh's order of preference."""
    return _some(what, [name for name in wanted if name.encode() in possible], wanted)


def _some(what: str, found: list[str], wanted: t.Sequence[str]) -> list[str]:
    if not found:
        raise ValueError(f"asyncssh has none of the {what}s that ssh would use: {', '.join(wanted)}")
    return found


def _keys_in(data: bytes) -> set[bytes]:
    """The keys that asyncssh asks about, for an accepted key or certificate."""
    try:
        certificate = t.cast("public_key.SSHOpenSSHCertificate", public_key.decode_ssh_certificate(data))
    except asyncssh.KeyImportError:
        return {data}
    return {certificate.signing_key.public_data}


def _place(route: Route) -> str:
    return f"{route.address} port {route.port}"


def _reason(error: Exception) -> str:
    if isinstance(error, asyncssh.Error):
        return error.reason or type(error).__name__
    if isinstance(error, OSError) and error.errno and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    if isinstance(error, TimeoutError):
        return "Connection timed out"
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
