# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a worker of ansible-runner: a command's standard input and output, or a socket."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol, cast

_PATIENCE = 10.0  # seconds for a worker to end when told to; ansible-runner checks every half second
_SHOWN_BYTES = 4000

Worker = Sequence[str | os.PathLike[str]] | socket.socket


class Wire(Protocol):
    """output: to the worker. input: from the worker."""

    output: BinaryIO
    input: BinaryIO

    def cut(self) -> None:
        """Make the worker end; called from another thread. The input ends soon after that."""

    def close(self) -> None:
        """Clean up. The input has ended."""

    def said(self) -> str:
        """The end of the worker's output outside the wire."""


def connect(worker: Worker, folder: Path) -> Wire:
    """Start the command, or take the socket. folder: for the command's standard error. Raises OSError."""
    if isinstance(worker, socket.socket):
        return _SocketWire(worker)
    return _CommandWire(worker, folder / "worker.err")


class _CommandWire:
    """A child process whose standard input and output are the wire."""

    def __init__(self, command: Sequence[str | os.PathLike[str]], errors: Path) -> None:
        self._errors = errors
        with errors.open("wb") as stderr:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        self.output = cast("BinaryIO", self._process.stdin)
        self.input = cast("BinaryIO", self._process.stdout)
        self._last_resort = threading.Timer(_PATIENCE, self._process.kill)
        self._last_resort.daemon = True

    def cut(self) -> None:
        self._process.terminate()  # a worker aborts its run and says so
        self._last_resort.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # it has not read all input
            self.output.close()
        self.input.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._last_resort.cancel()

    def said(self) -> str:
        return self._errors.read_bytes()[-_SHOWN_BYTES:].decode(errors="replace")


class _SocketWire:
    """The caller's socket, connected to a worker."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.output = cast("BinaryIO", connection.makefile("wb"))
        self.input = cast("BinaryIO", connection.makefile("rb"))

    def cut(self) -> None:
        with contextlib.suppress(OSError):  # the other side has shut it down
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the worker has not read all input
            self.output.close()
        self.input.close()
        self._connection.close()

    def said(self) -> str:
        return ""
