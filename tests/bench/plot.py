# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bench.svg: wall time and CPU time by the number of hosts."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from .figures import Cell, Results, Spread

LICENSE = """<!-- Copyright (c) 2026, OceanBase OCP collection contributors
     GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
     SPDX-License-Identifier: GPL-3.0-or-later -->
"""


def svg(results: Results) -> str:
    """The plot: a row for each kind of agents, a column for each measure, a line for each contender."""
    kinds = sorted({cell.agents for cell in results.cells})
    # Text stays text in the SVG, and the same figures give the same file.
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.family": "sans-serif"})
    figure, axes = plt.subplots(len(kinds), 2, figsize=(11, 4 * len(kinds) + 1), squeeze=False, layout="constrained")
    for row, agents in zip(axes, kinds, strict=True):
        cells = [cell for cell in results.cells if cell.agents == agents]
        for axis, measure in zip(row, ("wall", "cpu"), strict=True):
            _draw(axis, cells, measure)
            axis.set_title(f"{'wall time' if measure == 'wall' else 'CPU time of the controller'}, {agents} agents")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    output = io.StringIO()
    figure.savefig(output, format="svg", metadata={"Date": None})
    plt.close(figure)
    head, end, body = output.getvalue().partition("?>\n")
    return "\n".join(line.rstrip() for line in (head + end + LICENSE + body).splitlines()) + "\n"


def _draw(axis: Axes, cells: list[Cell], measure: str) -> None:
    titles = {name: title for cell in cells for name, title in cell.titles.items()}
    for number, (name, title) in enumerate(titles.items()):
        points: list[tuple[int, Spread]] = [
            (cell.hosts, cell.wall(name) if measure == "wall" else cell.cpu(name)) for cell in cells if cell.of(name)
        ]
        if not points:
            continue
        middle = [spread.median for dummy, spread in points]
        below = [spread.median - spread.least for dummy, spread in points]
        above = [spread.most - spread.median for dummy, spread in points]
        axis.errorbar(
            [count for count, dummy in points],
            middle,
            yerr=[below, above],
            label=title,
            color=f"C{number}",
            marker="o",
            markersize=4,
            capsize=3,
            linewidth=2.5 if name.startswith("ours") else 1.2,
            linestyle="-" if name.startswith("ours") else "--",
        )
    counts = sorted({cell.hosts for cell in cells})
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xticks(counts, [str(count) for count in counts], minor=False)
    axis.set_xticks([], minor=True)
    axis.set_xlabel("hosts")
    axis.set_ylabel("seconds")
    axis.yaxis.set_major_formatter(lambda value, dummy: f"{value:g}")
    axis.grid(visible=True, which="both", alpha=0.25)
