# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Shared by requests of a workflow's runs that join a task created by another run."""

from __future__ import annotations

from .._files.document import plain
from .controller import read_ids

NO_TASK = (
    "check mode, nothing was changed: there is no task, since a workflow in check mode makes none; the playbooks of "
    "the operations tell in check mode what they would do"
)


def task_id(given: object, *, check_mode: bool) -> int | None:
    """The id of the task; None if check mode has created none. Raises OcpError (400)."""
    if check_mode and given in (None, ""):
        return None
    (number,) = read_ids(plain(given), "taskId", most=1)
    return number
