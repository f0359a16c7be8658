# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for every task of OCP's API, whatever its result."""

from __future__ import annotations

from typing import Any

DETAIL = {"startTime", "finishTime", "executor"}


STOP_NODES = ("Prepare stop OCP agent", "Stop all OCP agent processes", "Finish OCP agent operation")
START_NODES = ("Prepare start OCP agent", "Start all OCP agent processes", "Finish OCP agent operation")
RESTART_NODES = (
    "Prepare restart OCP agent",
    "Restart pos proxy",
    "Stop all OCP agent processes",
    "Start all OCP agent processes",
    "Finish OCP agent operation",
)


def check_graph(task: dict[str, Any], hosts: int, nodes: tuple[str, ...] = STOP_NODES) -> None:
    """Assert the rules of OCP's task graph for so many hosts: the nodes, with a wait node between each two."""
    subtasks = task["subtasks"]
    assert len(subtasks) == len(nodes) * hosts + len(nodes) - 1
    by_id = {subtask["id"]: subtask for subtask in subtasks}
    assert len(by_id) == len(subtasks)
    assert sorted(subtask["seriesId"] for subtask in subtasks) == list(range(len(subtasks)))
    assert sum(len(subtask["downstreams"]) for subtask in subtasks) == 2 * (len(nodes) - 1) * hosts
    for subtask in subtasks:
        assert all(subtask["id"] in by_id[other]["upstreams"] for other in subtask["downstreams"])
        assert all(subtask["id"] in by_id[other]["downstreams"] for other in subtask["upstreams"])
        assert subtask["description"] == subtask["name"]
    ranks: dict[int, int] = {}

    def rank(identifier: int) -> int:
        if identifier not in ranks:
            ranks[identifier] = 1 + max((rank(other) for other in by_id[identifier]["upstreams"]), default=0)
        return ranks[identifier]

    stages: dict[int, list[dict[str, Any]]] = {}
    for identifier, subtask in by_id.items():
        stages.setdefault(rank(identifier), []).append(subtask)
    names = [name for node in nodes for name in (node, "Wait node")][:-1]
    assert [{subtask["name"] for subtask in stages[number]} for number in sorted(stages)] == [{name} for name in names]
    for stage in stages.values():
        indices = sorted(subtask["parallelIdx"] for subtask in stage)
        assert indices in (list(range(hosts)), [-1])


def check_truth(task: dict[str, Any]) -> None:
    """Assert consistent states: nothing ran after a failure, and every failure has its cause."""
    by_id = {subtask["id"]: subtask for subtask in task["subtasks"]}
    for subtask in by_id.values():
        status = subtask["status"]
        assert ("error" in subtask) == (status == "FAILED"), subtask
        if status == "FAILED":
            assert set(subtask["error"]) == {"code", "message"}
            assert subtask["error"]["message"]
        if status == "SUCCESSFUL":
            assert set(subtask) >= DETAIL
            assert subtask["startTime"] <= subtask["finishTime"]
        if status == "PENDING" and subtask["operation"] != "ROLLBACK":
            assert not DETAIL & set(subtask)
    goal = "PENDING" if task["operation"] == "ROLLBACK" else "SUCCESSFUL"
    done = all(subtask["status"] == goal for subtask in by_id.values())
    assert task["status"] == ("SUCCESSFUL" if done else "FAILED")
    assert task["finishTime"] >= task["startTime"]
