# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The caller of a request: by HTTP Basic, by a signature, or anybody on this machine where it was so chosen."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import secrets
import time
from ipaddress import ip_address
from typing import Protocol

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import controller, persistence
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import NOT_AUTHORIZED, UNEXPECTED, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.roles import User

from .attempts import Attempts
from .errors import NotLoggedOnError, ThrottledError
from .settings import Settings
from .signed import SCHEME, Arrived, Signatures
from .users import Account, Users, UsersError, hash_password, is_password

_LOG = logging.getLogger(__name__)
_HASHES_AT_ONCE = 2  # each takes a processor and 19 MiB
_REMEMBER_SECONDS = 300
_MOST_REMEMBERED = 1000
_FROM_URL_ALPHABET = str.maketrans("-_", "+/")
_WRONG = "the user name or the password is not right"


class Login(Protocol):
    """Finds the caller of a request."""

    async def user(self, request: Request, body: bytes) -> User:
        """Raises OcpError (401, 403, 429)."""


def login(settings: Settings) -> Login:
    """What the settings ask for. Raises UsersError."""
    if settings.users is None:
        return OpenLogin(settings.loopback_only)
    url = persistence.chosen(settings.task_store)

    def use_up(digest: str, seconds: int) -> bool:
        with persistence.open_store(url) as store:
            return store.use_up(digest, seconds)

    return CheckedLogin(Users(settings.users), Signatures(use_up, settings.public_hosts))


class OpenLogin:
    """Everybody is let in, as the user that the service runs as: for a service that only this machine reaches."""

    def __init__(self, loopback_only: bool) -> None:
        self._user = controller.user({})
        self._loopback_only = loopback_only

    async def user(self, request: Request, body: bytes) -> User:
        del body
        # A page of the web that resolves its own name to this machine is told from a program on it by the Host.
        if self._loopback_only and not _is_loopback(request.headers.get("host", "")):
            raise OcpError(NOT_AUTHORIZED, "without users only requests to localhost are answered")
        return self._user


class CheckedLogin:
    """Who has a password or an access key in the file of users is let in."""

    def __init__(self, users: Users, signatures: Signatures) -> None:
        self._users = users
        self._signatures = signatures
        self._attempts = Attempts()
        self._limiter = CapacityLimiter(_HASHES_AT_ONCE)
        self._nobody = hash_password(secrets.token_hex())  # who is unknown takes as long as who is not
        self._key = secrets.token_bytes()
        self._remembered: dict[bytes, float] = {}

    async def user(self, request: Request, body: bytes) -> User:
        scheme, dummy, given = request.headers.get("authorization", "").partition(" ")
        try:
            accounts = self._users.current()
        except UsersError as exc:
            _LOG.error("%s", exc)
            raise OcpError(UNEXPECTED, "the file of users cannot be used: nobody is let in") from None
        if scheme.lower() == "basic":
            return _user(await self._basic(accounts, given.strip(), _address(request)))
        if scheme == SCHEME:
            return _user(await self._signed(accounts, request, body))
        raise NotLoggedOnError(f"log on by HTTP Basic, or sign the request ({SCHEME})")

    async def _basic(self, accounts: dict[str, Account], given: str, address: str) -> Account:
        try:
            # Some clients use the alphabet for URLs, as Java's Base64.getUrlEncoder().
            given = given.translate(_FROM_URL_ALPHABET)
            name, colon, password = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            name = colon = password = ""
        if not colon:
            raise NotLoggedOnError("the header Authorization is not that of HTTP Basic")
        account = accounts.get(name)
        hashed = account.password if account and account.password else self._nobody
        mark = hmac.new(self._key, f"{hashed}\0{name}\0{password}".encode(), hashlib.sha256).digest()
        if account and self._is_remembered(mark):
            return account
        async with self._limiter:
            if account and self._is_remembered(mark):
                return account
            wait = self._attempts.wait(address, name)
            if wait:
                raise ThrottledError(wait)
            right = await to_thread.run_sync(is_password, hashed, password)
            if not right or account is None or account.password is None:
                self._attempts.note(address, name)
                # A name that is unknown may be a password that was typed too early.
                known = name if account else "unknown"
                _LOG.warning("a login has failed", extra={"client": address, "user": known})
                raise NotLoggedOnError(_WRONG)
            self._remember(mark)
        self._attempts.forget(address, name)
        return account

    def _is_remembered(self, mark: bytes) -> bool:
        return self._remembered.get(mark, 0) > time.monotonic()

    def _remember(self, mark: bytes) -> None:
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[mark] = time.monotonic() + _REMEMBER_SECONDS

    async def _signed(self, accounts: dict[str, Account], request: Request, body: bytes) -> Account:
        arrived = Arrived(
            request.method,
            request.scope["raw_path"].decode("latin-1"),
            request.scope["query_string"].decode("latin-1"),
            dict(request.headers),
            body,
        )
        owners = {key: account for account in accounts.values() for key in account.access_keys}
        secret_keys = {key: account.access_keys[key] for key, account in owners.items()}
        return owners[await to_thread.run_sync(self._signatures.check, arrived, secret_keys)]


def _user(account: Account) -> User:
    return User(account.name, frozenset(account.groups), account.number)


def _address(request: Request) -> str:
    return request.client.host if request.client else "a Unix socket"


def _is_loopback(host: str) -> bool:
    name = host.rpartition(":")[0] if not host.endswith("]") and host.count(":") else host
    name = name.strip("[]").lower()
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
