# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a running process has a reader of its output."""

from __future__ import annotations

import functools
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible.utils.display import Display

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import playbook
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.screen import display, tell

Run = Callable[[int], subprocess.Popen[bytes]]


@pytest.fixture
def writing_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Start the process that the worker asks about, with its output on that descriptor."""
    processes = []

    def start(descriptor: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(["sleep", "60"], stdout=descriptor, stderr=subprocess.DEVNULL)
        processes.append(process)
        monkeypatch.setattr(playbook, "process", lambda: process.pid)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def is_shown() -> bool:
    return type(display()).__name__ == "Display"


def named_pipe(folder: Path) -> tuple[int, int]:
    path = folder / "output"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    return reader, os.open(path, os.O_WRONLY)


OUTPUTS: dict[str, Callable[[Path], tuple[int, int]]] = {
    "a pipe without a reader": lambda _folder: os.pipe(),
    "a named pipe without a reader": named_pipe,
    "a terminal that was hung up": lambda _folder: os.openpty(),
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_what_nobody_reads(writing_to: Run, tmp_path: Path, output: str) -> None:
    reader, writer = OUTPUTS[output](tmp_path)
    writing_to(writer)
    os.close(writer)
    assert is_shown()
    os.close(reader)
    assert not is_shown()
    display().display("lost", stderr=True)


def test_a_socket_and_a_file(writing_to: Run, tmp_path: Path) -> None:
    """The output of a service goes to a socket of systemd's journal."""
    ours, theirs = socket.socketpair()
    with ours, theirs, open(tmp_path / "log", "wb") as file:
        writing_to(theirs.fileno())
        assert is_shown()
        writing_to(file.fileno())
        assert is_shown()


def test_ansible_playbook_that_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> int:
        raise ProcessLookupError

    monkeypatch.setattr(playbook, "process", gone)
    assert not is_shown()


def test_an_old_runner_has_no_event_written_in_a_worker(writing_to: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ansible-runner 2.4.1 wraps Ansible's display."""
    shown: list[tuple[str, str]] = []
    namespace = {"functools": functools, "event_context": None, "shown": shown}
    exec(  # functions of a module of their own
        "def wrap(f):\n"
        "    @functools.wraps(f)\n"
        "    def wrapper(*args, **kwargs):\n"
        "        shown.append(('event', args[1]))\n"
        "        return f(*args, **kwargs)\n"
        "    return wrapper\n",
        namespace,
    )
    monkeypatch.setattr(Display, "display", lambda _self, text, **_how: shown.append(("text", text)))
    monkeypatch.setattr(Display, "display", namespace["wrap"](Display.display))  # type: ignore[operator]
    reader, writer = os.pipe()
    writing_to(writer)
    tell("done")
    assert shown == [("text", "done")]
    namespace["_ANSIBLE_214"] = True  # as ansible-runner from 2.4.2 on, whose wrapper finds out itself
    tell("again")
    assert shown[1:] == [("event", "again"), ("text", "again")]
    os.close(reader)
    os.close(writer)
