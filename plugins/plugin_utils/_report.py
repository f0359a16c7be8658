# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What an operator reads at the end of a run."""

from __future__ import annotations

from ._errors import join
from ._task import FAILED, PENDING, SUCCESSFUL, Task


def summary(task: Task) -> str:
    """One line: how the task ended, on how many hosts, and every failure with its subtask, code and cause."""
    count = len(task.targets)
    head = f"{task.name}: task {task.id} {task.status}, {count} host{'s' if count != 1 else ''}"
    if task.status == SUCCESSFUL:
        return head
    causes = [f"[{s.name}] {s.error['code']} {s.error['message']}" for s in task.failures if s.error]
    waiting = {s.parallel_idx for s in task.subtasks if s.status == PENDING and s.parallel_idx >= 0}
    stopped_short = waiting - {s.parallel_idx for s in task.failures}
    tail = f". {_hosts(len(stopped_short), 'other ')} not taken further" if stopped_short else ""
    return " ".join(f"{head}, {len(task.failures)} {FAILED}: {join(causes, 20)}{tail}".split())


def _hosts(count: int, which: str = "") -> str:
    return f"{count} {which}host was" if count == 1 else f"{count} {which}hosts were"
