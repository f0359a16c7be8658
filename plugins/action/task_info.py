# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils import _ask
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._host_ids import parse
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import FAILED, RUNNING, SUCCESSFUL

MAX_SIZE = 2000  # as OCP's lists of hosts

ARGUMENT_SPEC: dict[str, t.Any] = {
    "task_id": {"type": "raw"},
    "name": {"type": "str"},
    "status": {"type": "str", "choices": [RUNNING, FAILED, SUCCESSFUL]},
    "host_id": {"type": "raw"},
    "page": {"type": "int", "default": 1},
    "size": {"type": "int", "default": 10},
    **_ask.OPTIONS,
}


class ActionModule(_ask.AskAction):
    spec = ARGUMENT_SPEC
    role = "TASK_VIEWER"

    def _answer(
        self, store: Store, arguments: dict[str, t.Any], request: Request
    ) -> tuple[dict[str, t.Any], str]:
        if arguments["task_id"] is not None:
            (task_id,) = parse(arguments["task_id"], "taskId", most=1)
            task = store.load(task_id)
            return request.detail(task), f"task {task.id} {task.name}: {task.status}"
        page, size = arguments["page"], arguments["size"]
        if page < 1 or not 1 <= size <= MAX_SIZE:
            raise OcpError(INVALID, f"page must be at least 1 and size from 1 to {MAX_SIZE}, not {page} and {size}")
        (host_id,) = parse(arguments["host_id"], "hostId", most=1) if arguments["host_id"] is not None else (None,)
        tasks, total = store.find(
            name=arguments["name"], status=arguments["status"], host_id=host_id, page=page, size=size
        )
        return request.page(tasks, total, page, size), f"{total} tasks"
