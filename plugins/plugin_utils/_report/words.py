# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The states of subtasks as a report tells them: by a sign and a word, and by a colour only besides."""

from __future__ import annotations

from .._task.task import CANCELING, PENDING, ROLLBACK, SKIP, SUCCESSFUL, Subtask, Task
from .._task.task import FAILED as STATUS_FAILED
from .._task.task import RUNNING as STATUS_RUNNING

FAILED, RUNNING, WAITING, SKIPPED, UNDONE, DONE = "failed", "running", "waiting", "skipped", "undone", "done"
# The kind of several subtasks is the first of theirs in this order.
KINDS = (FAILED, RUNNING, WAITING, SKIPPED, UNDONE, DONE)
WORDS = {
    FAILED: "failed",
    RUNNING: "at work",
    WAITING: "waiting",
    SKIPPED: "skipped",
    UNDONE: "undone",
    DONE: "done",
}
SIGNS = {FAILED: "✕", RUNNING: "▸", WAITING: "○", SKIPPED: "↷", UNDONE: "↺", DONE: "✓"}


def kind_of(task: Task, subtask: Subtask) -> str:
    """Which of KINDS a subtask is."""
    if subtask.status == STATUS_FAILED:
        return FAILED
    if subtask.status in (STATUS_RUNNING, CANCELING):
        return RUNNING
    if subtask.status == SUCCESSFUL:
        return SKIPPED if subtask.operation == SKIP else DONE
    return UNDONE if task.operation == ROLLBACK and subtask.status == PENDING else WAITING
