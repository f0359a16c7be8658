# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Tasks as a few lines of text."""

from __future__ import annotations

import typing as t

from .errors import join
from .how_far import how_far
from .layout import plural
from .printable import in_line
from .task import EXECUTE, FAILED, SUCCESSFUL, Subtask, Task

_MOST = 20  # failures, or hosts of one status
_MOST_HOSTS = 3  # of a task in a list
_LONGEST = 500  # characters of a failure
_HEADINGS = ("ID", "STATUS", "OPERATION", "BEGUN", "BY", "HOSTS")


def of_task(task: Task) -> list[str]:
    """A task with its subtasks by name and status, its unfinished hosts, and its failures."""
    how = f" ({task.operation})" if task.operation != EXECUTE else ""
    ended = f", ended {_time(task.finished)}" if task.finished else ""
    lines = [
        f"task {task.id}: {task.name}: {task.status}{how}",
        f"begun {_time(task.started)} by {in_line(task.creator)}{ended}",
        ". ".join(filter(None, [_hosts(task, _MOST), how_far(task)])),
        *(_of_stage(task, stage) for stage in task.stages),
        *_of_wave(task),
    ]
    failures = [_failure(task, subtask) for subtask in task.failures if subtask.error]
    left_out = len(failures) - _MOST
    return lines + failures[:_MOST] + ([f"and {left_out} more failures"] if left_out > 0 else [])


def of_list(tasks: t.Sequence[Task], total: int, page: int, size: int) -> list[str]:
    """A page of tasks as a table, one task in each line. total: the number of all tasks. page: its number, from 1."""
    rows = [_HEADINGS] + [
        (
            str(task.id),
            task.status,
            task.name,
            _time(task.started),
            in_line(task.creator),
            _hosts(task, _MOST_HOSTS),
        )
        for task in tasks
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    first = (page - 1) * size + 1
    where = f"tasks {first} to {first + len(tasks) - 1} of {total}" if tasks else f"no task here, {total} in all"
    return [*(table if tasks else []), *([] if len(tasks) == total > 0 else [where])]


def _of_wave(task: Task) -> list[str]:
    """The wave, and the command for the hosts after it."""
    wave = task.wave
    if not wave:
        return []
    if not wave.later:
        return [f"{wave}, the last one"]
    go_on = f"the same command, with -e ocp_waves_after={task.targets[-1].host_id}, goes on with them"
    return [f"{wave}: {plural(wave.later, 'host')} of the request come after it; {go_on}"]


def _of_stage(task: Task, stage: t.Sequence[Subtask]) -> str:
    """The subtasks of a node of the graph by status, with the names of unfinished hosts."""
    by_status: dict[str, list[Subtask]] = {}
    for subtask in stage:
        by_status.setdefault(subtask.status, []).append(subtask)
    parts = []
    for status, subtasks in sorted(by_status.items()):
        of_hosts = [str(target.host) for subtask in subtasks if (target := task.target(subtask))]
        named = len(by_status) > 1 and status != SUCCESSFUL
        hosts = f" ({in_line(join(of_hosts, _MOST))})" if named and of_hosts else ""
        parts.append(f"{len(subtasks)} {status}{hosts}" if of_hosts else status)
    return f"{task.what.node(stage[0].phase).name}: {', '.join(parts)}"


def _failure(task: Task, subtask: Subtask) -> str:
    error = subtask.error or {}
    name = task.what.node(subtask.phase).name
    return in_line(f"subtask {subtask.id} {FAILED}: [{name}] {error.get('code')} {error.get('message')}", _LONGEST)


def _hosts(task: Task, most: int) -> str:
    names = [target.host for target in task.targets]
    return f"{plural(len(names), 'host')}: {in_line(join(names, most))}"


def _time(text: str) -> str:
    """An ISO 8601 text without its fraction of a second."""
    head, point, tail = text.partition(".")
    return head + tail.lstrip("0123456789") if point else text
