# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures about size, as in size.json."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Node:
    """One node of a workflow, with all of its jobs.

    wall: seconds, from the start of the first job to the end of the last. cpu: seconds of the controller's processes.
    peak_process: bytes of the biggest of them. hosts_cpu, store_cpu: seconds of the simulated hosts' servers and of the
    database server meanwhile; they do not belong to the controller.
    """

    name: str
    jobs: int
    wall: float
    cpu: float
    peak_process: int
    hosts_cpu: float
    store_cpu: float


@dataclass
class Workflow:
    """A measured workflow.

    run: when, where, with what. idle: a playbook without tasks over the inventory of all hosts. phase_seconds: by
    phase, the time of a simulated host to answer. store_accepted, store_ended: bytes of the store's tables with their
    indexes, after accept and after the end of the task; tables: each of them after the end. response, statistic,
    output: bytes of the response, of the report's artifacts in AWX, and of its output. connections: to hosts, in all;
    most_connections: at one time.
    """

    hosts: int
    slices: int
    run: dict[str, Any]
    phase_seconds: dict[str, float]
    idle: Node | None = None
    nodes: list[Node] = field(default_factory=list)
    store_accepted: int = 0
    store_ended: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    response: int = 0
    statistic: int = 0
    output: int = 0
    connections: int = 0
    most_connections: int = 0

    def node(self, name: str) -> Node:
        """The node of this name. Raises KeyError."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


@dataclass
class Sizes:
    """Everything in size.json."""

    workflows: list[Workflow] = field(default_factory=list)

    def put(self, workflow: Workflow) -> None:
        """Add a workflow, in place of an older one of the same size."""
        key = (workflow.slices, workflow.hosts)
        kept = [old for old in self.workflows if (old.slices, old.hosts) != key]
        self.workflows = sorted([*kept, workflow], key=lambda one: (one.slices, one.hosts))


def load(path: Path) -> Sizes:
    """The contents of a file; none if there is no file."""
    if not path.exists():
        return Sizes()
    return Sizes([_workflow(one) for one in json.loads(path.read_text(encoding="utf-8"))["workflows"]])


def _workflow(document: dict[str, Any]) -> Workflow:
    idle, nodes = document["idle"], document["nodes"]
    return Workflow(**{**document, "idle": Node(**idle) if idle else None, "nodes": [Node(**node) for node in nodes]})


def save(sizes: Sizes, path: Path) -> None:
    """Write them atomically, so that a killed bench leaves the old or the new file."""
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(asdict(sizes), indent=1) + "\n", encoding="utf-8")
    os.replace(new, path)
