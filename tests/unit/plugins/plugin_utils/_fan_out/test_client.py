# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of an action before any host is contacted. tests/fan_out has the rest."""

from __future__ import annotations

import os
import resource
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import client
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.messages import frame
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import unix_socket
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.route import Route, Start

WORK = client.Work(
    "db1", {"phase": "prepare", "goal": "stopped"}, Route("192.0.2.1", 22, "root", "db1"), Start("python3")
)


def carry_out(folder: Path, *works: client.Work, timeout: float = 1) -> list[tuple[str, client.Answer]]:
    others = {"library": b"", "at_once": 1, "keep": True, "begun": print, "cancelled": lambda: False}
    with client.engine(folder) as engine:
        return list(engine.carry_out(works, timeout=timeout, **others))


def test_nothing_to_do_needs_no_engine(tmp_path: Path) -> None:
    assert carry_out(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_without_asyncssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "find_spec", lambda name: None)
    with pytest.raises(client.EngineGoneError, match="needs asyncssh: pip install asyncssh") as caught:
        carry_out(tmp_path, WORK)
    assert not caught.value.sent
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(client.EngineGoneError, match="No such file or directory") as caught:
        carry_out(tmp_path / "none", WORK)
    assert not caught.value.sent


ANSWER = client.Answer("db1", "now", "now", True, output={})


def engine_that_says(folder: Path, stack: ExitStack, *documents: object) -> None:
    """Stand in for the engine: tell a caller these documents, one after another, and hang up when the caller does."""
    address = stack.enter_context(unix_socket.address(folder, client._SOCKET))
    listener = stack.enter_context(socket.socket(socket.AF_UNIX))
    listener.bind(address)
    listener.listen()

    def speak() -> None:
        connection, _address = listener.accept()
        with connection:
            for document in documents:
                connection.sendall(frame(document))
                time.sleep(0.001)
            while connection.recv(1 << 20):
                pass

    stack.callback(stack.enter_context(ThreadPoolExecutor()).submit(speak).result)


def test_steps_are_signs_of_life(tmp_path: Path) -> None:
    """A look that hears something at once takes no time: hundreds of hosts that tell their steps are not silent."""
    step = {"host": "db1", "at": {"step": "kill"}}
    with ExitStack() as stack:
        engine_that_says(tmp_path, stack, *[step] * 600, ANSWER.dump())  # more than the looks that a silence may last
        assert carry_out(tmp_path, WORK, timeout=0.1) == [("db1", ANSWER)]


def test_an_action_with_many_open_files(tmp_path: Path) -> None:
    """select() takes no descriptor above 1023."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], 1200), limits[1]))
    try:
        with ExitStack() as stack:
            engine_that_says(tmp_path, stack, ANSWER.dump())
            null = os.open(os.devnull, os.O_RDONLY)
            stack.callback(os.close, null)
            while (more := os.dup(null)) < 1024:
                stack.callback(os.close, more)
            stack.callback(os.close, more)
            assert carry_out(tmp_path, WORK) == [("db1", ANSWER)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
