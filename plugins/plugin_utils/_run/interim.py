# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Hands in outcomes of hosts to the store before the barrier of their phase, so that queries show them meanwhile.

The supervisor does this from the journal. The barrier reads the same outcomes from the same results, and settles them
whether they were handed in or not. So an error here costs no outcome.
"""

from __future__ import annotations

import threading

from .._store.executor import Executor
from .._store.store import Store, StoreError
from .._task.task import Outcome
from . import journal
from .outcomes import of_journal
from .run import Run

EVERY = 1  # seconds between transactions


def go_on(url: str | None, executor: Executor, ended: threading.Event) -> None:
    """Hand in new outcomes until ended is set. url: of the store. executor: the run."""
    interim = _Interim(url, executor)
    while not ended.wait(EVERY):
        interim.look()


class _Interim:
    def __init__(self, url: str | None, executor: Executor) -> None:
        self._url = url
        self._executor = executor
        self._follower = journal.Follower()
        self._edition: tuple[int, int] | None = None
        self._run: Run | None = None
        self._kept: dict[int, Outcome] = {}  # by subtask id, while the store cannot be reached

    def look(self) -> None:
        """Hand in the new outcomes."""
        answers = self._follower.new()
        if answers:  # the state of the run was written before the first answer of its phase
            self._read_run()
        if self._run is None or self._run.slice:  # a slice hands in by itself
            return
        task = self._run.the_task
        numbers = {(phase, subtask.parallel_idx): subtask.id for phase, subtask in task.due()}
        for phase, outcomes in of_journal(task, answers).items():
            self._kept.update({numbers[phase, index]: outcome for index, outcome in outcomes.items()})
        if self._kept:
            try:
                with Store.open(self._url) as store:
                    store.hand_in(task.id, self._executor, self._kept)
            except StoreError:
                return  # it may come back
            self._kept = {}

    def _read_run(self) -> None:
        edition = journal.edition()
        if edition != self._edition:
            self._edition = edition
            try:
                self._run = journal.read()
            except FileNotFoundError:  # the run has ended with its report
                self._run = None
