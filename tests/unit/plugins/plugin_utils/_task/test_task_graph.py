# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The subtasks of an operation and their order."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import OPERATIONS, PHASES, WAIT, Node
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import (
    PENDING,
    READY,
    ROLLBACK,
    Task,
    count_subtasks,
)

NewTask = Callable[..., Task]
FIXTURES = Path(__file__).parents[3] / "fixtures"
# Public samples of OCP's API: OCP 3.1, "Batch stop/restart basic OCP Agent processes on a host".
SAMPLES = {
    "batch_stop_agents": json.loads((FIXTURES / "batch-stop-agents.json").read_text()),
    "batch_restart_agents": json.loads((FIXTURES / "batch-restart-agents.json").read_text()),
}
ORDERS = {
    "batch_stop_agents": ["prepare", "stop", "finish"],
    "batch_start_agents": ["prepare", "start", "finish"],
    "batch_restart_agents": ["prepare", "restart_pos_proxy", "stop", "start", "finish"],
}


def layers(upstreams: dict[int, set[int]]) -> list[set[int]]:
    """The ids of a graph from its roots down. All upstreams of a layer are in earlier layers."""
    waiting = {subtask_id: set(above) for subtask_id, above in upstreams.items()}
    found = []
    while waiting:
        free = {subtask_id for subtask_id, above in waiting.items() if not above}
        assert free, "a cycle"
        found.append(free)
        waiting = {subtask_id: above - free for subtask_id, above in waiting.items() if subtask_id not in free}
    return found


