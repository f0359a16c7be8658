# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The resident of a host: the process there that carries out one call after the other, behind become."""

from __future__ import annotations

import asyncio
import typing as t

try:
    import asyncssh
    from asyncssh import SSHClientSession
except ImportError:  # _fan_out.py says so before it comes to this
    SSHClientSession = object  # type: ignore[assignment,misc]

from ._carrier import answer_of
from ._fan_out_failure import Failure, HostError
from ._route import Start

_LONGEST_LINE = 64 * 1024 * 1024  # bytes of an answer
_NOT_FOUND = "exit status 127"
_LOST_BEFORE = "the connection was lost before anything was asked"
_TAIL = 4096  # bytes that are kept of what else it says

# What Ansible's become plugin sudo looks for, too.
_WRONG_PASSWORD = b"Sorry, try again."
_NO_PASSWORD = (b"a password is required", b"no password was provided")


class Resident(SSHClientSession):  # type: ignore[type-arg]
    """One channel, on which the resident is started."""

    def __init__(self) -> None:
        self._output = bytearray()  # what was not looked at yet
        self._noise = b""
        self._errors = b""
        self._status = ""
        self._ended = False
        self._error: Exception | None = None
        self._news: asyncio.Future[None] | None = None
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self.library: bytes = b""  # that it was given

    @classmethod
    async def start(cls, connection: asyncssh.SSHClientConnection, start: Start) -> Resident:
        """Start it, and become who it has to be. Raises HostError, or what asyncssh raises for a lost connection."""
        session = cls()
        channel, _session = await connection.create_session(lambda: session, start.command, env=dict(start.environment))
        session._channel = channel
        if start.success:
            try:
                await session._become(start)
            except BaseException:
                channel.abort()
                raise
        return session

    @property
    def is_alive(self) -> bool:
        return not self._ended and self._channel is not None and not self._channel.is_closing()

    def teach(self, library: bytes) -> None:
        """Give it the library, once. library: as its loader reads it. Raises HostError."""
        self._write(library)
        self.library = library

    def ask(self, call: bytes) -> None:
        """Send a call. Raises HostError where it cannot be sent."""
        self._write(call)

    async def answer(self) -> dict[str, t.Any]:
        """The answer to the call. Raises HostError."""
        while True:
            answer = self._next_answer()
            if answer is not None:
                return answer
            if self._ended:
                if self._lost():
                    reason = getattr(self._error, "reason", "") or self._error or "the channel was closed"
                    raise HostError(Failure.LOST, f"the connection was lost after the call was sent: {reason}")
                raise self._no_answer()
            await self._something_new()

    def close(self) -> None:
        if self._channel:
            self._channel.abort()

    # What the channel brings

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if datatype == asyncssh.EXTENDED_DATA_STDERR:
            self._errors = (self._errors + data)[-_TAIL:]
        else:
            self._output += data
        self._tell()

    def exit_status_received(self, status: int) -> None:
        self._status = f"exit status {status}"

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        self._status = f"killed by SIG{signal}"

    def eof_received(self) -> bool:
        return True  # the exit status follows

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._error = True, exc
        self._tell()

    def _write(self, data: bytes) -> None:
        if self.is_alive and self._channel:
            self._channel.write(data)
        elif self._lost():
            raise HostError(Failure.NOT_CONNECTED, _LOST_BEFORE)
        else:
            raise self._no_answer()

    def _tell(self) -> None:
        if self._news and not self._news.done():
            self._news.set_result(None)

    async def _something_new(self) -> None:
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    # What it says

    def _next_answer(self) -> dict[str, t.Any] | None:
        while (end := self._output.find(b"\n")) >= 0:
            line = bytes(self._output[: end + 1])
            del self._output[: end + 1]
            answer = answer_of(line)
            if answer is not None:
                return answer
            self._noise = (self._noise + line)[-_TAIL:]
        if len(self._output) > _LONGEST_LINE:
            raise HostError(Failure.NO_ANSWER, f"more than {_LONGEST_LINE} bytes came without an end of line")
        return None

    async def _become(self, start: Start) -> None:
        """Wait until it is the other user. Nothing that is said until then is the resident's."""
        prompt, success = start.prompt.strip().encode(), start.success.encode()
        password_sent = False
        while True:
            said = self._errors + bytes(self._output)
            line_end = self._output.find(b"\n", max(self._output.find(success), 0))
            if success in self._output and line_end >= 0:
                del self._output[: line_end + 1]
                self._errors = b""
                return
            asked = said.count(prompt) if prompt else 0
            if _WRONG_PASSWORD in said or asked > 1:
                raise HostError(Failure.NOT_BECOME, "Incorrect sudo password")
            if any(words in said for words in _NO_PASSWORD) or (asked and start.password is None):
                raise HostError(Failure.NOT_BECOME, "Missing sudo password")
            if self._ended:
                if self._lost():
                    raise HostError(Failure.NOT_CONNECTED, _LOST_BEFORE)
                raise HostError(Failure.NOT_BECOME, f"become failed: {self._told(said)}")
            if len(said) > _TAIL * 16:
                raise HostError(Failure.NOT_BECOME, f"become never says that it worked: {self._told(said)}")
            if asked and not password_sent and start.password is not None and self._channel:
                self._channel.write(start.password.encode() + b"\n")
                password_sent = True
            await self._something_new()

    def _lost(self) -> bool:
        return self._ended and not self._status

    def _no_answer(self) -> HostError:
        said = self._errors or self._noise + bytes(self._output)
        if self._status == _NOT_FOUND and not said:
            return HostError(Failure.NO_ANSWER, f"no Python was found ({_NOT_FOUND})")
        return HostError(Failure.NO_ANSWER, self._told(said))

    def _told(self, said: bytes) -> str:
        text = said.decode(errors="replace").strip()[-_TAIL:]
        status = self._status or "the channel was closed"
        return f"{status}: {text}" if text else f"{status}, and nothing was said"
