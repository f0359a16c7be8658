# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.plan import plan
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import rollback
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task

NewTask = Callable[..., Task]
Play = Callable[..., Task]
RAN = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}
DAEMON, CHILD = {"program": "ocp_agentd", "pid": 13}, {"program": "ocp_mgragent", "pid": 15}
BOTH = {"processes": [DAEMON, CHILD], "changed": True}
NONE: dict[str, Any] = {"processes": [], "changed": False}
STARTS = {"processes": [], "changed": True}
RUNS = {"processes": [DAEMON, CHILD], "changed": False}
LOST = {"unreachable": True}
SIGNALS = "SIGTERM to ocp_agentd (pid 13), then, if it is left, SIGTERM to ocp_mgragent (pid 15)"


def failure(message: str = "no route") -> Outcome:
    return Outcome.failure(NO_CONNECTION, message, "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00")


def told(task: Task, results: dict[str, dict[str, Any]]) -> list[str]:
    lines = plan(task, lambda phase, host: results.get(host, {}).get(f"{phase}_result"))
    assert [line.split(": ", 1)[0] for line in lines] == [str(target) for target in task.targets]
    return [line.split("): ", 1)[1] for line in lines]


def test_plan(new_task: NewTask) -> None:
    results = {
        "host0": {"stop_result": BOTH},
        "host1": {"stop_result": {"processes": [CHILD]}},
        "host2": {"stop_result": NONE},
        "host3": {"stop_result": LOST},
    }
    assert told(new_task(5), results) == [
        SIGNALS,
        "SIGTERM to ocp_mgragent (pid 15)",
        "nothing, the agent is stopped",
        "nothing, Stop would not come to it",
        "nothing, Stop would not come to it",
    ]


def test_plan_of_a_start(new_task: NewTask) -> None:
    results = {
        "host0": {"start_result": STARTS},
        "host1": {"start_result": RUNS},
        "host2": {"start_result": LOST},
        "host3": {"prepare_result": LOST},
    }
    assert told(new_task(4, "batch_start_agents"), results) == [
        "start the agent",
        "nothing to start, the agent runs",
        "nothing, Start would not come to it",
        "nothing, Start would not come to it",
    ]


def test_plan_of_a_restart(new_task: NewTask) -> None:
    """The agent of the first host would have been stopped by then. Start itself still sees it run."""
    results = {
        "host0": {"stop_result": BOTH, "start_result": RUNS},
        "host1": {"stop_result": NONE, "start_result": STARTS},
        "host2": {"stop_result": BOTH, "start_result": LOST},
        "host3": {"stop_result": LOST},
    }
    assert told(new_task(4, "batch_restart_agents"), results) == [
        f"{SIGNALS}, then start the agent",
        "start the agent",
        SIGNALS,
        "nothing, Stop would not come to it",
    ]


CHANGED = Outcome(started="2021-09-03T15:01:11+08:00", finished="2021-09-03T15:01:12+08:00", changed=True)


@pytest.mark.parametrize(
    ("definition", "touched", "results", "lines"),
    [
        (
            "batch_stop_agents",
            ["stop"],
            {"host0": {"start_result": STARTS}},
            ["start the agent", "nothing is left to do"],
        ),
        (
            "batch_start_agents",
            ["start"],
            {"host0": {"stop_result": BOTH}},
            [SIGNALS, "nothing is left to do"],
        ),
        (
            "batch_restart_agents",
            ["stop", "start"],
            {"host0": {"stop_result": BOTH, "start_result": RUNS}},
            [f"{SIGNALS}, then start the agent", "nothing is left to do"],
        ),
    ],
)
def test_plan_of_a_rollback(
    new_task: NewTask,
    play: Play,
    definition: str,
    touched: list[str],
    results: dict[str, dict[str, Any]],
    lines: list[str],
) -> None:
    ran_as = RAN if "stop" in touched else None
    told_first = replace(CHANGED, changed=False, ran_as=ran_as, idle=ran_as is None)
    outcomes = {("prepare", 0): told_first, **{(phase, 0): CHANGED for phase in touched}}
    task = play(new_task(2, definition), {**outcomes, ("finish", 0): failure()})
    assert task.records[0].touched == touched
    rollback(task)
    assert told(task, results) == lines
