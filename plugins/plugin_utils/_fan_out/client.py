# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""A fan-out as its action sees it: the works of hosts go in, and the answer of each comes out.

A process beside ansible-playbook holds the connections (engine.py), since an action ends with its phase. The first
action starts it. The others find it by a socket in the folder that all of them share.
"""

from __future__ import annotations

import base64
import contextlib
import os
import select
import socket
import traceback
import typing as t
from importlib.util import find_spec
from pathlib import Path

from .._process import playbook as _playbook
from .._process import unix_socket
from .._process.daemonize import daemonize
from .._task.clock import iso_now
from .carrier import framed
from .failure import Failure
from .messages import Answer, Frames, Work, frame, longest

__all__ = ["Answer", "Engine", "EngineGoneError", "Failure", "Work", "engine", "start"]

_SOCKET = "ocp_fan_out.sock"
_LOG = "ocp_fan_out.log"
_LOOK_EVERY = 0.2  # seconds between looks at whether to cancel
_SPARE = 60  # seconds that the engine may need beside its hosts' own time
_CALLERS = 16  # that may wait to be heard


class EngineGoneError(Exception):
    """The process that holds the connections has ended, or cannot be started.

    sent: whether it may have got the works. Without an answer a host may have done its work then. Otherwise no host was
    contacted.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


def start(folder: Path) -> None:
    """Start the engine before there is anything to carry out: it loads what it needs while others are at work.

    folder: see engine(); Engine.carry_out() tells what is wrong where this does nothing.
    """
    with contextlib.suppress(Exception), engine(folder) as found:
        found.connect()


@contextlib.contextmanager
def engine(folder: Path) -> t.Iterator[Engine]:
    """The engine of this run, started where there is none as soon as it is needed. For one phase, in a worker.

    folder: of this run of ansible-playbook, private to its user.
    """
    with contextlib.ExitStack() as stack:
        yield Engine(folder, stack)


class Engine:
    """The connection to the engine. Each method raises EngineGoneError. stack: closes what is opened."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._frames = Frames()
        self._connection: socket.socket | None = None

    def connect(self) -> socket.socket:
        """Connect to it, once."""
        if self._connection is None:
            with self._alive(sent=False):
                address = self._stack.enter_context(unix_socket.address(self._folder, _SOCKET))
                connection = self._stack.enter_context(socket.socket(socket.AF_UNIX))
                try:
                    connection.connect(address)
                except (FileNotFoundError, ConnectionRefusedError):
                    _start(address, self._folder)
                    connection.connect(address)
                if unix_socket.peer(connection) != os.geteuid():
                    raise PermissionError(f"{self._folder / _SOCKET} is of another user")
                self._connection = connection
        return self._connection

    def notes(self) -> dict[str, t.Any]:
        """The hosts that the engine has met, and what earlier callers have noted of them, see messages.Work."""
        connection = self.connect()
        with self._alive(sent=False):
            connection.sendall(frame({"notes": True}))
            for _look in range(round(_SPARE / _LOOK_EVERY)):
                for notes in self._receive(connection):
                    return notes
            raise TimeoutError(f"it has not answered for {_SPARE} seconds")

    def carry_out(
        self,
        works: t.Sequence[Work],
        *,
        library: bytes,
        at_once: int,
        timeout: float,
        keep: bool,
        begun: t.Callable[[str], None],
        cancelled: t.Callable[[], bool],
        stepped: t.Callable[[str, dict[str, t.Any]], None] = lambda _host, _step: None,
    ) -> t.Iterator[tuple[str, Answer]]:
        """Carry out a phase on hosts; give each one's name and answer as it comes.

        library: what the resident needs, see carrier.library. at_once: how many hosts have their turn at the same time.
        timeout: seconds a host has from its own turn on. keep: the connections, for another phase. begun: gets each
        host's name when it has its turn. cancelled: asked for again and again, to the end; once it is true no other
        host gets its turn. stepped: gets a host's name and what it is doing, see host_answer.step(); many never tell.
        """
        if cancelled():  # before the engine could begin one
            now = iso_now()
            for work in works:
                yield work.host, Answer(work.host, now, now, False, None, Failure.CANCELLED, "cancelled")
            return
        request = {
            "works": [work.dump() for work in works],
            "library": base64.b64encode(framed(library)).decode(),
            "at_once": at_once,
            "timeout": timeout,
            "keep": keep,
        }
        if not works:
            return
        connection = self.connect()
        with self._alive(sent=True):
            connection.sendall(frame(request))
            yield from self._answers(connection, len(works), timeout, begun, cancelled, stepped)

    def _answers(
        self,
        connection: socket.socket,
        count: int,
        timeout: float,
        begun: t.Callable[[str], None],
        cancelled: t.Callable[[], bool],
        stepped: t.Callable[[str, dict[str, t.Any]], None],
    ) -> t.Iterator[tuple[str, Answer]]:
        """Raises OSError, also when the engine has said nothing for longer than any host may take."""
        is_cancelled, silent = False, 0
        while count:
            if cancelled() and not is_cancelled:
                connection.sendall(frame({"cancel": True}))
                is_cancelled = True
            silent += 1  # looks, and not a clock: that goes on while this process is stopped
            for document in self._receive(connection):
                silent = 0  # of every document, since a look that gets one takes no time
                if "begun" in document:
                    begun(document["begun"])
                elif "at" in document:
                    stepped(document["host"], document["at"])
                else:
                    answer = Answer.load(document)
                    yield answer.host, answer
                    count -= 1
            if silent * _LOOK_EVERY > longest(timeout) + _SPARE:
                raise TimeoutError(f"it has not answered for {silent * _LOOK_EVERY:.0f} seconds")

    def _receive(self, connection: socket.socket) -> t.Iterator[dict[str, t.Any]]:
        """The documents that come until the next look. Raises OSError."""
        poll = select.poll()  # select() takes no descriptor above 1023
        poll.register(connection, select.POLLIN)
        if not poll.poll(_LOOK_EVERY * 1000):
            return
        data = connection.recv(1 << 20)
        if not data:
            raise ConnectionError("it has closed the connection")
        yield from self._frames.take(data)

    @contextlib.contextmanager
    def _alive(self, *, sent: bool) -> t.Iterator[None]:
        try:
            yield
        except OSError as error:
            text = f"The process that holds the connections to hosts is gone: {error}{_said(self._folder)}"
            raise EngineGoneError(text, sent=sent) from error


def _start(address: str, folder: Path) -> None:
    if find_spec("asyncssh") is None:
        raise EngineGoneError(
            "the fan-out needs asyncssh: pip install asyncssh, for the Python that runs ansible-playbook; or set "
            "ocp_transport to task",
            sent=False,
        )
    playbook = _playbook.process()
    watch = _playbook.pidfd(playbook)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(address)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        os.chmod(address, 0o600)  # no connection gets through before it listens
        listener.listen(_CALLERS)
        _playbook.process()  # that it has not ended before it was watched

        def run() -> None:
            try:
                from . import engine as _fan_out_engine  # it loads asyncssh, which no other process needs

                _fan_out_engine.run(listener, playbook, watch)
            except Exception:
                with open(os.open(folder / _LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
                    traceback.print_exc(file=file)

        daemonize(run, keep=[listener.fileno(), *([watch] if watch is not None else [])])
    if watch is not None:
        os.close(watch)


def _said(folder: Path) -> str:
    """The last line of the engine's log, as the end of a message; empty for none."""
    try:
        text = (folder / _LOG).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    return f". It says: {text.splitlines()[-1]}" if text else ""
