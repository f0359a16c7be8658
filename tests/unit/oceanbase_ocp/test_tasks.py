# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries without a task store. tests/store has those with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from oceanbase_ocp import subtask_log, task_cancel, task_info, task_prune


@pytest.mark.parametrize(
    "ask",
    [
        lambda **store: task_info(31173, **store),
        task_info,
        lambda **store: subtask_log(31173, 32857, **store),
        lambda **store: task_cancel(31173, **store),
        lambda **store: task_prune("90d", **store),
    ],
    ids=["task_info", "task_info of all", "subtask_log", "task_cancel", "task_prune"],
)
def test_where_no_tasks_are_kept_that_is_the_answer(
    ask: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/runner")
    for store in ({"task_store": "none"}, {}):  # a job of AWX has no store by default
        response = ask(**store)
        assert (response["successful"], response["status"]) == (False, 500)
        assert response["error"]["code"] == "COM10010"
        assert "ocp_task_store" in response["error"]["message"]
        assert len(response["traceId"]) == 16
