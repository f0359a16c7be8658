# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of each group of hosts when a task ends early, by operation and phase."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import CANCELLED, INTERRUPTED, NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.how_far import how_far
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import rollback, skip
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task

NewTask = Callable[..., Task]
Play = Callable[..., Task]
CANCEL = Outcome.failure(CANCELLED, "the task was cancelled")
CUT = Outcome.failure(INTERRUPTED, "the run was ended before its report")


def failure() -> Outcome:
    return Outcome.failure(NO_CONNECTION, "no route", "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00")


@pytest.mark.parametrize(
    ("definition", "behind", "words"),
    [
        ("batch_stop_agents", "prepare", "not begun"),
        ("batch_stop_agents", "stop", "stopped, not verified"),
        ("batch_stop_agents", "finish", "stopped and verified"),
        ("batch_start_agents", "prepare", "not begun"),
        ("batch_start_agents", "start", "started, not verified"),
        ("batch_start_agents", "finish", "started and verified"),
        ("batch_restart_agents", "prepare", "not begun"),
        ("batch_restart_agents", "restart_pos_proxy", "pos proxy restarted, agent not stopped"),
        ("batch_restart_agents", "stop", "stopped, not started again"),
        ("batch_restart_agents", "start", "restarted, not verified"),
        ("batch_restart_agents", "finish", "restarted and verified"),
    ],
)
def test_behind_each_phase(new_task: NewTask, play: Play, definition: str, behind: str, words: str) -> None:
    task = play(new_task(2, definition), until=behind)
    assert how_far(task) == f"2 hosts {words}"


@pytest.mark.parametrize("cause", [CANCEL, CUT])
def test_who_was_at_work_and_who_was_not_begun(
    new_task: NewTask, play: Play, success: Outcome, cause: Outcome
) -> None:
    task = play(new_task(3), until="prepare")
    not_begun = Outcome.failure(CANCELLED, "the task was cancelled before its turn")
    task.settle("stop", {0: success, 1: not_begun}, complete=False)
    task.close("end", cause)
    assert how_far(task) == (
        "1 host stopped, not verified; 1 host not begun; 1 host in the middle of Stop, how far is not known"
    )


def test_who_was_cut_off_in_finish_is_stopped(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), until="stop")
    task.close("end", CUT)
    assert how_far(task) == "1 host stopped, not verified"


def test_failures_have_their_phase(new_task: NewTask, play: Play) -> None:
    task = play(new_task(3, max_fail_percentage=50), {("prepare", 0): failure(), ("finish", 2): failure()})
    assert how_far(task) == "1 host stopped and verified; 1 host failed in Finish; 1 host failed in Prepare"
    assert how_far(play(new_task(2), {("stop", 0): failure(), ("stop", 1): failure()})) == "2 hosts failed in Stop"


def test_what_was_skipped_is_not_verified(new_task: NewTask, play: Play) -> None:
    task = play(new_task(1), {("stop", 0): replace(failure(), changed=None)})
    skip(task, [task.failures[0].id])
    task.begin()
    task.close("end", CANCEL)
    assert how_far(task) == "1 host gone past what was skipped, not verified"


def test_a_rollback_has_its_failures_only(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), {("stop", 0): failure()})
    rollback(task)
    assert how_far(task) == ""
