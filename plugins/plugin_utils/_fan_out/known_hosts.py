# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Reads known_hosts files by OpenSSH's rules (sshd(8), hostfile.c and sshconnect.c).

asyncssh's own reader is more generous: it also accepts a key that is known for the server's address,
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
_LONGEST_PATTERN = 1022  # bytes; a longer pattern invalidates its line
_SALT = 20  # bytes
_RSA_NAMES = (b"rsa-sha2-256", b"rsa-sha2-512")  # signature names that OpenSSH also accepts as the key's type


class Verdict(enum.Enum):
    """The judgement of the files on a key."""

    KNOWN = "known"
    UNKNOWN = "unknown"  # no key is known for the server
    CHANGED = "changed"  # another key is known
    REVOKED = "revoked"


@dataclass(frozen=True)
class Entry:
    """One line: the marker, empty for none, the key in wire format, and the file and line for people."""

    marker: bytes
    key: bytes
    where: str


@dataclass(frozen=True)
class _Hashed:
    """A line with a hashed name. salt, digest: in Base64, since only few of thousands are ever decoded."""

    salt: bytes
    digest: bytes
    entry: Entry

    def is_for(self, name: bytes) -> bool:
        salt = _decoded(self.salt)
        return len(salt) == _SALT and hmac.digest(salt, name, hashlib.sha1) == _decoded(self.digest)


class KnownHosts:
    """The lines of some files, found by the names of servers, as they were when this was made.

    Finding a name among hashed ones takes a hash with the salt of each line. So lines without a marker are first
    looked up by the key that the server shows, which few lines have.
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
        """Read a file. As in OpenSSH, unreadable files and invalid lines are ignored."""
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would block every host
                return
            with open(path, "rb") as file:
                lines = file.read().split(b"\n")
        except OSError:
            return
        for number, line in enumerate(lines, start=1):
            marker, fields = _fields(line)
            if len(fields) < 3:
                continue
            key = _decoded(fields[2].translate(None, b"\r\v\f"))  # OpenSSH ignores these characters
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
        """The lines for a name, except those with a hashed name and no marker."""
        wanted = name.encode()
        lower = wanted.lower()
        found = list(self._exact.get(lower, ()))
        found += [entry for patterns, entry in self._patterns if patterns.match(lower)]
        found += [line.entry for line in self._marked if line.is_for(wanted)]
        return [entry for entry in found if public_parts(entry.key)]

    def hashed(self, name: str, key: bytes | None = None) -> list[Entry]:
        """The lines for a name among those with a hashed name and no marker.

        key: look only at lines with this key. Without it all lines are checked, with a hash each.
        """
        wanted = name.encode()
        lines = self._hashed if key is None else self._by_key.get(public_parts(key), ())
        return [line.entry for line in lines if line.is_for(wanted) and public_parts(line.entry.key)]

    def about(self, names: t.Iterable[str]) -> Server:
        """The lines about the server with these names. A later name counts only if the earlier ones are unknown."""
        return Server(self, tuple(names))


class Server:
    """The lines about one server, by each of its names."""

    def __init__(self, files: KnownHosts, names: tuple[str, ...]) -> None:
        self._files = files
        self._names = names
        self._entries = tuple(files.entries(name) for name in names)
        self._hashed: list[Entry] | None = None  # for the first name, once look_through() has run

    def look_through(self) -> None:
        """Find all hashed lines for the first name. After that types() is exact."""
        if self._hashed is None:
            self._hashed = self._files.hashed(self._names[0])

    def judge(self, key: bytes) -> tuple[Verdict, str]:
        """The judgement on the server's key, and the file and line behind it.

        key: in wire format, no certificate.
        """
        for name, entries in zip(self._names, self._entries, strict=True):
            revoked = _of_same_key(entries, REVOKED, key)
            if revoked:
                return Verdict.REVOKED, revoked[0].where
            same = [*_of_same_key(entries, b"", key), *self._files.hashed(name, key)]
            known = [entry for entry in same if key_type(entry.key) == key_type(key)]
            if known:
                return Verdict.KNOWN, known[0].where
            # A known key of another type is a change, too. A plain name may belong to another server on the host.
            if name == self._names[0]:
                self.look_through()
                plain = self._plain()
                if plain:
                    return Verdict.CHANGED, plain[0].where
        return Verdict.UNKNOWN, ""

    def judge_certificate(self, key: bytes, authority: bytes) -> tuple[Verdict, str]:
        """The judgement on a server's certificate, and the file and line: KNOWN, UNKNOWN or REVOKED.

        key, authority: the key in it, and the key that signed it.
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
        """The types of the keys known for the first name. OpenSSH prefers them, and ignores the other names here.

        Before look_through() the types of all hashed lines are included.
        """
        possible = self._files.hashed_types if self._hashed is None else set()
        return possible | {key_type(entry.key) for entry in self._plain()}

    def _plain(self) -> list[Entry]:
        return [*(entry for entry in self._entries[0] if not entry.marker), *(self._hashed or ())]


class KnownHostsFiles:
    """A cache of files, which are read again only after a change."""

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

    name: the user's name for it. alias: whether that is a HostKeyAlias, which replaces the port, too.
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
    """The marker of a line, empty for none, and the fields after it: names, type, key, comment.

    There are no fields for a comment, and for a marker that OpenSSH does not accept, such as one that ends with a tab
    while a blank follows later.
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
    """The bytes of a Base64 text; empty unless it is canonical."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    return data if not text.endswith(b"=") or base64.b64encode(data) == text else b""


def _of_same_key(entries: t.Iterable[Entry], marker: bytes, key: bytes) -> list[Entry]:
    """The entries with this marker and this key, including those written as a certificate for it."""
    wanted = public_parts(key)
    return [entry for entry in entries if entry.marker == marker and public_parts(entry.key) == wanted]


class _Patterns:
    """A list of patterns with `*`, `?` and `!`. A name matches if one pattern does and none with `!` does."""

    def __init__(self, patterns: list[bytes]) -> None:
        self._wanted = _regex([pattern for pattern in patterns if not pattern.startswith(b"!")])
        self._unwanted = _regex([pattern[1:] for pattern in patterns if pattern.startswith(b"!")])

    def match(self, name: bytes) -> bool:
        return bool(self._wanted.fullmatch(name)) and not self._unwanted.fullmatch(name)


def _regex(patterns: list[bytes]) -> re.Pattern[bytes]:
    """Compile patterns. Only `*` and `?` are special, unlike in fnmatch."""
    quoted = [re.escape(pattern).replace(rb"\*", b".*").replace(rb"\?", b".") for pattern in patterns if pattern]
    return re.compile(b"|".join(quoted) or b"(?!)", re.DOTALL)
