# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The executor in a row of a task or a slice, and whether it lives."""

from __future__ import annotations

import typing as t

from .executor import Executor
from .sql import Epoch

# An executor on another machine is dead after so many seconds without a heartbeat (save or beat).
DEAD_AFTER = 60


def held_by(executor: Executor) -> dict[str, t.Any]:
    """The columns of an executor and its heartbeat."""
    return {
        "exec_token": executor.token,
        "exec_host": executor.host,
        "exec_boot_id": executor.boot_id,
        "exec_namespace": executor.namespace,
        "exec_pid": executor.pid,
        "exec_start": executor.start,
        "heartbeat": Epoch(),
    }


def executor_of(row: t.Any) -> Executor:
    """The executor in a row."""
    return Executor(
        token=row.exec_token,
        address=row.executor,
        host=row.exec_host,
        boot_id=row.exec_boot_id,
        namespace=row.exec_namespace,
        pid=row.exec_pid,
        start=row.exec_start,
    )


def is_dead(row: t.Any, now: int) -> bool:
    """Whether the executor in a row is dead. now: by the database's clock."""
    gone = executor_of(row).is_gone()
    return bool(now - row.heartbeat > DEAD_AFTER) if gone is None else gone
