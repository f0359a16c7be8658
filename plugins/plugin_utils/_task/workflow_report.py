# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The messages at the end of a slice, and at a barrier of a workflow."""

from __future__ import annotations

from .errors import join
from .layout import plural
from .slice import Slice
from .task import FAILED, ROLLBACK, RUNNING, SUCCESSFUL, Task

_MOST = 20


def of_slice(share: Task, ours: Slice, *, check_mode: bool) -> tuple[str, bool]:
    """One line about the work and the failures of a slice, and whether all of it succeeded.

    share: the part of the task that the slice has taken. check_mode: whether nothing was changed.
    """
    head = "check mode, nothing was changed: " if check_mode else ""
    if share.status == SUCCESSFUL:  # it had ended before the slice began
        return f"{head}{_ended(share)}", True
    parts: list[str] = []
    if share.targets:
        parts.append(f"{plural(len(share.targets), 'host')} taken")
    else:
        parts.append("nothing is due that another slice has not taken, on any host of this slice's inventory")
    for hosts, said in ((ours.done, "handed in before"), (ours.held, "another slice works on")):
        if hosts:
            parts.append(f"left alone ({said}): {join(hosts, _MOST)}")
    bad: list[str] = []
    if share.failures:
        node = share.what.node
        causes = [f"[{node(s.phase).name}] {s.error['code']} {s.error['message']}" for s in share.failures if s.error]
        bad.append(f"{len(causes)} {FAILED}: {join(causes, _MOST)}")
    if ours.lost:
        bad.append(
            f"left alone, since a slice that is gone had taken them: {join(ours.lost, _MOST)}; the barrier has them "
            "FAILED, and task_retry goes on"
        )
    if ours.refused:
        bad.append(
            f"too late, the barrier had waited no longer and has them FAILED: {join(ours.refused, _MOST)}; "
            "task_retry goes on"
        )
    if ours.problem:
        bad.append(f"{len(ours.kept)} outcomes are not handed in, the barrier has them FAILED: {ours.problem}")
    text = f"{head}{share.name}: task {share.id}, a slice: {'; '.join(parts + bad)}"
    return " ".join(text.split()), not bad


def of_barrier(task: Task) -> str:
    """One line about the progress and the failures of a task."""
    if task.status != RUNNING:
        return _ended(task)
    steps = [f"{phase} on {len(indices)}" for phase, indices in task.work().items()]
    failed = {s.parallel_idx for s in task.failures if s.parallel_idx >= 0}
    tail = f", {len(failed)} FAILED" if failed else ""
    return f"{task.name}: task {task.id} {task.status}, next {join(steps)} of {plural(len(task.targets), 'host')}{tail}"


def _ended(task: Task) -> str:
    undone = f" ({ROLLBACK})" if task.operation == ROLLBACK else ""
    return f"{task.name}: task {task.id} has ended {task.status}{undone}: nothing is due"
