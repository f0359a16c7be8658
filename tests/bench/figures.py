# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the bench, as in bench.json, and their arithmetic."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Spread:
    """The median of some figures, and the smallest and the biggest of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> Spread:
        """Of at least one figure; raises ValueError for none."""
        values = list(figures)
        if not values:
            raise ValueError("no figures")
        return cls(statistics.median(values), min(values), max(values))

    def text(self, digits: int, scale: float = 1.0) -> str:
        """For example `1.23 (1.20 to 1.31)`; only the median if all three look the same."""
        median, least, most = (f"{value * scale:.{digits}f}" for value in (self.median, self.least, self.most))
        return median if least == most else f"{median} ({least} to {most})"


@dataclass(frozen=True)
class Round:
    """One run of one contender.

    wall, user, system: seconds; user and system of the controller's processes, from `cpu_source`.
    peak_process, peak_sum: bytes. outliving: processes left when the command had ended. detached: seconds of
    CPU of the processes that outlived their parent, which `user` and `system` contain.
    running_at_end, running_later: hosts with a program of the agent, at the end of the command and 10 s later.
    """

    contender: str
    number: int
    status: int
    wall: float
    user: float
    system: float
    peak_process: int
    peak_sum: int | None
    outliving: int
    cpu_source: str
    running_at_end: int
    running_later: int
    detached: float = 0.0

    @property
    def cpu(self) -> float:
        return self.user + self.system


@dataclass
class Cell:
    """All rounds of one setting. run: when, where and by which command line. titles: of the contenders, in order."""

    hosts: int
    agents: str
    run: dict[str, Any]
    titles: dict[str, str]
    rounds: list[Round] = field(default_factory=list)

    def of(self, contender: str) -> list[Round]:
        return [found for found in self.rounds if found.contender == contender]

    def wall(self, contender: str) -> Spread:
        return Spread.of(found.wall for found in self.of(contender))

    def cpu(self, contender: str) -> Spread:
        return Spread.of(found.cpu for found in self.of(contender))

    def peak(self, contender: str) -> Spread:
        return Spread.of(found.peak_process for found in self.of(contender))

    def measured(self) -> list[str]:
        """The contenders with at least one run, in order."""
        return [name for name in self.titles if self.of(name)]


@dataclass
class Results:
    """Everything in bench.json.

    settings: the cell of that command. resolve, program, profile: the figures of these commands, with their `run`.
    """

    cells: list[Cell] = field(default_factory=list)
    resolve: dict[str, Any] | None = None
    program: dict[str, Any] | None = None
    profile: dict[str, Any] | None = None
    settings: Cell | None = None

    def cell(self, hosts: int, agents: str) -> Cell | None:
        """The cell of a setting."""
        return next((cell for cell in self.cells if (cell.hosts, cell.agents) == (hosts, agents)), None)

    def put(self, cell: Cell) -> None:
        """Add a cell, in place of an older one of the same setting."""
        kept = [old for old in self.cells if (old.hosts, old.agents) != (cell.hosts, cell.agents)]
        self.cells = sorted([*kept, cell], key=lambda one: (one.agents, one.hosts))


def load(path: Path) -> Results:
    """The results in a file; none if there is no file."""
    if not path.exists():
        return Results()
    found = json.loads(path.read_text(encoding="utf-8"))
    cells = [_cell(cell) for cell in found["cells"]]
    settings = found.get("settings")
    return Results(
        cells, found["resolve"], found["program"], found.get("profile"), _cell(settings) if settings else None
    )


def _cell(document: dict[str, Any]) -> Cell:
    return Cell(**{**document, "rounds": [Round(**one) for one in document["rounds"]]})


def save(results: Results, path: Path) -> None:
    """Write the results atomically, so that a killed bench leaves the old or the new file."""
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(asdict(results), indent=1) + "\n", encoding="utf-8")
    os.replace(new, path)
