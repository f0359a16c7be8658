# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Processes that outlive the worker that started them."""

from __future__ import annotations

import os
import signal
import typing as t


def daemonize(work: t.Callable[[], None], keep: t.Collection[int]) -> None:
    """Run work in a detached process, which ends with it.

    keep: file descriptors that it needs; all others are closed. Call it in a worker, whose forks do not have
    ansible-playbook's threads.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _detach(keep)
            work()
    except BaseException:  # there is no place to tell it; others notice that the process is missing
        pass
    finally:
        os._exit(0)


def _detach(keep: t.Collection[int]) -> None:
    """Let go of everything that belongs to the worker. A reader of its pipes would wait for this process.

    The numbers stay in use, since inherited objects still refer to them: a logger would otherwise write into the next
    file with such a number.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _pass_over)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in [int(name) for name in os.listdir("/proc/self/fd")]:
        if descriptor not in (null, *keep) and _is_open(descriptor):
            os.dup2(null, descriptor)


def _pass_over(number: int, frame: t.Any) -> None:
    """Ignore the signal. A signal to all processes of a run cancels its task, and hosts finish what they have begun.

    A function, not SIG_IGN, which the programs started by this process would inherit.
    """


def _is_open(descriptor: int) -> bool:
    """Whether it is still open. The descriptor of the listing itself is not."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
