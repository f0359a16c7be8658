# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks for the tests of the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import FAILED, Outcome, Task

START = "2026-11-24T10:00:00.5+08:00"
END = "2026-11-24T10:00:09+08:00"
STOP = "batch_stop_agents"


def builder(host_ids: Sequence[int], definition: str = STOP) -> Callable[[int, int], Task]:
    """The builder that Store.create() needs."""

    def build(task_id: int, first_subtask_id: int) -> Task:
        return Task.create(
            definition,
            [Target(host_id, f"db{host_id}") for host_id in host_ids],
            task_id=task_id,
            first_subtask_id=first_subtask_id,
            creator="alice",
            creator_id=7,
            executor="192.0.2.7",
            started=START,
        )

    return build


def carry_out(task: Task, failing: Sequence[int] = ()) -> Task:
    """Run a task to its end. failing: positions of hosts that fail in its first phase."""
    bad = Outcome("CMP07002", "no way to the host", START, END, changed=False, log=[(0.5, "tried")])
    good = Outcome(
        started=START,
        finished=END,
        changed=True,
        home="/home/admin/ocp_agent",
        ran_as={"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]},
    )
    first = True
    while work := task.work():
        task.begin()
        for phase, positions in work.items():
            task.settle(phase, {n: bad if first and n in failing else good for n in positions})
            first = False
            task.pass_wait(phase, START, END)
    task.close(END)
    assert (task.status == FAILED) == bool(failing)
    return task
