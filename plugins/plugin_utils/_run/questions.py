# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Queries of the task store with answers in OCP's form, for the modules and for the Python API."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._store.store import Store
from .._task import outline
from .._task.errors import INVALID, TASK_STATE, UNKNOWN_HOST, OcpError, join
from .._task.layout import COLUMNS, plural, ranges, wrap
from .._task.response import Request
from .._task.settings import KEPT_TASKS, age
from .._task.task import FAILED, RUNNING, SUCCESSFUL, Task
from .controller import read_ids

STATUSES = (RUNNING, FAILED, SUCCESSFUL)
MAX_SIZE = 2000  # as OCP's lists of hosts


@dataclass(frozen=True)
class Reply:
    """An answer. response: of OCP. said: a summary in one line. lines: the same in more detail.

    changed: for a question that may change the store, whether it did, or would have in check mode.
    """

    response: dict[str, t.Any]
    said: str
    lines: list[str] = field(default_factory=list)
    changed: bool = True


def task_info(
    store: Store,
    request: Request,
    *,
    task_id: object = None,
    name: str | None = None,
    status: str | None = None,
    host_id: object = None,
    page: object = 1,
    size: object = 10,
    newest_first: bool = True,
) -> Reply:
    """A task, or without its id a page of tasks, in the order of their ids.

    name: part of the name, in any case. status: one of STATUSES, or several with commas between them. page: from 1.
    size: number of tasks on a page. Raises OcpError, StoreError.
    """
    if task_id is not None:
        task = store.load(_id(task_id, "taskId"))
        return Reply(request.detail(task), f"task {task.id} {task.name}: {task.status}", outline.of_task(task))
    number = _number("page", page, None)
    length = _number("size", size, MAX_SIZE)
    if status is not None and not set(status.split(",")) <= set(STATUSES):
        raise OcpError(INVALID, f"status must be one of {', '.join(STATUSES)}, not {status!r}")
    host = None if host_id is None else _id(host_id, "hostId")
    tasks, total = store.find(
        name=name, status=status, host_id=host, page=number, size=length, newest_first=newest_first
    )
    response = request.page(tasks, total, number, length)
    return Reply(response, f"{total} tasks", outline.of_list(tasks, total, number, length))


def subtask_log(
    store: Store, request: Request, *, task_id: object, subtask_id: object = None, host_id: object = None
) -> Reply:
    """The log of a subtask, or the logs of all subtasks of a host, each after a line that names its subtask.

    host_id: the id of the host, or its name in the task. Raises OcpError, StoreError.
    """
    if (subtask_id in (None, "")) == (host_id in (None, "")):
        raise OcpError(INVALID, "give one of subtask_id and host_id: the log is that of a subtask, or of a host")
    number = _id(task_id, "taskId")
    if host_id in (None, ""):
        log = store.log(number, subtask := _id(subtask_id, "subtaskId"))
        said = f"subtask {subtask}"
    else:
        task = store.load(number)
        index = _host_index(task, host_id)
        said = str(task.targets[index])
        log = "\n".join(
            f"{task.what.node(found.phase).name}, subtask {found.id}, {found.status}\n{store.log(number, found.id)}"
            for found in task.subtasks
            if found.parallel_idx == index
        )
    lines = log.splitlines()
    return Reply(request.success({"log": log}), f"{said}: {plural(len(lines), 'line')}", lines)


def _host_index(task: Task, host_id: object) -> int:
    """The index of a host in the task. host_id: its id, or its name there. Raises OcpError (404)."""
    asked = str(host_id).strip()
    for index, target in enumerate(task.targets):
        if asked in (str(target.host_id), target.host):
            return index
    raise OcpError(UNKNOWN_HOST, f"task {task.id} has no host {asked!r}: it has {join(task.targets, 20)}")


def task_cancel(store: Store, request: Request, *, task_id: object, check_mode: bool = False) -> Reply:
    """Ask for the end of a task. Raises OcpError, StoreError."""
    number = _id(task_id, "taskId")
    if not check_mode:
        task = store.cancel(number)
        if task.status != RUNNING:
            return Reply(request.respond(task), f"task {number} is cancelled: no run of its workflow was at work")
        said = f"task {number} is being cancelled: no other host is begun, what runs ends first"
        return Reply(request.respond(task), said)
    task = store.load(number)
    if task.status != RUNNING:
        raise OcpError(TASK_STATE, f"task {number} is {task.status}: only a RUNNING task can be cancelled")
    return Reply(request.respond(task), f"check mode, nothing was changed: task {number} would be cancelled")


def task_prune(
    store: Store, request: Request, *, older_than: object, keep: object = KEPT_TASKS, check_mode: bool = False
) -> Reply:
    """Remove old tasks with their logs. OCP has no such call; the response has its form, with the ids that are gone.

    older_than: the age since the last heartbeat, as a text for settings.age(). keep: the number of newest tasks that
    are kept at any age. Raises OcpError, StoreError.
    """
    seconds = age("older_than (variable ocp_older_than)", older_than)
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 0:
        raise OcpError(INVALID, f"keep (variable ocp_keep) must be a number of tasks from 0, not {keep!r}")
    ids = store.prunable(seconds, keep) if check_mode else store.prune(seconds, keep)
    count = plural(len(ids), "task")
    said = f"check mode, nothing was changed: {count} would be removed" if check_mode else f"{count} removed"
    lines = [said, *wrap(ranges([str(number) for number in ids]), COLUMNS)]
    return Reply(request.success({"taskIds": ids}), said, lines, changed=bool(ids))


def _id(value: object, field: str) -> int:
    (number,) = read_ids(value, field, most=1)
    return number


def _number(name: str, value: object, most: int | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most is not None and value > most):
        raise OcpError(INVALID, f"{name} must be an integer from 1{f' to {most}' if most else ''}, not {value!r}")
    return value
