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
import stat
import typing as t
from collections import defaultdict
from dataclasses import dataclass

from .key_data import key_type, public_parts

AUTHORITY = b"@cert-authority"
REVOKED = b"@revoked"
_BLANKS = re.compile(rb"[ \t]+")
_LONGEST_PATTERN = 1022  # bytes; one that is longer spoils its line
_SALT = 20  # bytes
_RSA_NAMES = (b"rsa-sha2-256", b"rsa-sha2-512")  # of signatures; OpenSSH takes them for the key's type, too


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


@dataclass(frozen=True)
class _Hashed:
    """A line whose name is hashed. salt, digest: in Base64; there are thousands, and hardly one is looked at."""

    salt: bytes
    digest: bytes
    entry: Entry

    def is_for(self, name: bytes) -> bool:
        salt = _decoded(self.salt)
        return len(salt) == _SALT and hmac.digest(salt, name, hashlib.sha1) == _decoded(self.digest)


class KnownHosts:
    """The lines of some files, found by the names of servers. It knows them as they were when it was made.

    To find a name among hashed ones takes a hash of it with the salt of each line. So a line without a marker is first
    looked for by the key that the server shows: few lines have that one.
    """

    def __init__(self, paths: t.Iterable[str]) -> None:
        self._exact: dict[bytes, list[Entry]] = defaultdict(list)
        self._patterns: list[tuple[_Patterns, Entry]] = []
        self._marked: list[_Hashed] = []
        self._hashed: list[_Hashed] = []
        self._by_key: dict[tuple[bytes, ...], list[_Hashed]] = defaultdict(list)
        for path in paths:
            self._read(path)
        for line in self._hashed:
            self._by_key[public_parts(line.entry.key)].append(line)
        self.hashed_types = {key_type(line.entry.key) for line in self._hashed}

    def _read(self, path: str) -> None:
        """Read a file; as to OpenSSH, one that cannot be read knows nothing, and a line that is no entry is none."""
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would hold up every host
                return
            with open(path, "rb") as file:
                lines = file.read().split(b"\n")
        except OSError:
            return
        for number, line in enumerate(lines, start=1):
            marker, fields = _fields(line)
            if len(fields) < 3:
                continue
            key = _decoded(fields[2].translate(None, b"\r\v\f"))  # which OpenSSH passes over there
            kind = key_type(key).encode()
            if fields[1] == kind or (kind == b"ssh-rsa" and fields[1] in _RSA_NAMES):
                self._add(fields[0], Entry(marker, key, f"{path}:{number}"))

    def _add(self, names: bytes, entry: Entry) -> None:
        if names.startswith(b"|"):
            _empty, version, salt, digest, *rest = [*names.split(b"|"), b"", b"", b""]
            if version == b"1" and rest == [b"", b"", b""]:
                (self._marked if entry.marker else self._hashed).append(_Hashed(salt, digest, entry))
            return
        patterns = names.lower().split(b",")
        if len(names) > _LONGEST_PATTERN and any(
            len(pattern.removeprefix(b"!")) > _LONGEST_PATTERN for pattern in patterns
        ):
            return
        if any(special in names for special in (b"*", b"?", b"!")):
            self._patterns.append((_Patterns(patterns), entry))
        else:
            for name in set(patterns):
                self._exact[name].append(entry)

    def entries(self, name: str) -> list[Entry]:
        """The lines for a name, but for those with a hashed name and without a marker."""
        wanted = name.encode()
        lower = wanted.lower()
        found = list(self._exact.get(lower, ()))
        found += [entry for patterns, entry in self._patterns if patterns.match(lower)]
        found += [line.entry for line in self._marked if line.is_for(wanted)]
        return [entry for entry in found if public_parts(entry.key)]

    def hashed(self, name: str, key: bytes | None = None) -> list[Entry]:
        """The lines for a name among those with a hashed name and without a marker.

        key: looks at the lines with this key only; without it at all of them, which takes a hash each.
        """
        wanted = name.encode()
        lines = self._hashed if key is None else self._by_key.get(public_parts(key), ())
        return [line.entry for line in lines if line.is_for(wanted) and public_parts(line.entry.key)]

    def about(self, names: t.Iterable[str]) -> Server:
        """What is known of the server with these names: others than the first count where that is not known."""
        return Server(self, tuple(names))


