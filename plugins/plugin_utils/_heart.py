# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The heart of a run: a process that tells the task store, for as long as the run lives, that it lives.

It also hears from the store that the task is to be cancelled. It is a process of its own since ansible-playbook forks:
a thread that talks to a database in it would be cut in two by every fork.
"""

from __future__ import annotations

import time
import typing as t

from . import _cancel
from ._beside import run_beside
from ._executor import Executor
from ._store import Store, StoreError

BEAT_EVERY = 2  # seconds; _life.DEAD_AFTER is many times that


def start(url: str | None, executor: Executor, beat: t.Callable[[Store], bool | None]) -> None:
    """Start the heart of a run. It ends with the run, or with what the run is at.

    url: of the store. beat: gives a sign of life there; returns whether the task is to be cancelled, None when there is
    nothing to live for any more. To be called in a worker.
    """
    run_beside(lambda: _beat(url, executor, beat))


def _beat(url: str | None, executor: Executor, beat: t.Callable[[Store], bool | None]) -> None:
    while not executor.is_gone():
        try:
            with Store.open(url) as store:
                cancel = beat(store)
        except StoreError:
            cancel = False  # it may come back; the next barrier tells if it does not
        if cancel is None:
            return
        if cancel:
            _cancel.ask()
        time.sleep(BEAT_EVERY)
