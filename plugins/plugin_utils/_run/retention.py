# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The retention of tasks in a store: a new task has some of the old ones removed if a retention is set."""

from __future__ import annotations

from .._store.store import Store, StoreError
from .._task.errors import OcpError
from .._task.settings import KEPT_TASKS, age
from . import controller, screen
from .request_action import Asked

ROLE = "TASK_MANAGER"
_TRANSACTIONS = 1  # at a time: the hosts of the request wait for it


def apply(store: Store, asked: Asked) -> None:
    """Remove old tasks. An error is a warning, since it does not concern the request.

    For a user without the required role nothing is removed.
    """
    value, bindings = asked.arguments["retention"], asked.arguments["role_bindings"]
    if value in (None, ""):
        return
    try:
        seconds = age("ocp_task_retention", value)
        if not bindings or controller.has_role(controller.user(asked.variables), ROLE, bindings):
            store.prune(seconds, KEPT_TASKS, most=_TRANSACTIONS)
    except (OcpError, StoreError) as error:
        screen.display().warning(f"old tasks are not removed: {error}")
