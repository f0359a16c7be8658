# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.outline import of_list, of_task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task

MakeTask = Callable[..., Task]
Play = Callable[..., Task]
DEAD = Outcome.failure(NO_CONNECTION, "host1 (host id 1002): \x1b[31mConnection refused\nand more")


def test_a_task_that_is_through(new_task: MakeTask, play: Play) -> None:
    assert of_task(play(new_task(2))) == [
        "task 5000: Batch stop OCP agent: SUCCESSFUL",
        "begun 2021-09-03T15:01:10+08:00 by admin, ended 2021-09-03T15:01:20+08:00",
        "2 hosts: host0, host1. 2 hosts stopped and verified",
        "Prepare stop OCP agent: 2 SUCCESSFUL",
        "Wait node: SUCCESSFUL",
        "Stop all OCP agent processes: 2 SUCCESSFUL",
        "Wait node: SUCCESSFUL",
        "Finish OCP agent operation: 2 SUCCESSFUL",
    ]


def test_hosts_that_are_not_through_are_named(new_task: MakeTask, play: Play) -> None:
    lines = of_task(play(new_task(3), {("prepare", 1): DEAD}))
    assert lines[0] == "task 5000: Batch stop OCP agent: FAILED"
    assert "Prepare stop OCP agent: 1 FAILED (host1), 2 SUCCESSFUL" in lines
    assert lines[-1] == (
        "subtask 7002 FAILED: [Prepare stop OCP agent] CMP07002 host1 (host id 1002): "
        "\\x1b[31mConnection refused and more"
    )


def test_a_task_at_work(new_task: MakeTask, play: Play) -> None:
    lines = of_task(play(new_task(2), until="prepare"))
    assert lines[0] == "task 5000: Batch stop OCP agent: RUNNING"
    assert "ended" not in lines[1]
    assert "Stop all OCP agent processes: 2 RUNNING" in [line.replace("READY", "RUNNING") for line in lines]


def test_a_thousand_failures_fit_on_a_screen(new_task: MakeTask, play: Play) -> None:
    lines = of_task(play(new_task(1000), {("prepare", index): DEAD for index in range(1000)}))
    assert len(lines) <= 30
    assert lines[-1] == "and 980 more failures"
    assert max(map(len, lines)) <= 500


def test_a_list(new_task: MakeTask, play: Play) -> None:
    failed = play(new_task(40), {("prepare", 1): DEAD})
    assert of_list([failed, play(new_task(1))], 7, 2, 2) == [
        "ID    STATUS      OPERATION             BEGUN                      BY     HOSTS",
        "5000  FAILED      Batch stop OCP agent  2021-09-03T15:01:10+08:00  admin  "
        "40 hosts: host0, host1, host2 and 37 more",
        "5000  SUCCESSFUL  Batch stop OCP agent  2021-09-03T15:01:10+08:00  admin  1 host: host0",
        "tasks 3 to 4 of 7",
    ]


def test_a_list_that_is_whole_or_empty(new_task: MakeTask) -> None:
    assert len(of_list([new_task(1)], 1, 1, 10)) == 2
    assert of_list([], 0, 1, 10) == ["no task here, 0 in all"]
    assert of_list([], 7, 3, 10) == ["no task here, 7 in all"]
