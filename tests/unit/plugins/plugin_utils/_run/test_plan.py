# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.plan import intentions, message, plan, screen
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import rollback
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.ways_on import Caller

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
    lines = plan(intentions(task, lambda phase, host: results.get(host, {}).get(f"{phase}_result")))
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


# The last screen of check mode

CALLER = Caller(
    options=["-i", "inventory.yml"], called="oceanbase.ocp.batch_stop_agents", request=["-e", "host_ids=1001,1002"]
)


def stops(pid: int) -> dict[str, Any]:
    return {"processes": [{"program": "ocp_agentd", "pid": pid}], "changed": True}


def test_equal_plans_are_grouped_and_in_the_order_of_the_inventory(new_task: NewTask, play: Play) -> None:
    task = new_task(6)
    results = {f"host{index}": stops(13 + index) for index in (0, 2, 3, 4, 5)} | {"host1": NONE}
    names = ["host5", "host0", "host1", "host2", "host3", "host4"]
    found = intentions(task, lambda phase, host: results[host] if phase == "stop" else None, names)
    assert [line.split()[0] for line in plan(found)] == names
    assert plan(found)[0] == "host5 (host id 1006): SIGTERM to ocp_agentd (pid 18)"
    assert screen(play(task), found, CALLER, held=None, resumed=False) == [
        "Check mode, nothing was changed: Batch stop OCP agent, 6 hosts",
        "",
        "IT WOULD DO",
        "5 hosts: SIGTERM to ocp_agentd",
        "    host5, host0, host2 to host4",
        "1 host: nothing, the agent is stopped",
        "    host1",
        "",
        "Do it:         ansible-playbook -i inventory.yml \\",
        "    oceanbase.ocp.batch_stop_agents -e host_ids=1001,1002",
        "OCP raises alerts for these hosts within a minute of the stop: host_unavailable,",
        "agentd_process_stop, mgragent_process_stop, monagent_process_stop, obagent_dead",
    ]


def test_who_is_held_by_whom_and_how_to_go_on(new_task: NewTask, play: Play) -> None:
    task = play(new_task(4), {("prepare", 1): failure("ssh: no route"), ("prepare", 3): failure("ssh: no route")})
    found = intentions(task, lambda phase, host: stops(1) if phase == "stop" and host in ("host0", "host2") else None)
    assert screen(task, found, CALLER, held="prepare", resumed=False)[:-2] == [
        "Check mode, nothing was changed: Batch stop OCP agent, 4 hosts",
        "2 hosts would be held: host1, host3 fail in Prepare",
        "",
        "WITHOUT THEM IT WOULD DO",
        "2 hosts: SIGTERM to ocp_agentd",
        "    host0, host2",
        "",
        "HOST   WHAT     CAUSE",
        "host1  Prepare  CMP07002 ssh: no route",
        "host3",
        "",
        "Without them:  ansible-playbook -i inventory.yml \\",
        "    oceanbase.ocp.batch_stop_agents -e host_ids=1001,1002 \\",
        "    -e ocp_max_fail_percentage=50",
        "Status:        ansible-playbook -i inventory.yml oceanbase.ocp.agent_status \\",
        "    -e host_ids=1002,1004",
    ]
    assert message(task, "prepare") == (
        "check mode, nothing was changed: Batch stop OCP agent: task 5000 FAILED, 4 hosts, 2 FAILED. "
        "2 hosts would be held: host1, host3 fail in Prepare"
    )


def test_all_fail(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), {("prepare", 0): failure(), ("prepare", 1): failure()})
    lines = screen(task, intentions(task, lambda _phase, _host: None), CALLER, held="prepare", resumed=True)
    assert lines[1] == "No host would be worked on: all fail in Prepare"
    assert lines[3] == "HOST   SUBTASK  WHAT     CAUSE"
    assert not [line for line in lines if line.startswith(("Without", "Do it", "OCP raises"))]


@pytest.mark.parametrize("hosts", [1, 3, 60, 1000])
def test_the_plan_of_any_fleet_fits(new_task: NewTask, play: Play, hosts: int) -> None:
    broken = range(0, hosts, 3)
    task = play(new_task(hosts), {("prepare", index): failure(f"{index} {'why ' * 90}") for index in broken})
    many = {"processes": [{"program": f"program{n}", "pid": n} for n in range(30)], "changed": True}
    found = intentions(task, lambda phase, host: (many if host[-1] == "1" else stops(1)) if phase == "stop" else None)
    request = ["-e", f"host_ids={','.join(str(1001 + index) for index in range(hosts))}"]
    caller = Caller(options=["-i", "inventory.yml"], called="oceanbase.ocp.batch_stop_agents", request=request)
    for one in (caller, None):
        lines = screen(task, found, one, held="prepare", resumed=True)
        assert len(lines) <= 25
        assert max(map(len, lines)) <= 80
        assert ("Without them" in "".join(lines)) == (hosts > 1)
