# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task


@pytest.fixture
def new_task() -> Callable[..., Task]:
    """Make a task for so many hosts. The keywords are those of Task.create."""

    def make(hosts: int, definition: str = "batch_stop_agents", **more: Any) -> Task:
        return Task.create(
            definition,
            [Target(1001 + index, f"host{index}") for index in range(hosts)],
            task_id=5000,
            first_subtask_id=7001,
            creator="admin",
            creator_id=100,
            executor="192.0.2.7",
            started="2021-09-03T15:01:10.636+08:00",
            **more,
        )

    return make


@pytest.fixture
def success() -> Outcome:
    return Outcome(started="2021-09-03T15:01:11+08:00", finished="2021-09-03T15:01:12+08:00", changed=False)


@pytest.fixture
def play(success: Outcome) -> Callable[..., Task]:
    """Run a task as the playbooks do, from its current state.

    outcomes: by phase and host index, those that differ from a success that changed nothing. until: the phase after
    whose barrier the task stays running; without it the task is closed.
    """

    def run(task: Task, outcomes: Mapping[tuple[str, int], Outcome] | None = None, until: str | None = None) -> Task:
        given = outcomes or {}
        task.begin()
        for phase in PHASES:
            due = task.work().get(phase, [])
            task.settle(phase, {index: given.get((phase, index), success) for index in due})
            task.pass_wait(phase, "2021-09-03T15:01:13+08:00", "2021-09-03T15:01:14+08:00")
            task.begin()
            if phase == until:
                return task
        task.close("2021-09-03T15:01:20+08:00")
        return task

    return run