def chain(subtasks: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The subtasks of a sample with one host, without arbitrary values, along the graph."""
    by_id = {subtask["id"]: subtask for subtask in subtasks}
    order = layers({subtask["id"]: set(subtask["upstreams"]) for subtask in subtasks})
    assert {len(layer) for layer in order} == {1}
    found = [by_id[layer.pop()] for layer in order]
    return [(s["name"], s["className"], s["timeout"], s["parallelIdx"], s["status"]) for s in found]


def test_every_operation_has_an_order() -> None:
    assert OPERATIONS.keys() == ORDERS.keys()


@pytest.mark.parametrize("hosts", [1, 2, 3, 500])
@pytest.mark.parametrize("definition", OPERATIONS)
def test_the_graph(new_task: NewTask, definition: str, hosts: int) -> None:
    task, phases = new_task(hosts, definition), ORDERS[definition]
    subtasks, nodes = task.subtasks, len(ORDERS[definition])
    count = nodes * hosts + nodes - 1
    assert len(subtasks) == count == count_subtasks(definition, hosts)
    by_id = {subtask.id: subtask for subtask in subtasks}
    assert len(by_id) == count
    assert sorted(subtask.series_id for subtask in subtasks) == list(range(count))

    around = {subtask.id: (upstreams, downstreams) for subtask, upstreams, downstreams in task.neighbours()}
    assert around.keys() == by_id.keys()
    assert sum(len(downstreams) for dummy, downstreams in around.values()) == 2 * (nodes - 1) * hosts
    downstreams_of = {subtask_id: set(downstreams) for subtask_id, (dummy, downstreams) in around.items()}
    upstreams_of = {subtask_id: set(upstreams) for subtask_id, (upstreams, dummy) in around.items()}
    for subtask_id, (upstreams, downstreams) in around.items():
        assert all(subtask_id in downstreams_of[other] for other in upstreams)
        assert all(subtask_id in upstreams_of[other] for other in downstreams)
        assert len(upstreams_of[subtask_id]) == len(upstreams)
        assert len(downstreams_of[subtask_id]) == len(downstreams)
        subtask = by_id[subtask_id]
        assert (subtask.status, subtask.run_time, subtask.operation) == (PENDING if upstreams else READY, 1, "EXECUTE")
    for phase in phases:
        assert [s.parallel_idx for s in subtasks if s.phase == phase] == list(range(hosts))
    assert [s.parallel_idx for s in subtasks if s.phase == "wait"] == [-1] * (nodes - 1)

    order = [{by_id[subtask_id].phase for subtask_id in layer} for layer in layers(upstreams_of)]
    assert order[::2] == [{phase} for phase in phases]
    assert order[1::2] == [{"wait"}] * (nodes - 1)


@pytest.mark.parametrize(("hosts", "subtasks", "edges"), [(1, 5, 4), (2, 8, 8), (500, 1502, 2000)])
def test_a_stop_has_3n_and_2_subtasks_and_4n_edges(new_task: NewTask, hosts: int, subtasks: int, edges: int) -> None:
    around = list(new_task(hosts).neighbours())
    assert (len(around), sum(len(downstreams) for *dummy, downstreams in around)) == (subtasks, edges)


@pytest.mark.parametrize("definition", SAMPLES)
def test_it_is_the_sample_s(new_task: NewTask, definition: str) -> None:
    task, sample = new_task(1, definition), SAMPLES[definition]["data"]
    nodes = [(subtask, task.what.node(subtask.phase)) for subtask in task.subtasks]
    assert task.name == sample["name"]
    assert [(n.name, n.class_name, s.timeout, s.parallel_idx, s.status) for s, n in nodes] == chain(sample["subtasks"])


def test_start_is_made_after_the_other_two() -> None:
    start, stop, restart = (OPERATIONS[f"batch_{name}_agents"] for name in ("start", "stop", "restart"))
    assert start.name == stop.name.replace("stop", "start")
    assert [node.class_name for node in start.nodes] == [
        node.class_name.replace("Stop", "Start") for node in stop.nodes
    ]
    assert start.node("start") == restart.node("start")
    assert [node.timeout for node in start.nodes] == [node.timeout for node in stop.nodes]


@pytest.mark.parametrize("definition", OPERATIONS)
def test_what_runs_on_hosts_is_in_the_order_of_the_playbooks(definition: str) -> None:
    assert ORDERS[definition] == [phase for phase in PHASES if phase in ORDERS[definition]]
    assert [node.phase for node in OPERATIONS[definition].nodes] == ORDERS[definition]


def test_what_undoes_what() -> None:
    undo = {node.phase: node.undo for operation in OPERATIONS.values() for node in operation.nodes}
    assert undo == {"prepare": None, "restart_pos_proxy": None, "stop": "start", "start": "stop", "finish": None}
    assert {name: operation.goal for name, operation in OPERATIONS.items()} == {
        "batch_stop_agents": "stopped",
        "batch_start_agents": "running",
        "batch_restart_agents": "restarted",
    }
    assert {operation.role for operation in OPERATIONS.values()} == {"HOST_MANAGER"}


def test_a_node_by_its_phase() -> None:
    operation = OPERATIONS["batch_restart_agents"]
    assert operation.node("wait") is WAIT
    assert isinstance(operation.node("restart_pos_proxy"), Node)
    with pytest.raises(StopIteration):
        OPERATIONS["batch_stop_agents"].node("restart_pos_proxy")


def test_ids_are_those_that_were_reserved(new_task: NewTask) -> None:
    task = new_task(2)
    assert (task.id, sorted(subtask.id for subtask in task.subtasks)) == (5000, list(range(7001, 7009)))


def test_timeouts(new_task: NewTask) -> None:
    assert {s.phase: s.timeout for s in new_task(1).subtasks} == {"prepare": 60, "wait": 30, "stop": 600, "finish": 60}
    task = new_task(1, timeouts={"stop": 7, "wait": 8, "start": 9})
    assert {s.phase: s.timeout for s in task.subtasks} == {"prepare": 60, "wait": 8, "stop": 7, "finish": 60}


def test_timeouts_of_a_resumed_task_are_its_subtasks(new_task: NewTask) -> None:
    task = new_task(1, "batch_restart_agents")
    task.stages[4][0].timeout = 7
    assert task.timeouts == {"prepare": 60, "restart_pos_proxy": 60, "stop": 7, "start": 600, "finish": 60, "wait": 30}


def test_what_only_a_rollback_runs_has_the_time_of_what_it_undoes(new_task: NewTask) -> None:
    def in_rollback(definition: str) -> Task:
        task = new_task(1, definition, timeouts={"stop": 7, "start": 8, "finish": 9})
        task.operation = ROLLBACK
        return task

    assert in_rollback("batch_stop_agents").timeouts["start"] == 7
    assert in_rollback("batch_start_agents").timeouts["stop"] == 8
    restart = in_rollback("batch_restart_agents")
    assert (restart.timeouts["stop"], restart.timeouts["start"]) == (8, 7)
    restart.set_timeouts({"start": 77})
    assert (restart.timeouts["stop"], restart.timeouts["start"], restart.timeouts["finish"]) == (8, 77, 9)
