# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The messages between an action and the engine of a fan-out: plain values, as frames on a Unix socket.

A frame is its length in four bytes, most significant first, and JSON. It may hold passwords, so it touches no disk.
"""

from __future__ import annotations

import asyncio
import json
import typing as t
from dataclasses import dataclass

from .._ssh.route import Route, Start
from .carrier import call
from .failure import Failure

_LENGTH_BYTES = 4


def longest(seconds: float) -> float:
    """The seconds that a host with this timeout may take in all, however busy the engine is."""
    return 2 * seconds + 30


@dataclass(frozen=True)
class Work:
    """The work of one host in a phase.

    host: its name in the inventory. call: what to ask it, see carrier.call. route: the way there. start: starts the
    resident. note: of the caller, in plain types, for later phases. These three are None for a host that the engine has
    met: it keeps them, see client.Engine.notes().
    """

    host: str
    call: t.Mapping[str, t.Any]
    route: Route | None = None
    start: Start | None = None
    note: t.Mapping[str, t.Any] | None = None

    def dump(self) -> dict[str, t.Any]:
        dumped: dict[str, t.Any] = {"host": self.host, "call": call(self.call).decode()}
        if self.route and self.start:
            dumped.update(route=self.route.dump(), start=vars(self.start), note=self.note)
        return dumped


@dataclass(frozen=True)
class Met:
    """A host that the engine has met, as it keeps it, see Work."""

    route: Route
    start: Start
    note: t.Mapping[str, t.Any] | None = None


@dataclass(frozen=True)
class Job:
    """A work as the engine has it. call: as the resident takes it."""

    host: str
    route: Route
    start: Start
    call: bytes

    @classmethod
    def load(cls, document: t.Mapping[str, t.Any], met: dict[str, Met]) -> Job:
        """A Job from Work.dump(). met: the hosts that the engine has met. One whose way is told now is added."""
        host = document["host"]
        if "route" in document:
            start = document["start"]
            environment = tuple((name, value) for name, value in start["environment"])
            way = Route.load(document["route"]), Start(**{**start, "environment": environment})
            met[host] = Met(*way, document["note"])
        return cls(host, met[host].route, met[host].start, document["call"].encode())


@dataclass(frozen=True)
class Answer:
    """The end of one host's turn in a phase.

    started, finished: when its own turn began and ended, ISO 8601. sent: whether the call may have reached it; without
    that nothing was done there. output: the resident's answer, or else failure, and message for people.
    """

    host: str
    started: str
    finished: str
    sent: bool
    output: dict[str, t.Any] | None = None
    failure: Failure | None = None
    message: str = ""

    def dump(self) -> dict[str, t.Any]:
        return {**vars(self), "failure": self.failure.value if self.failure else None}

    @classmethod
    def load(cls, document: t.Mapping[str, t.Any]) -> Answer:
        failure = document["failure"]
        return cls(**{**document, "failure": Failure(failure) if failure else None})


def frame(document: t.Any) -> bytes:
    body = json.dumps(document).encode()
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


async def read(reader: asyncio.StreamReader) -> t.Any:
    """The document of the next frame. Raises asyncio.IncompleteReadError."""
    length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
    return json.loads(await reader.readexactly(length))


class Frames:
    """The frames of a connection that is read piece by piece."""

    def __init__(self) -> None:
        self._received = bytearray()

    def take(self, data: bytes) -> t.Iterator[t.Any]:
        """The documents of the frames that end in these bytes."""
        self._received += data
        while len(self._received) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(self._received[:_LENGTH_BYTES], "big")
            if len(self._received) < end:
                return
            body = bytes(self._received[_LENGTH_BYTES:end])
            del self._received[:end]
            yield json.loads(body)
