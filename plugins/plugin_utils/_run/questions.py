# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What the task store can be asked, and the answers in OCP's form; for the modules and for the Python API."""

from __future__ import annotations

import typing as t

from .._store.store import Store
from .._task.errors import INVALID, TASK_STATE, OcpError
from .._task.host_ids import parse
from .._task.response import Request
from .._task.task import FAILED, RUNNING, SUCCESSFUL

STATUSES = (RUNNING, FAILED, SUCCESSFUL)
MAX_SIZE = 2000  # as OCP's lists of hosts

Reply = tuple[dict[str, t.Any], str]  # a response, and in a line what it says


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
) -> Reply:
    """A task, or without its id a page of tasks, the newest first. Returns the response, and in a line what it says.

    name: part of the name, in any case. status: one of STATUSES. page: from 1. size: tasks a page. Raises OcpError,
    StoreError.
    """
    if task_id is not None:
        task = store.load(_id(task_id, "taskId"))
        return request.detail(task), f"task {task.id} {task.name}: {task.status}"
    number = _number("page", page, None)
    length = _number("size", size, MAX_SIZE)
    if status is not None and status not in STATUSES:
        raise OcpError(INVALID, f"status must be one of {', '.join(STATUSES)}, not {status!r}")
    host = None if host_id is None else _id(host_id, "hostId")
    tasks, total = store.find(name=name, status=status, host_id=host, page=number, size=length)
    return request.page(tasks, total, number, length), f"{total} tasks"


def subtask_log(store: Store, request: Request, *, task_id: object, subtask_id: object) -> Reply:
    """The log of a subtask. Returns the response, and in a line what it says. Raises OcpError, StoreError."""
    log = store.log(_id(task_id, "taskId"), number := _id(subtask_id, "subtaskId"))
    return request.success({"log": log}), f"subtask {number}: {len(log.splitlines())} lines"


def task_cancel(store: Store, request: Request, *, task_id: object, check_mode: bool = False) -> Reply:
    """Ask for the end of a task. Returns the response, and in a line what it says. Raises OcpError, StoreError."""
    number = _id(task_id, "taskId")
    if not check_mode:
        task = store.cancel(number)
        if task.status != RUNNING:
            return request.respond(task), f"task {number} is cancelled: no run of its workflow was at work"
        return request.respond(task), f"task {number} is being cancelled: no other host is begun, what runs ends first"
    task = store.load(number)
    if task.status != RUNNING:
        raise OcpError(TASK_STATE, f"task {number} is {task.status}: only a RUNNING task can be cancelled")
    return request.respond(task), f"check mode, nothing was changed: task {number} would be cancelled"


def _id(value: object, field: str) -> int:
    (number,) = parse(value, field, most=1)
    return number


def _number(name: str, value: object, most: int | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 or (most is not None and value > most):
        raise OcpError(INVALID, f"{name} must be an integer from 1{f' to {most}' if most else ''}, not {value!r}")
    return value
