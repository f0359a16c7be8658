# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils import _ask
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._errors import TASK_STATE, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._host_ids import parse
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import RUNNING

ARGUMENT_SPEC: dict[str, t.Any] = {"task_id": {"type": "raw", "required": True}, **_ask.OPTIONS}


class ActionModule(_ask.AskAction):
    spec = ARGUMENT_SPEC
    role = "TASK_MANAGER"
    writes = True

    def _answer(
        self, store: Store, arguments: dict[str, t.Any], request: Request
    ) -> tuple[dict[str, t.Any], str]:
        (task_id,) = parse(arguments["task_id"], "taskId", most=1)
        if self._task.check_mode:
            task = store.load(task_id)
            if task.status != RUNNING:
                raise OcpError(TASK_STATE, f"task {task.id} is {task.status}: only a RUNNING task can be cancelled")
            return request.answer(task), f"check mode, nothing was changed: task {task.id} would be cancelled"
        task = store.cancel(task_id)
        return request.answer(task), f"task {task.id} is being cancelled: no other host is begun, what runs ends first"
