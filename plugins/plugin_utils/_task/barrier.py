# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The step from one phase to the next, at the barrier of a run or of a workflow."""

from __future__ import annotations

import typing as t

from .clock import iso_now
from .task import Outcome, Subtask, Task


def pass_on(task: Task, phases: t.Iterable[str], started: str) -> list[tuple[Subtask, Outcome]]:
    """Pass the wait nodes behind settled phases, and begin the next subtasks.

    started: the begin of the wait, ISO 8601. Returns the passed wait nodes, each with its outcome.
    """
    passed = [task.pass_wait(phase, started, iso_now()) for phase in phases]
    task.begin()
    return [pair for pair in passed if pair]
