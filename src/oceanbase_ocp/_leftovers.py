# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends processes that an aborted run has left on the controller."""

from __future__ import annotations

import os
import select
import signal
import time

_PATIENCE = 5.0  # seconds for all of them to end


def end_processes(mark: str) -> None:
    """SIGKILL every process of ours with *mark*, a `NAME=value`, in its environment, until none is left.

    Since 2.19 the workers of ansible-core lead sessions of their own. They outlive ansible-playbook and its process
    group, and so do their ssh clients. An ssh that keeps a connection open for all runs (ControlPersist) has replaced
    its environment by its title and stays, since other runs use it. Without Linux 5.3 or later it does nothing.
    """
    deadline = time.monotonic() + _PATIENCE
    while _kill(mark.encode(), deadline) and time.monotonic() < deadline:
        pass  # one of them may have started another meanwhile


def _kill(mark: bytes, deadline: float) -> bool:
    """Kill each once and wait until it is gone. Returns whether there was any."""
    found = False
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit() and int(name) != os.getpid():
            try:
                descriptor = os.pidfd_open(int(name))
            except (AttributeError, OSError):  # gone, or no such system call, in the kernel or in this build of Python
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as stream:
                    marked = mark in stream.read().split(b"\0")
                if marked:
                    found = True
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    _wait(descriptor, deadline)
            except OSError:  # gone, or another user's
                pass
            finally:
                os.close(descriptor)
    return found


def _wait(descriptor: int, deadline: float) -> None:
    poll = select.poll()  # select() takes no descriptor above 1023
    poll.register(descriptor, select.POLLIN)
    poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
