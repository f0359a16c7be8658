# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What an operator reads at the end of a run."""

from __future__ import annotations

import typing as t

from .errors import join
from .how_far import how_far
from .task import CANCEL, FAILED, RETRY, ROLLBACK, SKIP, SUCCESSFUL, Task

_MOST = 20  # failures that a line names
_PREFIX = {RETRY: "Retry of ", ROLLBACK: "Rollback of "}


def summary(task: Task, changed: t.Mapping[str, int] | None = None) -> str:
    """One line: how the task ended, what was done, every failure with its subtask, code and cause, how far all came.

    changed: by phase, on how many hosts this run has changed something; None where it was to change nothing.
    """
    head = f"{_PREFIX.get(task.operation, '')}{task.name}: task {task.id} {task.status}"
    how = f" ({task.operation})" if task.operation in (ROLLBACK, CANCEL) else ""
    done = f": {_done(task, changed)}" if changed is not None else ""
    head = f"{head}{how}, {_hosts(len(task.targets))}{done}"
    node = task.what.node
    skipped = [f"[{node(s.phase).name}] {task.target(s) or ''}".strip() for s in task.subtasks if s.operation == SKIP]
    tail = f". Skipped, and taken for done: {join(skipped, _MOST)}" if skipped else ""
    if task.status != SUCCESSFUL:
        causes = [f"[{node(s.phase).name}] {s.error['code']} {s.error['message']}" for s in task.failures if s.error]
        far = how_far(task)
        told = not far or any(cause.endswith(far) for cause in causes)
        tail = f", {len(task.failures)} {FAILED}: {join(causes, _MOST)}{tail}{'' if told else f'. {far}'}"
    return " ".join(f"{head}{tail}".split())


def _done(task: Task, changed: t.Mapping[str, int]) -> str:
    """What a run has done to agents: each phase that changed some, and on how many hosts."""
    again = " again" if task.operation == ROLLBACK else ""
    words = {"restart_pos_proxy": "with pos proxy restarted", "stop": f"stopped{again}", "start": f"started{again}"}
    parts = [
        f"{count} agent{'' if count == 1 else 's'} {words[phase]}"
        for phase, count in changed.items()
        if count and phase in words
    ]
    return ", ".join(parts) or "no agent was stopped or started"


def _hosts(count: int) -> str:
    return f"{count} host{'' if count == 1 else 's'}"
