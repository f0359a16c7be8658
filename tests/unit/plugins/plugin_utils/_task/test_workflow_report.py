# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.slice import Slice
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.workflow_report import of_barrier, of_slice

NewTask = Callable[..., Task]
Play = Callable[..., Task]
LOST = Outcome.failure(NO_CONNECTION, "host1: no route", "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00")


def said_of(share: Task, *, check_mode: bool = False, **ours: Any) -> tuple[str, bool]:
    return of_slice(share, Slice(**ours), check_mode=check_mode)


def test_a_slice_that_went_well(new_task: NewTask, play: Play, success: Outcome) -> None:
    share = new_task(2)
    share.begin()
    share.settle("prepare", {0: success, 1: success})
    assert said_of(share) == ("Batch stop OCP agent: task 5000, a slice: 2 hosts taken", True)


def test_a_slice_with_nothing_of_its_own(new_task: NewTask) -> None:
    message, successful = said_of(new_task(0), done=["db1 (host id 1)"], held=["db2 (host id 2)"])
    assert successful
    assert "nothing is due that another slice has not taken" in message
    assert "left alone (handed in before): db1 (host id 1)" in message
    assert "left alone (another slice works on): db2 (host id 2)" in message


def test_a_slice_of_a_task_that_is_done(new_task: NewTask, play: Play) -> None:
    said = "Batch stop OCP agent: task 5000 has ended SUCCESSFUL: nothing is due"
    done = play(new_task(1))
    assert said_of(done) == (said, True)
    assert said_of(done, check_mode=True) == (f"check mode, nothing was changed: {said}", True)
    assert of_barrier(done) == said


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        ({"lost": ["db1"]}, "a slice that is gone had taken them: db1"),
        ({"refused": ["db1"]}, "too late, the barrier had waited no longer and has them FAILED: db1"),
        (
            {"problem": "away", "kept": {1: Outcome()}},
            "1 outcomes are not handed in, the barrier has them FAILED: away",
        ),
    ],
)
def test_a_slice_whose_work_does_not_count(new_task: NewTask, ours: dict[str, Any], said: str) -> None:
    message, successful = said_of(new_task(1), **ours)
    assert said in message
    assert not successful


def test_a_slice_with_hosts_that_failed(new_task: NewTask, success: Outcome) -> None:
    share = new_task(2)
    share.begin()
    share.settle("prepare", {0: success, 1: LOST})
    message, successful = said_of(share, check_mode=True)
    assert message.startswith(
        "check mode, nothing was changed: Batch stop OCP agent: task 5000, a slice: 2 hosts taken"
    )
    assert message.endswith("; 1 FAILED: [Prepare stop OCP agent] CMP07002 host1: no route")
    assert not successful


def test_a_barrier_that_goes_on(new_task: NewTask, play: Play) -> None:
    task = play(new_task(3, max_fail_percentage=50), {("prepare", 1): LOST}, until="prepare")
    assert of_barrier(task) == "Batch stop OCP agent: task 5000 RUNNING, next stop on 2 of 3 hosts, 1 FAILED"


def test_a_barrier_of_a_task_that_has_ended(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), {("prepare", 0): LOST})
    assert of_barrier(task) == "Batch stop OCP agent: task 5000 has ended FAILED: nothing is due"
