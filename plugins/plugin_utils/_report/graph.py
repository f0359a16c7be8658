# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The graph of a task as a drawing: where its nodes and edges are, and what is in them."""

from __future__ import annotations

import itertools
import typing as t
from collections import Counter
from dataclasses import dataclass

from .._task.operation import title
from .._task.printable import in_line
from .._task.task import Subtask, Task
from .words import KINDS, WORDS, kind_of

_MOST_HOSTS = 6  # that have a node of their own
_NODE, _WAIT, _GAP = 168, 78, 34
_HEIGHT, _LINE, _ROW_GAP = 80, 44, 10
_THINNEST = 3.0  # part of a bar
_MARGIN = 8
_SIGNS = 19  # of a name, in a node of a host


@dataclass(frozen=True)
class Part:
    """A part of a node's bar. x, width: in the units of the drawing."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True)
class Node:
    """A node. lines: below its name. shares: of each kind, for a node of several hosts."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    name: str
    lines: t.Sequence[str]
    shares: t.Sequence[Part] = ()


@dataclass(frozen=True)
class Graph:
    """A drawing. edges: each as the attribute d of an SVG path. text: the same in words."""

    width: float
    height: float
    nodes: t.Sequence[Node]
    edges: t.Sequence[str]
    text: str


def wide(task: Task) -> Graph:
    """The graph from left to right, with a node for each host if these are few."""
    apart = len(task.targets) <= _MOST_HOSTS
    rows = len(task.targets) if apart else 1
    tall = _LINE if apart else _HEIGHT
    height = rows * (tall + _ROW_GAP) - _ROW_GAP
    columns: list[list[Node]] = []
    x = float(_MARGIN)
    for stage in task.stages:
        is_wait = stage[0].parallel_idx < 0
        width = _WAIT if is_wait else _NODE
        if is_wait or not apart:
            columns.append([_node(task, stage, x, _MARGIN + (height - tall) / 2, width, tall)])
        else:
            places = [_MARGIN + row * (tall + _ROW_GAP) for row in range(rows)]
            columns.append([_node(task, [one], x, y, width, tall) for one, y in zip(stage, places, strict=True)])
        x += width + _GAP
    edges = [
        _curve(left.x + left.width, left.y + left.height / 2, right.x, right.y + right.height / 2)
        for before, after in itertools.pairwise(columns)
        for left in before
        for right in after
    ]
    nodes = [node for column in columns for node in column]
    return Graph(x - _GAP + _MARGIN, height + 2 * _MARGIN, nodes, edges, _text(task))


def narrow(task: Task) -> Graph:
    """The graph from top to bottom, with a node for each phase."""
    width = 300.0
    nodes: list[Node] = []
    y = float(_MARGIN)
    for stage in task.stages:
        is_wait = stage[0].parallel_idx < 0
        nodes.append(_node(task, stage, float(_MARGIN), y, width, _LINE if is_wait else _HEIGHT))
        y += nodes[-1].height + 18
    middle = _MARGIN + width / 2
    edges = [f"M{middle:g} {above.y + above.height:g}V{below.y:g}" for above, below in itertools.pairwise(nodes)]
    return Graph(width + 2 * _MARGIN, y - 18 + _MARGIN, nodes, edges, _text(task))


def _node(
    task: Task, subtasks: t.Sequence[Subtask], x: float, y: float, width: float, height: float
) -> Node:
    counts = _counts(task, subtasks)
    kind = next(one for one in KINDS if counts[one])
    name = title(subtasks[0].phase)
    if subtasks[0].parallel_idx < 0:
        return Node(kind, x, y, width, height, name, [WORDS[kind]])
    if len(subtasks) == 1 and (target := task.target(subtasks[0])) and len(task.targets) <= _MOST_HOSTS:
        host = in_line(target.host)
        return Node(kind, x, y, width, height, name, [host if len(host) <= _SIGNS else host[: _SIGNS - 1] + "…"])
    shown = [f"{counts[one]} {WORDS[one]}" for one in KINDS if counts[one]]
    lines = [", ".join(shown[:2]), ", ".join(shown[2:])]
    shares, left, room = [], x + 10, width - 20 - _THINNEST * len(shown)
    for one in (one for one in KINDS if counts[one]):
        share = round(_THINNEST + room * counts[one] / len(subtasks), 1)
        shares.append(Part(one, round(left, 1), share))
        left += share
    return Node(kind, x, y, width, height, name, lines, shares)


def _counts(task: Task, subtasks: t.Iterable[Subtask]) -> Counter[str]:
    return Counter(kind_of(task, subtask) for subtask in subtasks)


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    if y == to_y:
        return f"M{x:g} {y:g}H{to_x:g}"
    return f"M{x:g} {y:g}C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"


def _text(task: Task) -> str:
    parts = []
    for stage in task.stages:
        counts, is_wait = _counts(task, stage), stage[0].parallel_idx < 0
        states = [WORDS[kind] if is_wait else f"{counts[kind]} {WORDS[kind]}" for kind in KINDS if counts[kind]]
        parts.append(f"{title(stage[0].phase)}: {', '.join(states)}")
    return "; then ".join(parts)
