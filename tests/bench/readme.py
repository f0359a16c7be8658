# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of README.md that the bench writes."""

from __future__ import annotations

from .figures import Cell, Results
from .report import table
from .targets import AGENTS, HOSTS, OURS, TARGETS

BEGIN, END = "<!-- The bench writes what follows. -->\n", "<!-- Here the bench ends. -->\n"


def put(text: str, results: Results) -> str:
    """README.md with the figures of these results, or unchanged if they have none for it.

    Raises ValueError if the text has no place for them.
    """
    before, begin, rest = text.partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md has no {BEGIN.strip()} and {END.strip()}")
    cell = results.cell(HOSTS, AGENTS)
    return "".join([before, begin, _part(cell) if cell and cell.of(OURS) else old, end, after])


def _part(cell: Cell) -> str:
    rows = [
        [
            cell.titles[name],
            f"{cell.wall(name).median:.1f}",
            f"{cell.cpu(name).median:.1f}",
            f"{cell.wall(OURS).median / cell.wall(name).median:.2f}" if name != OURS else "",
            f"{cell.cpu(OURS).median / cell.cpu(name).median:.2f}" if name != OURS else "",
        ]
        for name in (OURS, *TARGETS)
        if cell.of(name)
    ]
    head = [f"{cell.hosts} hosts", "wall, s", "CPU, s", "ours divided by it: wall", "CPU"]
    plot = "![Wall time and CPU time by the number of hosts](docs/bench.svg)"
    return f"\n{table(head, rows)}\n{plot}\n\n"
