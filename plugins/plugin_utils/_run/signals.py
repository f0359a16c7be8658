# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Signals to a run. The first one cancels its task.

ansible-core ends at once on SIGTERM and SIGHUP. From 2.19 on it also kills its workers; before that the kernel ends it
and the workers stay. So the playbook's own process handles them as it handles Ctrl-C. No other host is begun, hosts at
work finish, and the report tells. Before 2.19 workers are in its process group and get the group's signals.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import typing as t

from .._process.waiting import wait_until
from . import cancel
from .screen import nobody_reads

_PATIENCE = 0.5  # seconds until the playbook's process must have handled what its group got
_BY_SIGNAL = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}


def handle(task_runs: t.Callable[[], bool]) -> None:
    """Make the first Ctrl-C, SIGTERM or SIGHUP cancel the task. task_runs: whether there is a task to cancel.

    Another Ctrl-C is left to ansible-core, which ends the run at once. Another SIGTERM or SIGHUP changes nothing, since
    a shell and the kernel both send SIGHUP when a terminal closes, and timeout(1) sends SIGTERM twice. Ignored signals
    stay ignored, as under nohup. To be called in ansible-playbook's own process.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    playbook = os.getpid()
    for number in _BY_SIGNAL:
        previous = signal.getsignal(number)
        if number == signal.SIGINT or previous is not signal.SIG_IGN:
            signal.signal(number, _handler(playbook, task_runs, previous))


def say(text: str) -> None:
    """Write a line to standard error, whose terminal may be gone."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _handler(playbook: int, task_runs: t.Callable[[], bool], previous: t.Any) -> t.Callable[[int, t.Any], None]:
    seen: list[int] = []

    def handler(number: int, frame: t.Any) -> None:
        seen.append(number)
        if os.getpid() != playbook:
            goes_on = _worker_goes_on(number, len(seen))
        else:
            goes_on = task_runs() and _cancels(number)
        if not goes_on:
            _pass_on(previous, number, frame)

    return handler


def _cancels(number: int) -> bool:
    """Cancel the task at a signal to the playbook's own process. Returns whether the signal has no other effect."""
    if number == signal.SIGHUP:
        _leave_closed_terminal()
    if cancel.asked():
        return number != signal.SIGINT
    cancel.ask()
    more = "Ctrl-C once more" if number == signal.SIGINT else "Ctrl-C"
    say(f"\n{_BY_SIGNAL[signal.Signals(number)]}: the task is cancelled, no other host is begun. {more} breaks it off.")
    return True


def _worker_goes_on(number: int, count: int) -> bool:
    """Whether a worker finishes its host. It does so for a signal to its process group, not for one to itself alone."""
    if number == signal.SIGHUP:
        return True
    if number == signal.SIGINT:
        return count == 1
    return count == 1 and wait_until(cancel.asked, _PATIENCE, _PATIENCE / 10)


def _pass_on(previous: t.Any, number: int, frame: t.Any) -> None:
    if callable(previous):
        previous(number, frame)
    elif previous is signal.SIG_DFL:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _leave_closed_terminal() -> None:
    """Redirect a closed terminal to /dev/null, since a write to the terminal fails and ends the run."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        if nobody_reads(descriptor):
            os.dup2(null, descriptor)
    os.close(null)
