# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""A fan-out as its action sees it: what each host has to do goes in, what became of each comes out.

The connections are held by a process beside ansible-playbook (engine.py), since an action ends with its
phase: the first one starts it, the others find it by a socket in the folder that all of them share.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import socket
import traceback
import typing as t
from importlib.util import find_spec
from pathlib import Path

from .._process import playbook as _playbook
from .._process.daemonize import daemonize
from .._task.clock import iso_now
from .carrier import framed
from .failure import Failure
from .messages import LENGTH_BYTES, Answer, Work, frame, longest, peer

__all__ = ["Answer", "EngineGoneError", "Failure", "Work", "carry_out", "start"]

_SOCKET = "ocp_fan_out.sock"
_LOG = "ocp_fan_out.log"
_LOOK_EVERY = 0.2  # seconds between looks at whether to cancel
_SPARE = 60  # seconds that the engine may need beside its hosts' own time
_CALLERS = 16  # that may wait to be heard


class EngineGoneError(Exception):
    """The process that holds the connections has ended, or cannot be started.

    sent: whether it had got the works; then what was not answered may have been done. Else no host was contacted.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


def start(folder: Path) -> None:
    """Start the engine before there is anything to carry out: it loads what it needs while others are at work.

    folder: see carry_out(), which tells what is wrong where this does nothing.
    """
    with contextlib.suppress(Exception), _engine(folder):
        pass


def carry_out(
    works: t.Iterable[Work],
    *,
    library: bytes,
    at_once: int,
    timeout: float,
    keep: bool,
    folder: Path,
    cancelled: t.Callable[[], bool],
) -> t.Iterator[tuple[str, Answer]]:
    """Carry out a phase on hosts; give each one's name and answer as it comes.

    library: what the resident needs, see carrier.library. at_once: how many hosts have their turn at the same time.
    timeout: seconds a host has from its own turn on. keep: the connections, for another phase. folder: of this run of
    ansible-playbook, for nobody else to see. cancelled: asked for again and again; once it is true no other host gets
    its turn. To be called in a worker. Raises EngineGoneError.
    """
    works = list(works)
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
    sent = False
    try:
        with _engine(folder) as engine:
            sent = True
            engine.send(frame(request))
            yield from _answers(engine, len(works), timeout, cancelled)
    except OSError as error:
        text = f"The process that holds the connections to hosts is gone: {error}{_said(folder)}"
        raise EngineGoneError(text, sent=sent) from error


def _answers(
    engine: _Engine, count: int, timeout: float, cancelled: t.Callable[[], bool]
) -> t.Iterator[tuple[str, Answer]]:
    """Raises OSError, also when no host has come to its end for longer than any of them may take."""
    is_cancelled, silent = False, 0
    while count:
        if not is_cancelled and cancelled():
            engine.send(frame({"cancel": True}))
            is_cancelled = True
        silent += 1  # looks, and not a clock: that goes on while this process is stopped
        for document in engine.receive(_LOOK_EVERY):
            silent = 0
            answer = Answer.load(document)
            yield answer.host, answer
            count -= 1
        if silent * _LOOK_EVERY > longest(timeout) + _SPARE:
            raise TimeoutError(f"it has not answered for {silent * _LOOK_EVERY:.0f} seconds")


class _Engine:
    """The connection to the engine."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = bytearray()

    def send(self, data: bytes) -> None:
        self._connection.sendall(data)

    def receive(self, seconds: float) -> t.Iterator[dict[str, t.Any]]:
        """The frames that come within seconds."""
        if not select.select([self._connection], [], [], seconds)[0]:
            return
        data = self._connection.recv(1 << 20)
        if not data:
            raise ConnectionError("it has closed the connection")
        self._received += data
        while len(self._received) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self._received[:LENGTH_BYTES], "big")
            if len(self._received) < end:
                return
            body = bytes(self._received[LENGTH_BYTES:end])
            del self._received[:end]
            yield json.loads(body)


@contextlib.contextmanager
def _engine(folder: Path) -> t.Iterator[_Engine]:
    """The engine of this run, started where there is none."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # By way of the descriptor: a path longer than 108 bytes does not fit into the address of a socket.
        address = f"/proc/self/fd/{descriptor}/{_SOCKET}"
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(address)
            except (FileNotFoundError, ConnectionRefusedError):
                _start(address, folder)
                connection.connect(address)
            if peer(connection) != os.geteuid():
                raise PermissionError(f"{folder / _SOCKET} is somebody else's")
            yield _Engine(connection)
    finally:
        os.close(descriptor)


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
        os.chmod(address, 0o600)  # until it listens nobody gets through
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
    """What the engine has left of its reason."""
    try:
        text = (folder / _LOG).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
    return f". It says: {text.splitlines()[-1]}" if text else ""
