# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Processes that outlive the worker that has started them."""

from __future__ import annotations

import os
import signal
import typing as t


def daemonize(work: t.Callable[[], None], keep: t.Collection[int] = ()) -> None:
    """Run work in a process of its own, which nobody waits for, and which ends with it.

    keep: file descriptors that it needs; it has no other. To be called in a worker: what it forks does not have
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
    except BaseException:  # nobody hears it; a process that is missing is what others see
        pass
    finally:
        os._exit(0)


def _detach(keep: t.Collection[int]) -> None:
    """Hold nothing that is the worker's: who reads its pipes would wait for this process.

    The numbers stay in use, since objects that came along still name them: a logger would write into whatever got such
    a number next.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _pass_over)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in [int(name) for name in os.listdir("/proc/self/fd")]:
        if descriptor not in (null, *keep) and _is_open(descriptor):
            os.dup2(null, descriptor)


def _pass_over(number: int, frame: t.Any) -> None:
    """Go on: who ends all processes of a run at once cancels its task, and what hosts have begun is let finish first.

    A function and not SIG_IGN, which the programs that this process starts would inherit.
    """


def _is_open(descriptor: int) -> bool:
    """Whether it still is: the list of them was one itself."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
