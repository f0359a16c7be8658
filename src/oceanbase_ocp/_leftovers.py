# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends what a run that was cut off has left on the controller."""

from __future__ import annotations

import os
import select
import signal
import time

_PATIENCE = 5.0  # seconds for all of them to go


def end_processes(mark: str) -> None:
    """SIGKILL every process of ours that has *mark*, a `NAME=value`, in its environment, until none is left.

    ansible-core's workers lead sessions of their own since 2.19: they outlive ansible-playbook and its process group,
    and so do their ssh clients. An ssh that holds a connection open for all runs (ControlPersist) has overwritten its
    environment by its title and stays: other runs use it. Needs Linux 5.3 or later; elsewhere it does nothing.
    """
    deadline = time.monotonic() + _PATIENCE
    while _kill(mark.encode(), deadline) and time.monotonic() < deadline:
        pass  # one of them may have started another meanwhile


def _kill(mark: bytes, deadline: float) -> bool:
    """Kill each once and wait until it is gone. Returns whether there was one."""
    found = False
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit() and int(name) != os.getpid():
            try:
                descriptor = os.pidfd_open(int(name))
            except OSError:  # gone, or no such system call
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
