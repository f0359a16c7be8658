# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The progress of the hosts of a task in words, for a task that ends early."""

from __future__ import annotations

from collections import Counter

from .errors import CUT_SHORT, TIMED_OUT
from .layout import plural
from .operation import title
from .task import FAILED, ROLLBACK, SKIP, SUCCESSFUL, Subtask, Task

_CUT_OFF = {*CUT_SHORT, TIMED_OUT.code}
_NOT_BEGUN = "not begun"
# By the goal, and the last phase that has changed the agent.
_DONE = {
    ("stopped", "stop"): "stopped",
    ("running", "start"): "started",
    ("restarted", "restart_pos_proxy"): "pos proxy restarted, agent not stopped",
    ("restarted", "stop"): "stopped, not started again",
    ("restarted", "start"): "restarted",
}


def how_far(task: Task) -> str:
    """The hosts by their progress, the furthest first: "37 hosts stopped, not verified; 2 hosts not begun".

    Empty in a rollback, whose failures have this information.
    """
    counts = Counter(_by_host(task))
    groups = sorted(counts, reverse=True)
    return "; ".join(f"{plural(counts[order, text], 'host')} {text}" for order, text in groups)


def of_hosts(task: Task) -> list[str]:
    """The progress of each host in words, in the order of the request. Empty in a rollback."""
    return [text for _order, text in _by_host(task)]


def _by_host(task: Task) -> list[tuple[int, str]]:
    if task.operation == ROLLBACK:
        return []
    return [_of_host(task, subtasks) for subtasks in task.by_host()]


def _of_host(task: Task, subtasks: list[Subtask]) -> tuple[int, str]:
    """The number of done subtasks of a host, and its progress in words. subtasks: in the order of the graph."""
    done = [subtask for subtask in subtasks if subtask.status == SUCCESSFUL]
    failed = next((subtask for subtask in subtasks if subtask.status == FAILED), None)
    if any(subtask.operation == SKIP for subtask in done):
        return len(done), "gone past what was skipped, not verified"
    changed = [subtask.phase for subtask in done if (task.what.goal, subtask.phase) in _DONE]
    if failed and failed.error:
        word = title(failed.phase)
        cut_off = failed.error["code"] in _CUT_OFF
        begun = failed.started is not None or failed.phase in task.records[failed.parallel_idx].touched
        if cut_off and begun and (task.what.goal, failed.phase) in _DONE:
            return len(done), f"in the middle of {word}, how far is not known"
        if not cut_off or (begun and not changed):
            return len(done), f"failed in {word}"
    if not changed:
        return len(done), _NOT_BEGUN
    text = _DONE[task.what.goal, changed[-1]]
    if len(done) == len(subtasks):
        return len(done), f"{text} and verified"
    return len(done), f"{text}, not verified" if "," not in text else text
