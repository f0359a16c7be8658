# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The hosts of a fan-out. Each has its turn in a phase, and keeps its connection and its resident for the next."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
import typing as t
from dataclasses import dataclass

try:
    import asyncssh
except ImportError:  # client.py reports this before
    pass

from .._ssh.route import Route, Start
from .._task.clock import iso_now
from .._task.printable import printable
from .clock import IdleClock
from .connection import Connector
from .failure import Failure, HostError
from .messages import Answer, Job
from .resident import Resident

# Handshakes at the same time. Each costs the controller some ms of CPU, so more at once would only end later.
HANDSHAKES = 50
# Connections that wait for the next phase. Another handshake and another start of Python cost far more than that.
KEPT = 2000
# Seconds between signs of life of a connection that waits for the next phase, and how many may be missed.
_IDLE_ALIVE = (15, 3)
_OTHER_FILES = 64  # that the engine has open besides connections


@dataclass
class Line:
    """A connection and what runs at its other end."""

    route: Route
    connection: asyncssh.SSHClientConnection
    start: Start | None = None
    resident: Resident | None = None

    def is_good_for(self, job: Job) -> bool:
        return self.route == job.route and not self.connection.is_closed()

    def close(self) -> None:
        self.connection.abort()


class Hosts:
    """All hosts that this engine has met."""

    def __init__(self, clock: IdleClock) -> None:
        self._clock = clock
        self._connector = Connector(clock)
        self._kept: dict[str, Line] = {}
        self._handshakes = asyncio.Semaphore(HANDSHAKES)
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        # Half of them for hosts at work, half for those that are kept.
        self._most = sys.maxsize if files == resource.RLIM_INFINITY else max(1, (files - _OTHER_FILES) // 2)

    async def phase(
        self,
        jobs: t.Iterable[Job],
        library: bytes,
        at_once: int,
        timeout: float,
        keep: bool,
        is_cancelled: t.Callable[[], bool],
        tell: t.Callable[[dict[str, t.Any]], None],
    ) -> None:
        """Give each job its turn. When this is cancelled, so are they, and their connections are closed.

        library: as the resident reads it. timeout: seconds from a host's own turn. keep: its connection, for
        another phase. tell: gets what client.Engine hears of each host: that it has its turn, its steps, its answer.
        """
        self._connector.forget_failed_jumps()
        turns = asyncio.Semaphore(min(at_once, self._most))
        phase = _Phase(library, timeout, is_cancelled, turns, min(KEPT, self._most) if keep else 0, tell)
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(self._report(job, phase))

    async def _report(self, job: Job, phase: _Phase) -> None:
        async with phase.turns:
            phase.tell({"begun": job.host})
            phase.tell((await self._turn(job, phase)).dump())

    async def _turn(self, job: Job, phase: _Phase) -> Answer:
        line = self._kept.pop(job.host, None)
        if line and not line.is_good_for(job):
            line.close()
            line = None
        async with contextlib.AsyncExitStack() as stack:
            if line is None:
                await stack.enter_async_context(self._handshakes)
            turn = _Turn(job, phase.library, line)
            if phase.is_cancelled():
                if line:
                    self._keep(job.host, line, phase.kept)
                return turn.failed(HostError(Failure.CANCELLED, "cancelled before its turn had come"))
            try:
                async with self._clock.timeout(phase.timeout):
                    await turn.begin(self._connector)
                    await stack.aclose()  # the handshake is over: another host may begin its own
                    if phase.is_cancelled():  # the way there may have been long
                        raise HostError(Failure.CANCELLED, "cancelled before anything was asked of it")
                    output = await turn.ask(lambda step: phase.tell({"host": job.host, "at": step}))
            except HostError as failed:
                turn.close()
                return turn.failed(failed)
            except TimeoutError:
                turn.close()
                return turn.failed(HostError(Failure.OVERDUE, f"no answer within {phase.timeout:g} seconds"))
            except asyncio.CancelledError:
                turn.close()
                raise
            except Exception as error:  # of asyncssh or ours: it must not end the turns of other hosts
                turn.close()
                return turn.failed(turn.unexpected(error))
            if turn.line:
                self._keep(job.host, turn.line, phase.kept)
            return turn.succeeded(output)

    def _keep(self, host: str, line: Line, most: int) -> None:
        if len(self._kept) >= most:
            line.close()
            return
        line.connection.set_keepalive(*_IDLE_ALIVE)
        self._kept[host] = line


@dataclass(frozen=True)
class _Phase:
    library: bytes
    timeout: float
    is_cancelled: t.Callable[[], bool]
    turns: asyncio.Semaphore
    kept: int  # the most connections that are kept
    tell: t.Callable[[dict[str, t.Any]], None]


class _Turn:
    """One host in one phase, from the beginning of its turn."""

    def __init__(self, job: Job, library: bytes, line: Line | None) -> None:
        self._job = job
        self._library = library
        self._started = iso_now()
        self._sent = False
        self.line = line

    async def begin(self, connector: Connector) -> None:
        """Have a resident that can be asked. A kept connection that has died is replaced: it was asked nothing."""
        if self.line:
            try:
                await self._have_resident(self.line)
                return
            except (OSError, asyncssh.Error):
                self.close()
            except HostError as failed:
                if failed.failure is not Failure.NOT_CONNECTED:
                    raise
                self.close()
        self.line = Line(self._job.route, await connector.connect(self._job.route))
        try:
            await self._have_resident(self.line)
        except asyncssh.ChannelOpenError as error:
            raise HostError(Failure.REFUSED, f"no session for a command: {error.reason}") from error
        except (OSError, asyncssh.Error) as error:
            raise HostError(
                Failure.NOT_CONNECTED, f"the connection was lost before anything was asked: {error}"
            ) from error

    async def _have_resident(self, line: Line) -> None:
        route, resident = self._job.route, line.resident
        line.connection.set_keepalive(route.alive_interval, route.alive_count)
        if resident and resident.is_alive and line.start == self._job.start and resident.library == self._library:
            return
        if resident:
            resident.close()
        line.start = self._job.start
        line.resident = await Resident.start(line.connection, self._job.start)
        line.resident.teach(self._library)

    async def ask(self, stepped: t.Callable[[dict[str, t.Any]], None]) -> dict[str, t.Any]:
        resident = self.line.resident if self.line else None
        if resident is None:  # begin() has not been called, or has failed
            raise HostError(Failure.NOT_CONNECTED, "there is nothing to ask")
        resident.ask(self._job.call)
        self._sent = True
        return await resident.answer(stepped)

    def close(self) -> None:
        if self.line:
            self.line.close()
            self.line = None

    def unexpected(self, error: Exception) -> HostError:
        failure = Failure.LOST if self._sent else Failure.NOT_CONNECTED
        return HostError(failure, f"{type(error).__name__}: {error}")

    def succeeded(self, output: dict[str, t.Any]) -> Answer:
        return Answer(self._job.host, self._started, iso_now(), self._sent, output=output)

    def failed(self, failed: HostError) -> Answer:
        message = printable(failed.message)  # parts of it come from servers, name services and become
        return Answer(self._job.host, self._started, iso_now(), self._sent, failure=failed.failure, message=message)
