# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The result of a task as text for an operator."""

from __future__ import annotations

import typing as t

from .errors import join
from .how_far import how_far
from .layout import plural
from .task import CANCEL, RETRY, ROLLBACK, SKIP, SUCCESSFUL, Task

_MOST = 20  # subtasks that a line names
_PREFIX = {RETRY: "Retry of ", ROLLBACK: "Rollback of "}


def headline(task: Task, changed: t.Mapping[str, int] | None = None) -> str:
    """The end of a task, the number of its hosts, and the changes.

    changed: the number of changed hosts by phase in this run; None in check mode.
    """
    how = f" ({task.operation})" if task.operation in (ROLLBACK, CANCEL) else ""
    done = f": {_done(task, changed)}" if changed is not None else ""
    name = f"{_PREFIX.get(task.operation, '')}{task.name}"
    return f"{name}: task {task.id} {task.status}{how}, {plural(len(task.targets), 'host')}{done}"


def skipped(task: Task) -> str:
    """The skipped subtasks; empty without any."""
    node = task.what.node
    found = [f"[{node(s.phase).name}] {task.target(s) or ''}".strip() for s in task.subtasks if s.operation == SKIP]
    return f"Skipped, and taken for done: {join(found, _MOST)}" if found else ""


def summary(task: Task, changed: t.Mapping[str, int] | None = None) -> str:
    """The end of a task in one line, with changes, skipped subtasks, the number of failures, and how far hosts came.

    changed: as in headline(). The last screen has the causes.
    """
    failed = f", {len(task.failures)} FAILED" if task.failures else ""
    parts = [headline(task, changed) + failed, skipped(task), how_far(task) if task.status != SUCCESSFUL else ""]
    return " ".join(". ".join(part for part in parts if part).split())


def causes(task: Task) -> str:
    """The causes of failures in one line; empty without failures."""
    node = task.what.node
    found = [f"[{node(s.phase).name}] {s.error['code']} {s.error['message']}" for s in task.failures if s.error]
    return " ".join(join(found, _MOST).split())


def _done(task: Task, changed: t.Mapping[str, int]) -> str:
    """The changes of a run, as the number of agents for each phase."""
    again = " again" if task.operation == ROLLBACK else ""
    words = {"restart_pos_proxy": "with pos proxy restarted", "stop": f"stopped{again}", "start": f"started{again}"}
    parts = [
        f"{plural(count, 'agent')} {words[phase]}"
        for phase, count in changed.items()
        if count and phase in words
    ]
    return ", ".join(parts) or "no agent was stopped or started"
