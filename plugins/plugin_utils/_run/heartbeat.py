# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The heartbeat of a run: it tells the task store regularly that the run lives.

It also learns from the store that the task is to be cancelled, or belongs to another run. The supervisor
does this. In ansible-playbook, every fork would break a thread that talks to a database.

The time of the last heartbeat is passed to the run's other processes as the modification time of an empty file. That
works on a full disk, and the file grows old if the supervisor hangs or has died. The file is removed
when the task belongs to another run. The clock counts from the boot, includes suspension, and cannot be set.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
import typing as t
from pathlib import Path

from ansible import constants as C

from .._store.executor import Executor
from .._store.liveness import DEAD_AFTER
from .._store.store import Store, StoreError
from . import cancel as _cancel

BEAT_EVERY = 2  # seconds; liveness.DEAD_AFTER is many times that
# Seconds without a heartbeat after which no other host begins. The rest of DEAD_AFTER is for a host that is just
# beginning, since connecting to it takes a while.
SILENT_AFTER = DEAD_AFTER - 20

# Gives a heartbeat. Returns whether the task is to be cancelled, None if the heartbeat is not needed any more.
Beat = t.Callable[[Store], "bool | None"]


def begin(executor: Executor) -> None:
    """Record a heartbeat at this moment. Raises OSError."""
    note = _note(executor.token)
    note.touch(0o600)
    _told(note, _now())


def go_on(url: str | None, executor: Executor, beat: Beat, ended: threading.Event) -> None:
    """Give heartbeats until ended is set, or the task belongs to another run. url: of the store."""
    note = _note(executor.token)
    while not ended.is_set():
        try:
            with Store.open(url) as store:
                now = _now()
                cancel = beat(store)
        except StoreError:
            pass  # it may come back; until then the file grows old
        else:
            if cancel is None:
                note.unlink(missing_ok=True)
                return
            with contextlib.suppress(FileNotFoundError):  # the run has just removed it
                _told(note, now)
            if cancel:
                with contextlib.suppress(OSError):  # a full disk; the next heartbeat hears of it again
                    _cancel.ask()
        ended.wait(BEAT_EVERY)


def silence(token: str) -> str | None:
    """The reason why no other host may begin, since the run may count as dead; None if there is none.

    token: of the executor with the heartbeat; empty if there is none.
    """
    if not token:
        return None
    try:
        seconds = _now() - os.stat(_note(token)).st_mtime
    except FileNotFoundError:
        return (
            "the task is not this run's any more: the task store says that it has ended, or that another run has it, "
            "since this one had given no sign of life for too long. See the task (task_info), and retry it where it "
            "FAILED"
        )
    if seconds < SILENT_AFTER:
        return None
    return (
        f"the task store has had no sign of life from this run for {seconds:.0f} s, and after {DEAD_AFTER} s another "
        "controller may take the task over: see that the database is up and can be reached from here, then retry the "
        "task (task_retry)"
    )


def _note(token: str) -> Path:
    return Path(C.DEFAULT_LOCAL_TMP) / f"ocp_heartbeat.{token}"


def _told(note: Path, now: float) -> None:
    os.utime(note, (now, now))


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
