# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The controller's side of a resident, the process on a host that carries out one call after the other."""

from __future__ import annotations

import asyncio
import typing as t

try:
    import asyncssh
    from asyncssh import SSHClientSession
except ImportError:  # client.py reports this before
    SSHClientSession = object  # type: ignore[assignment,misc]

from .._ssh.route import Start
from .carrier import new_id, terminal, with_id
from .failure import Failure, HostError
from .host_answer import AnswerError, parsed, step
from .stream import Stream

_NOT_FOUND = "exit status 127"
_LOST_BEFORE = "the connection was lost before anything was asked"
_SHOWN = 4096  # characters of its other output

# Ansible's become plugin sudo looks for these, too.
_WRONG_PASSWORD = b"Sorry, try again."
_NO_PASSWORD = (b"a password is required", b"no password was provided")


class Resident(SSHClientSession):  # type: ignore[type-arg]
    """One channel, in which the resident is started."""

    def __init__(self) -> None:
        self._stream = Stream()
        self._status = ""
        self._ended = False
        self._error: Exception | None = None
        self._news: asyncio.Future[None] | None = None
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self.library: bytes = b""  # the one that it has received

    @classmethod
    async def start(cls, connection: asyncssh.SSHClientConnection, start: Start) -> Resident:
        """Start it through become. Raises HostError, or asyncssh's error for a lost connection."""
        session = cls()
        await connection.create_session(lambda: session, start.command, env=dict(start.environment))
        if start.success:
            try:
                await session._become(start)
            except BaseException:
                session.close()
                raise
        return session

    @property
    def is_alive(self) -> bool:
        return not self._ended and self._channel is not None and not self._channel.is_closing()

    def teach(self, library: bytes) -> None:
        """Send the library, once. library: in its loader's format. Raises HostError."""
        self._write(library)
        self.library = library

    def ask(self, call: bytes) -> None:
        """Send a call, see carrier.call. Raises HostError if it cannot be sent."""
        call_id = new_id()
        self._stream.expect(call_id)
        self._write(with_id(call_id, call))

    async def answer(self, stepped: t.Callable[[dict[str, t.Any]], None]) -> dict[str, t.Any]:
        """The answer to the call. stepped: gets each step on the way to it. Raises HostError."""
        while True:
            answer = self._stream.answer()
            for text in self._stream.take_steps():
                if found := step(text):
                    stepped(found)
            if answer is not None:
                try:
                    return parsed(answer)
                except AnswerError as error:
                    raise HostError(Failure.NO_ANSWER, str(error)) from error
            self._check_excess()
            if self._ended:
                if self._lost():
                    reason = getattr(self._error, "reason", "") or self._error or "the channel was closed"
                    raise HostError(Failure.LOST, f"the connection was lost after the call was sent: {reason}")
                raise self._no_answer()
            await self._something_new()

    def close(self) -> None:
        if self._channel:
            self._channel.abort()

    # Events of the channel

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._channel = chan

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if datatype == asyncssh.EXTENDED_DATA_STDERR:
            self._stream.take_in_errors(data)
        else:
            self._stream.take_in(data)
        if self._stream.excess:
            self.close()  # at once, since other hosts wait while it is read
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
        self._check_excess()
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

    # Its output

    async def _become(self, start: Start) -> None:
        """Wait for the end of become. Output before that does not come from the resident."""
        prompt, success = start.prompt.strip().encode(), start.success.encode()
        password_sent, stream = False, self._stream
        while True:
            said = stream.errors + bytes(stream.output)
            line_end = stream.output.find(b"\n", max(stream.output.find(success), 0))
            if success in stream.output and line_end >= 0:
                stream.forget(line_end + 1)
                return
            self._check_excess()
            asked = said.count(prompt) if prompt else 0
            if _WRONG_PASSWORD in said or asked > 1:
                raise HostError(Failure.NOT_BECOME, "Incorrect sudo password")
            if any(words in said for words in _NO_PASSWORD) or (asked and start.password is None):
                raise HostError(Failure.NOT_BECOME, "Missing sudo password")
            if self._ended:
                if self._lost():
                    raise HostError(Failure.NOT_CONNECTED, _LOST_BEFORE)
                raise HostError(Failure.NOT_BECOME, f"become failed: {self._told(said)}")
            if asked and not password_sent and start.password is not None and self._channel:
                self._channel.write(start.password.encode() + b"\n")
                password_sent = True
            await self._something_new()

    def _lost(self) -> bool:
        return self._ended and not self._status

    def _check_excess(self) -> None:
        """Raise HostError if it has printed too much."""
        if self._stream.excess:
            raise HostError(Failure.NO_ANSWER, f"{self._stream.excess}; the connection was closed")

    def _no_answer(self) -> HostError:
        said = self._stream.said()
        in_terminal = terminal(said)
        if in_terminal:
            return HostError(Failure.NO_ANSWER, in_terminal)
        if self._status == _NOT_FOUND and not said:
            return HostError(Failure.NO_ANSWER, f"no Python was found ({_NOT_FOUND})")
        return HostError(Failure.NO_ANSWER, self._told(said))

    def _told(self, said: bytes) -> str:
        text = said.decode(errors="replace").strip()[-_SHOWN:]
        status = self._status or "the channel was closed"
        return f"{status}: {text}" if text else f"{status}, and nothing was said"
