# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The process of ansible-playbook itself, and its workers' ties to it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import select
import signal
import threading
import time

from . import proc

_LOOK_EVERY = 0.5  # seconds between looks, if the kernel does not report its end

_process: int | None = None


def enter() -> bool:
    """Record that this process is ansible-playbook, for the workers that it forks.

    Returns whether that is new. It is not after an earlier call, nor in a worker.
    """
    global _process
    if _process is not None or multiprocessing.parent_process() is not None:
        return False
    _process = os.getpid()
    return True


def is_entered() -> bool:
    """Whether enter() was called, in this process or in the one that has forked it."""
    return _process is not None


def is_this() -> bool:
    """Whether this process is the one that has called enter()."""
    return os.getpid() == _process


def process() -> int:
    """Its process id. Call it in a worker. Raises ProcessLookupError if it has ended.

    The parent of an orphaned worker is another process that may never end, and nothing should live as long as that.
    """
    parent = os.getppid()
    if _process not in (None, parent):
        raise ProcessLookupError("ansible-playbook has ended")
    return parent


def pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when a process ends; None if the kernel has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def end_with_it(patience: float) -> None:
    """End this worker and its children so many seconds after ansible-playbook. Raises ProcessLookupError.

    If ansible-core is killed, its workers live on. A worker with a host that takes ten minutes would wait for it.
    """
    playbook = process()
    threading.Thread(target=_end_after, args=(playbook, pidfd(playbook), patience), daemon=True).start()


def _end_after(playbook: int, watch: int | None, patience: float) -> None:
    if watch is not None:
        poll = select.poll()  # select() takes no descriptor above 1023
        poll.register(watch, select.POLLIN)
        poll.poll()
    while os.getppid() == playbook:
        time.sleep(_LOOK_EVERY)
    time.sleep(patience)
    for child in _children(os.getpid()):
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
    os._exit(1)


def _children(pid: int) -> list[int]:
    names = os.listdir("/proc") if os.path.isdir("/proc") else []
    found = {int(name): proc.stat(int(name)) for name in names if name.isdigit()}
    return [child for child, stat in found.items() if stat and stat.parent == pid]