class Server:
    """What is known of one server, by each of its names."""

    def __init__(self, files: KnownHosts, names: tuple[str, ...]) -> None:
        self._files = files
        self._names = names
        self._entries = tuple(files.entries(name) for name in names)
        self._hashed: list[Entry] | None = None  # for the first name, once that was looked for

    def look_through(self) -> None:
        """Find all hashed lines for the first name: from now on types() knows what it has guessed."""
        if self._hashed is None:
            self._hashed = self._files.hashed(self._names[0])

    def judge(self, key: bytes) -> tuple[Verdict, str]:
        """What the files say about the server's key, and where they say it.

        key: as it goes over the wire, no certificate.
        """
        for name, entries in zip(self._names, self._entries, strict=True):
            revoked = _of_same_key(entries, REVOKED, key)
            if revoked:
                return Verdict.REVOKED, revoked[0].where
            same = [*_of_same_key(entries, b"", key), *self._files.hashed(name, key)]
            known = [entry for entry in same if key_type(entry.key) == key_type(key)]
            if known:
                return Verdict.KNOWN, known[0].where
            # Even one of another type is a change, but another server may have the port that is not named.
            if name == self._names[0]:
                self.look_through()
                plain = self._plain()
                if plain:
                    return Verdict.CHANGED, plain[0].where
        return Verdict.UNKNOWN, ""

    def judge_certificate(self, key: bytes, authority: bytes) -> tuple[Verdict, str]:
        """What the files say about a certificate of the server's, and where: KNOWN, UNKNOWN or REVOKED.

        key, authority: the key in it and the one that has signed it.
        """
        for entries in self._entries:
            revoked = _of_same_key(entries, REVOKED, authority) or _of_same_key(entries, REVOKED, key)
            if revoked:
                return Verdict.REVOKED, revoked[0].where
            known = _of_same_key(entries, AUTHORITY, authority)
            if known:
                return Verdict.KNOWN, known[0].where
        return Verdict.UNKNOWN, ""

    def authorities(self) -> set[str]:
        """The types of the keys that may certify the server's."""
        return {key_type(entry.key) for entries in self._entries for entry in entries if entry.marker == AUTHORITY}

    def types(self) -> set[str]:
        """The types of the keys that are known by the first name: OpenSSH prefers those, and asks for no other name.

        Before look_through(), those of all hashed lines are taken for possible.
        """
        possible = self._files.hashed_types if self._hashed is None else set()
        return possible | {key_type(entry.key) for entry in self._plain()}

    def _plain(self) -> list[Entry]:
        return [*(entry for entry in self._entries[0] if not entry.marker), *(self._hashed or ())]


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


def _fields(line: bytes) -> tuple[bytes, list[bytes]]:
    """The marker of a line, empty for none, and the fields behind it: names, type, key, comment.

    No fields for a comment, and for a marker that is none to OpenSSH: also for one that ends with a tab while there is
    a blank behind it.
    """
    text = line.lstrip(b" \t")
    if b"\0" in text:
        text = text[: text.index(b"\0")]
    if not text.startswith(b"@"):
        return b"", [] if text.startswith(b"#") else _BLANKS.split(text, 3)
    marker, _blank, rest = text.partition(b" " if b" " in text else b"\t")
    rest = rest.lstrip(b" \t")
    if marker not in (AUTHORITY, REVOKED) or rest.startswith(b"@"):
        return b"", []
    return marker, _BLANKS.split(rest, 3)


def _decoded(text: bytes) -> bytes:
    """What a text in Base64 means; nothing for what is none, to the last bit."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    return data if not text.endswith(b"=") or base64.b64encode(data) == text else b""


def _of_same_key(entries: t.Iterable[Entry], marker: bytes, key: bytes) -> list[Entry]:
    """The entries with this marker and this key, also those that are written as a certificate for it."""
    wanted = public_parts(key)
    return [entry for entry in entries if entry.marker == marker and public_parts(entry.key) == wanted]


class _Patterns:
    """A list of patterns with `*`, `?` and `!`: matched by any, and by none with `!`."""

    def __init__(self, patterns: list[bytes]) -> None:
        self._wanted = _regex([pattern for pattern in patterns if not pattern.startswith(b"!")])
        self._unwanted = _regex([pattern[1:] for pattern in patterns if pattern.startswith(b"!")])

    def match(self, name: bytes) -> bool:
        return bool(self._wanted.fullmatch(name)) and not self._unwanted.fullmatch(name)


def _regex(patterns: list[bytes]) -> re.Pattern[bytes]:
    """`*` and `?` are all that is special, unlike in fnmatch."""
    quoted = [re.escape(pattern).replace(rb"\*", b".*").replace(rb"\?", b".") for pattern in patterns if pattern]
    return re.compile(b"|".join(quoted) or b"(?!)", re.DOTALL)
