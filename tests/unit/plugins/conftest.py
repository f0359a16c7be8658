# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import Outcome, Task


@pytest.fixture
def new_task() -> Callable[..., Task]:
    """Make a task for that many hosts; timeouts as in Task.create."""

    def make(hosts: int, timeouts: dict[str, int] | None = None) -> Task:
        return Task.create(
            "batch_stop_agents",
            [Target(1001 + index, f"host{index}") for index in range(hosts)],
            first_id=5000,
            creator="admin",
            executor="192.0.2.7",
            started="2021-09-03T15:01:10.636+08:00",
            timeouts=timeouts,
        )

    return make


@pytest.fixture
def success() -> Outcome:
    return Outcome(started="2021-09-03T15:01:11+08:00", finished="2021-09-03T15:01:12+08:00")
