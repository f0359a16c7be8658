# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What known_hosts files say about a server's key, by OpenSSH's rules (sshd(8), hostfile.c and sshconnect.c).

asyncssh has a reader of its own, which is more generous: it also takes a key that is known for the server's address,
and networks as patterns.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import hmac
import os
import re
import typing as t
from collections import defaultdict
from dataclasses import dataclass

from ._fan_out_key_data import key_type

_MARKERS = (b"@cert-authority", b"@revoked")
_HASHED = b"|1|"


class Verdict(enum.Enum):
    """What the files say about a key."""

    KNOWN = "known"
    UNKNOWN = "unknown"  # no key is known for the server
    CHANGED = "changed"  # others are
    REVOKED = "revoked"


@dataclass(frozen=True)
class Entry:
    """One line: the marker, empty for none, the key as it goes over the wire, and the file and line for people."""

    marker: bytes
    key: bytes
    where: str


class KnownHosts:
    """The lines of some files, found by the names of servers. It knows them as they were when it was made."""

    def __init__(self, paths: t.Iterable[str]) -> None:
        self._exact: dict[bytes, list[Entry]] = defaultdict(list)
        self._hashed: list[tuple[bytes, bytes, Entry]] = []
        self._patterns: list[tuple[_Patterns, Entry]] = []
        for path in paths:
            self._read(path)

    def _read(self, path: str) -> None:
        """Read a file; as to OpenSSH, one that cannot be read knows nothing, and a line that is no entry is none."""
        try:
            with open(path, "rb") as file:
                lines = file.read().splitlines()
        except OSError:
            return
        for number, line in enumerate(lines, start=1):
            fields = line.split()
            marker = b""
            if fields and fields[0].startswith(b"@"):
                marker = fields.pop(0)
            if len(fields) < 3 or fields[0].startswith(b"#") or (marker and marker not in _MARKERS):
                continue
            try:
                key = base64.b64decode(fields[2], validate=True)
            except binascii.Error:
                continue
            if key_type(key).encode() == fields[1]:
                self._add(fields[0], Entry(marker, key, f"{path}:{number}"))

    def _add(self, names: bytes, entry: Entry) -> None:
        if names.startswith(b"|"):
            _empty, _version, salt, digest, *rest = [*names.split(b"|"), b"", b""]
            if names.startswith(_HASHED) and rest == [b"", b""]:
                try:
                    self._hashed.append((base64.b64decode(salt), base64.b64decode(digest), entry))
                except binascii.Error:
                    pass
        elif any(special in names for special in (b"*", b"?", b"!")):
            self._patterns.append((_Patterns(names), entry))
        else:
            for name in set(names.lower().split(b",")):
                self._exact[name].append(entry)

    def _entries(self, name: str) -> list[Entry]:
        wanted = name.encode()
        found = list(self._exact.get(wanted, ()))
        found += [entry for patterns, entry in self._patterns if patterns.match(wanted)]
        for salt, digest, entry in self._hashed:
            if hmac.digest(salt, wanted, hashlib.sha1) == digest:
                found.append(entry)
        return found

    def about(self, names: t.Iterable[str]) -> Server:
        """What is known of the server with these names: others than the first count where that is not known."""
        return Server(tuple(self._entries(name) for name in names))


class Server:
    """What is known of one server, by each of its names."""

    def __init__(self, entries: tuple[list[Entry], ...]) -> None:
        self._entries = entries

    def judge(self, key: bytes) -> tuple[Verdict, str]:
        """What the files say about the server's key, and where they say it.

        key: as it goes over the wire.
        """
        for entries in self._entries:
            revoked = [entry for entry in entries if entry.marker == b"@revoked" and entry.key == key]
            if revoked:
                return Verdict.REVOKED, revoked[0].where
            plain = [entry for entry in entries if not entry.marker]
            known = [entry for entry in plain if entry.key == key]
            if known:
                return Verdict.KNOWN, known[0].where
            # Even one of another type is a change, but another server may have the port that is not named.
            if plain and entries is self._entries[0]:
                return Verdict.CHANGED, plain[0].where
        return Verdict.UNKNOWN, ""

    def authorities(self) -> list[bytes]:
        """The keys that may certify the server's."""
        return [entry.key for entries in self._entries for entry in entries if entry.marker == b"@cert-authority"]

    def revoked(self) -> list[bytes]:
        return [entry.key for entries in self._entries for entry in entries if entry.marker == b"@revoked"]

    def types(self) -> set[str]:
        """The types of the keys that are known by the first name: OpenSSH prefers those, and asks for no other name."""
        return {key_type(entry.key) for entry in self._entries[0] if not entry.marker}


class KnownHostsFiles:
    """Files that were read before are not read again unless they have changed."""

    def __init__(self) -> None:
        self._read: dict[tuple[t.Any, ...], KnownHosts] = {}

    def of(self, paths: t.Sequence[str]) -> KnownHosts:
        state = tuple((path, *_state(path)) for path in paths)
        if state not in self._read:
            self._read = {known: files for known, files in self._read.items() if [s[0] for s in known] != list(paths)}
            self._read[state] = KnownHosts(paths)
        return self._read[state]


def names_of(name: str, port: int, *, alias: bool) -> tuple[str, ...]:
    """The names by which files may know a server.

    name: what the user calls it. alias: whether that is a HostKeyAlias, which stands for the port, too.
    """
    if alias:
        return (name,)
    lower = name.lower()
    return (lower,) if port == 22 else (f"[{lower}]:{port}", lower)


def _state(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class _Patterns:
    """A list of patterns with `*`, `?` and `!`: matched by any, and by none with `!`."""

    def __init__(self, text: bytes) -> None:
        patterns = text.lower().split(b",")
        self._wanted = _regex([pattern for pattern in patterns if not pattern.startswith(b"!")])
        self._unwanted = _regex([pattern[1:] for pattern in patterns if pattern.startswith(b"!")])

    def match(self, name: bytes) -> bool:
        return bool(self._wanted.fullmatch(name)) and not self._unwanted.fullmatch(name)


def _regex(patterns: list[bytes]) -> re.Pattern[bytes]:
    """`*` and `?` are all that is special, unlike in fnmatch."""
    quoted = [re.escape(pattern).replace(rb"\*", b".*").replace(rb"\?", b".") for pattern in patterns if pattern]
    return re.compile(b"|".join(quoted) or b"(?!)", re.DOTALL)
