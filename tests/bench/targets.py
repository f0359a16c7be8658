# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets of the project, and the figures reached."""

from __future__ import annotations

from dataclasses import dataclass

from .figures import Cell

OURS = "ours"
AGENTS = "instant"
HOSTS, MANY_HOSTS = 200, 800
PEAK_PROCESS = 250e6  # bytes, of any one process with MANY_HOSTS


@dataclass(frozen=True)
class Target:
    """The highest accepted ratio of ours to the other. The aim may be lower."""

    wall: float
    cpu: float
    wall_aim: float | None = None
    cpu_aim: float | None = None


# By name of the contender.
TARGETS = {
    "shell": Target(0.2, 0.15),
    "clustershell": Target(0.4, 0.15),
    "clustershell-once": Target(1.0, 0.4),
    "pyinfra": Target(1.5, 1.0, 0.8, 0.6),
}


@dataclass(frozen=True)
class Line:
    """A target and the figure reached. digits: of both figures."""

    what: str
    measure: str
    reached: float
    target: float
    aim: float | None = None
    digits: int = 2

    @property
    def met(self) -> bool:
        return self.reached <= self.target

    def cells(self) -> list[str]:
        """A row of the table."""
        aim = "" if self.aim is None else f" (aim: {self.aim:g})"
        return [self.what, self.measure, f"{self.reached:.{self.digits}f}", f"{self.target:g}{aim}", self.verdict()]

    def verdict(self) -> str:
        if self.aim is not None and self.reached <= self.aim:
            return "met, with the aim"
        return "met" if self.met else "missed"


def growth(cells: list[Cell]) -> dict[str, tuple[float, float]]:
    """The factors by which wall and CPU time grow from HOSTS to MANY_HOSTS, by title: of ours and the others."""
    of_size = {cell.hosts: cell for cell in cells if cell.agents == AGENTS}
    few, many = of_size.get(HOSTS), of_size.get(MANY_HOSTS)
    if not few or not many:
        return {}
    return {
        few.titles[name]: (
            many.wall(name).median / few.wall(name).median,
            many.cpu(name).median / few.cpu(name).median,
        )
        for name in (OURS, *TARGETS)
        if few.of(name) and many.of(name)
    }


def lines(cells: list[Cell]) -> list[Line]:
    """The measured targets, in order."""
    found: list[Line] = []
    of_size = {cell.hosts: cell for cell in cells if cell.agents == AGENTS and cell.of(OURS)}
    if cell := of_size.get(HOSTS):
        for name, target in TARGETS.items():
            if cell.of(name):
                wall = cell.wall(OURS).median / cell.wall(name).median
                cpu = cell.cpu(OURS).median / cell.cpu(name).median
                against = f"{HOSTS} hosts, divided by: {cell.titles[name]}"
                found += [
                    Line(against, "wall time", wall, target.wall, target.wall_aim),
                    Line(against, "CPU time", cpu, target.cpu, target.cpu_aim),
                ]
    if many := of_size.get(MANY_HOSTS):
        if cell:
            times = MANY_HOSTS / HOSTS
            against = f"{MANY_HOSTS} hosts, divided by {HOSTS} hosts"
            found += [
                Line(against, "wall time", many.wall(OURS).median / cell.wall(OURS).median, times),
                Line(against, "CPU time", many.cpu(OURS).median / cell.cpu(OURS).median, times),
                Line(against, "biggest process", many.peak(OURS).median / cell.peak(OURS).median, times),
            ]
        peak = many.peak(OURS).median * 1e-6
        found.append(Line(f"{MANY_HOSTS} hosts", "biggest process, MB", peak, PEAK_PROCESS * 1e-6, digits=0))
    return found
