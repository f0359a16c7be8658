# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import CANCELLED, INTERRUPTED, NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import rollback
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.report import summary
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task

NewTask = Callable[..., Task]
Play = Callable[..., Task]
BROKEN = Outcome.failure(INTERRUPTED, "TimeoutError: 30 s")
RAN = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}


def failure(message: str = "no route") -> Outcome:
    return Outcome.failure(NO_CONNECTION, message, "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00")


# The summary


@pytest.mark.parametrize(
    ("definition", "name"),
    [
        ("batch_stop_agents", "Batch stop OCP agent"),
        ("batch_start_agents", "Batch start OCP agent"),
        ("batch_restart_agents", "Batch restart OCP agent"),
    ],
)
def test_success(new_task: NewTask, play: Play, definition: str, name: str) -> None:
    assert summary(play(new_task(1, definition))) == f"{name}: task 5000 SUCCESSFUL, 1 host"


def test_failures_and_who_was_held_back(new_task: NewTask, play: Play) -> None:
    task = play(new_task(4), {("prepare", 1): failure(), ("prepare", 3): failure("refused")})
    assert summary(task) == (
        "Batch stop OCP agent: task 5000 FAILED, 4 hosts, 2 FAILED. 2 hosts not begun; 2 hosts failed in Prepare"
    )


def test_nobody_was_held_back(new_task: NewTask, play: Play) -> None:
    assert summary(play(new_task(1), {("prepare", 0): failure()})) == (
        "Batch stop OCP agent: task 5000 FAILED, 1 host, 1 FAILED. 1 host failed in Prepare"
    )


def test_one_was_held_back(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), {("prepare", 1): failure()})
    assert summary(task).endswith(". 1 host not begun; 1 host failed in Prepare")


def test_a_broken_barrier(new_task: NewTask, success: Outcome) -> None:
    task = new_task(2)
    task.settle("prepare", {0: success, 1: success})
    task.close("end", BROKEN)
    assert summary(task).endswith("2 hosts, 1 FAILED. 2 hosts not begun")


def test_a_cancelled_task(new_task: NewTask, play: Play, success: Outcome) -> None:
    task = play(new_task(2), until="prepare")
    task.settle("stop", {0: success}, complete=False)
    task.close("end", Outcome.failure(CANCELLED, "the task was cancelled"), cancelled=True)
    assert summary(task) == (
        "Batch stop OCP agent: task 5000 FAILED (CANCEL), 2 hosts, 1 FAILED. 1 host stopped, not verified; 1 host in "
        "the middle of Stop, how far is not known"
    )


def test_a_rollback(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), {("stop", 0): replace(failure(), changed=True, ran_as=RAN)})
    rollback(task)
    again = Task.load(task.dump())
    assert summary(play(task), {"start": 1}) == (
        "Rollback of Batch stop OCP agent: task 5000 SUCCESSFUL (ROLLBACK), 2 hosts: 1 agent started again"
    )
    assert summary(play(again, {("start", 0): failure()})) == (
        "Rollback of Batch stop OCP agent: task 5000 FAILED (ROLLBACK), 2 hosts, 1 FAILED"
    )


def test_500_failures_make_no_wall_of_text(new_task: NewTask, play: Play) -> None:
    text = summary(play(new_task(500), {("prepare", index): failure() for index in range(500)}))
    assert text.endswith("500 FAILED. 500 hosts failed in Prepare")


def test_it_is_one_line(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), {("prepare", 0): failure("ssh: connect\r\nWelcome\nto this host\n")})
    assert len(summary(task).splitlines()) == 1
