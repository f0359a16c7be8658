# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of users: names, password hashes (argon2), groups, access keys. A JSON document, nobody else's to read."""

from __future__ import annotations

import json
import os
import secrets
import stat
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import write

_FIRST_ID = 100  # as OCP's admin
# OWASP's recommendation: 19 MiB, so that a few logins at once do not fill the memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class UsersError(Exception):
    """The file of users cannot be used; says why, and what to do."""


@dataclass(frozen=True)
class Account:
    """A user of the service.

    number: its id, as the creator of a task has it. password: argon2's text of it, None where it has none. access_keys:
    secret keys by access key.
    """

    name: str
    number: int
    password: str | None = None
    groups: tuple[str, ...] = ()
    access_keys: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Account({self.name!r})"


def hash_password(password: str) -> str:
    """argon2's text of a password."""
    return _HASHER.hash(password)


def is_password(hashed: str, password: str) -> bool:
    """Whether this is the password. Takes tens of milliseconds."""
    try:
        return _HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False


def load(path: Path) -> dict[str, Account]:
    """The users of a file, by name. Raises UsersError."""
    try:
        with path.open(encoding="utf-8") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            if mode & (stat.S_IRWXO | stat.S_IWGRP):
                raise UsersError(f"{path} has secrets and others may read or write it: chmod 600 {path}")
            document = json.load(stream)
        return {name: _account(name, entry) for name, entry in document["users"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else f"it is not as `ocp-agents user` writes it ({exc!r})"
        raise UsersError(f"the file of users {path} cannot be read: {reason}") from None


def _account(name: str, entry: dict[str, Any]) -> Account:
    password, keys, groups = entry.get("password"), entry.get("access_keys", {}), entry.get("groups", [])
    sound = isinstance(entry["id"], int) and isinstance(groups, list) and isinstance(password, str | None)
    if not sound or not all(isinstance(text, str) for text in [*keys, *keys.values(), *groups]):
        raise ValueError(name)
    return Account(name, entry["id"], password, tuple(groups), dict(keys))


def save(path: Path, accounts: dict[str, Account]) -> None:
    """Write the users of a file, whole or not at all. Raises UsersError."""
    users = {
        account.name: {
            "id": account.number,
            "password": account.password,
            "groups": list(account.groups),
            "access_keys": account.access_keys,
        }
        for account in accounts.values()
    }
    try:
        write(str(path), {"users": users}, private=True)
    except OSError as exc:
        raise UsersError(f"the file of users {path} cannot be written: {exc.strerror}") from None


def account_of(accounts: dict[str, Account], name: str) -> Account:
    """The account of a user, or a new one with the next id. Raises UsersError for a name that cannot be one."""
    if not name or ":" in name or not name.isprintable():
        raise UsersError(f"{name!r} cannot be a user's name: HTTP Basic ends it at a colon")
    number = max((account.number for account in accounts.values()), default=_FIRST_ID - 1) + 1
    return accounts.get(name) or Account(name, number)


def with_new_key(account: Account) -> tuple[Account, str, str]:
    """The account with one more access key, that key and its secret key."""
    access_key, secret_key = secrets.token_hex(8), secrets.token_hex(16)
    return replace(account, access_keys={**account.access_keys, access_key: secret_key}), access_key, secret_key


class Users:
    """The users of a file, as the file is now: a change counts from the next request on."""

    def __init__(self, path: Path) -> None:
        """Raises UsersError."""
        self._path = path
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._accounts = load(path)

    def current(self) -> dict[str, Account]:
        """The users by name. Raises UsersError where the file has become unusable: nobody is let in then."""
        with self._lock:
            stamp = self._stamp()
            if stamp != self._seen:
                self._accounts = load(self._path)
                self._seen = stamp
            return self._accounts

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError as exc:
            raise UsersError(f"the file of users {self._path} cannot be read: {exc.strerror}") from None
        return found.st_ino, found.st_mtime_ns, found.st_size
