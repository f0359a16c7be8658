# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils import _ask, _questions
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import Store

ARGUMENT_SPEC: dict[str, t.Any] = {
    "task_id": {"type": "raw"},
    "name": {"type": "str"},
    "status": {"type": "str", "choices": list(_questions.STATUSES)},
    "host_id": {"type": "raw"},
    "page": {"type": "int", "default": 1},
    "size": {"type": "int", "default": 10},
    **_ask.OPTIONS,
}


class ActionModule(_ask.AskAction):
    spec = ARGUMENT_SPEC
    role = "TASK_VIEWER"

    def _answer(self, store: Store, request: Request, asked: dict[str, t.Any]) -> _questions.Answer:
        return _questions.task_info(store, request, **asked)
