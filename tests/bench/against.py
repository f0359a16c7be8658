# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This checkout of the collection beside another one, in one run."""

from __future__ import annotations

from pathlib import Path

from .compare import compare
from .contenders import BenchError, Contender
from .contenders.ours import Ours
from .figures import Cell, Spread

BEFORE, AFTER = "before", "after"


def against(checkout: Path, count: int, agents: str, rounds: int) -> str:
    """Let both stop the agents of *count* hosts in turn. Returns what it took, for people.

    checkout: the folder of the other checkout. agents: a name in compare.AGENTS. Raises BenchError.
    """
    if not (checkout / "galaxy.yml").is_file():
        raise BenchError(f"{checkout} is no checkout of this collection: it has no galaxy.yml")
    contenders: list[Contender] = [Ours(BEFORE, str(checkout), checkout=checkout.resolve()), Ours(AFTER, "this")]
    return summary(compare(count, agents, rounds, contenders, lambda _cell: None))


def summary(cell: Cell) -> str:
    """The medians of both checkouts, with the smallest and the biggest figure, and the second divided by the first.

    Raises BenchError where a round failed: what it took means nothing.
    """
    if any(found.status or found.running_later for found in cell.rounds):
        raise BenchError(f"{cell.hosts} hosts, {cell.agents}: a round has failed")
    parts = []
    for name, figure in (("wall time", "wall"), ("CPU time", "cpu")):
        before, after = (
            Spread.of(getattr(found, figure) for found in cell.rounds if found.contender == contender)
            for contender in (BEFORE, AFTER)
        )
        ratio = after.median / before.median
        parts.append(f"{name} {before.text(2)} s before, {after.text(2)} s after, ratio {ratio:.2f}")
    return f"{cell.hosts} hosts, {cell.agents}: {'; '.join(parts)}"
