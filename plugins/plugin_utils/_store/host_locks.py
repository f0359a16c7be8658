# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Locks of hosts: one task at a time works on a host.

A transaction that checks and takes locks has locked the store's counter of tasks before, so these transactions run one
after another.
"""

from __future__ import annotations

import typing as t

from .._task.errors import HOST_BUSY, OcpError, join, sub_error
from .._task.task import Task
from . import schema as tables
from .sql import sa


def check(connection: sa.Connection, host_ids: t.Iterable[int], dead: t.Container[int] = ()) -> None:
    """Raise OcpError (409) that names every locked host among these. dead: tasks whose locks do not count."""
    holders = {row.host_id: row.task_id for row in connection.execute(sa.select(tables.HOST_LOCK))}
    held = {number: holders[number] for number in host_ids if number in holders and holders[number] not in dead}
    if held:
        named = join([f"host {host_id} is held by task {task_id}" for host_id, task_id in held.items()])
        raise OcpError(
            HOST_BUSY,
            f"{named}: wait for it, or cancel it (task_cancel)",
            [sub_error("hostIds", host_id, f"is held by task {task_id}") for host_id, task_id in held.items()],
        )


def take(connection: sa.Connection, task: Task) -> None:
    """Lock all hosts of a task."""
    locks = [{"host_id": target.host_id, "task_id": task.id} for target in task.targets]
    connection.execute(sa.insert(tables.HOST_LOCK), locks)


def release(connection: sa.Connection, task_id: int) -> None:
    """Release the hosts of a task."""
    connection.execute(sa.delete(tables.HOST_LOCK).where(tables.HOST_LOCK.c.task_id == task_id))
