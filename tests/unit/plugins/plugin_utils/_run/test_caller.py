# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import caller


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """A program that listens, and sends this to the first who connects."""
    monkeypatch.setattr(caller, "_received", None)
    monkeypatch.setenv(caller.SOCKET_VARIABLE, str(tmp_path / "request"))

    def listen(sent: bytes) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "request"))
        listener.listen(1)

        def send() -> None:
            with listener, listener.accept()[0] as connection:
                connection.sendall(sent)

        threading.Thread(target=send, daemon=True).start()

    return listen


def test_a_request_of_any_size_that_comes_later(program: Callable[[bytes], None]) -> None:
    request = {"creator": "alice", "host_ids": list(range(200_000))}
    program(json.dumps(request).encode())
    assert caller.is_awaited()
    caller.receive()
    assert not caller.is_awaited()
    assert caller.asked() == request


def test_a_program_without_a_request_any_more(program: Callable[[bytes], None]) -> None:
    program(b"")
    with pytest.raises(ConnectionError, match="no request"):
        caller.receive()
    assert caller.is_awaited()


def test_a_program_that_is_gone(program: Callable[[bytes], None]) -> None:
    with pytest.raises(FileNotFoundError):
        caller.receive()


@pytest.mark.usefixtures("program")
def test_the_environment_without_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(caller.SOCKET_VARIABLE)
    assert not caller.is_awaited()
    assert caller.asked() == {}
    monkeypatch.setenv(caller.ASKED_VARIABLE, '{"creator": "bob"}')
    assert caller.asked() == {"creator": "bob"}
