# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The heart of a run: a process that tells the task store, for as long as the run lives, that it lives.

It also hears from the store that the task is to be cancelled. It is a process of its own since ansible-playbook forks:
a thread that talks to a database in it would be cut in two by every fork.
"""

from __future__ import annotations

import os
import signal
import time

from . import _cancel
from ._executor import Executor
from ._store import Store, StoreError

BEAT_EVERY = 2  # seconds; _store.DEAD_AFTER is many times that


def start(url: str | None, task_id: int, executor: Executor) -> None:
    """Start the heart of the run that executes a task. It ends with the run, or with the task.

    url: of the store. To be called in a worker: what it forks does not have ansible-playbook's threads.
    """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _detach()
            _beat(url, task_id, executor)
    except BaseException:  # nobody hears it; a heart that is missing is what others see
        pass
    finally:
        os._exit(0)


def _detach() -> None:
    """Hold nothing that is the worker's: who reads its pipes would wait for this process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.close(int(name))
            except OSError:
                pass


def _beat(url: str | None, task_id: int, executor: Executor) -> None:
    while not executor.is_gone():
        try:
            with Store.open(url) as store:
                cancel = store.beat(task_id, executor)
        except StoreError:
            cancel = False  # it may come back; the next barrier tells if it does not
        if cancel is None:
            return
        if cancel:
            _cancel.ask()
        time.sleep(BEAT_EVERY)
