# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a worker."""

from __future__ import annotations

import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from oceanbase_ocp import _wire
from oceanbase_ocp._wire import connect


def test_a_command_is_read_and_written(tmp_path: Path) -> None:
    wire = connect(["sh", "-c", "echo beside the wire >&2; cat"], tmp_path)
    wire.output.write(b"a line\n")
    wire.output.close()
    assert wire.input.read() == b"a line\n"
    wire.close()
    assert wire.said() == "beside the wire\n"


@pytest.mark.parametrize("hears", [True, False])
def test_a_command_that_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hears: bool) -> None:
    """A command that notices the end may say so and exit. Another one is killed."""
    monkeypatch.setattr(_wire, "_PATIENCE", 0.5)
    handle = "print('bye', flush=True) or sys.exit()" if hears else "None"
    program = (
        f"import signal, sys, time; signal.signal(15, lambda *_: {handle}); print('up', flush=True); time.sleep(60)"
    )
    wire = connect([sys.executable, "-c", program], tmp_path)
    assert wire.input.readline() == b"up\n"
    begun = time.monotonic()
    wire.cut()
    assert wire.input.read() == (b"bye\n" if hears else b"")
    wire.close()
    assert time.monotonic() - begun < 10


def test_a_command_that_does_not_read(tmp_path: Path) -> None:
    wire = connect(["true"], tmp_path)
    assert wire.input.read() == b""
    with pytest.raises(OSError, match="Broken pipe"):
        wire.output.write(b"x" * 1_000_000)
    wire.close()


def test_no_such_command(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connect(["/nonexistent"], tmp_path)


def test_a_socket(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        wire = connect(ours, tmp_path)
        wire.output.write(b"to\n")
        wire.output.flush()
        assert theirs.recv(10) == b"to\n"
        theirs.sendall(b"from\n")
        assert wire.input.readline() == b"from\n"
        threading.Timer(0.1, wire.cut).start()
        assert wire.input.read() == b"", "it waited for more"
        wire.close()
        assert theirs.recv(10) == b""
    assert wire.said() == ""
