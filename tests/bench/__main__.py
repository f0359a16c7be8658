# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `python -m tests.bench`, followed by the measurement if it is not the comparison."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.fleet import FleetError

from . import machine, readme
from .against import against
from .compare import AGENTS, compare
from .contenders import CONTENDERS, SETTINGS, BenchError, Contender
from .figures import Cell, Results, load, save
from .program import measure_program
from .report import markdown
from .resolve import resolve
from .size import figures as size_figures
from .size import page as size_page
from .size.workflow import TIMEOUT, measure_workflow
from .timeline import profile

DOCS = machine.ROOT / "docs"


def main() -> int:
    """Measure, then write bench.json, bench.md, bench.svg and the part of README.md. Returns the exit status."""
    options = _parser().parse_args()
    options.hosts = options.hosts or ([1000, 2500, 10000] if options.what == "size" else [50, 200, 800])
    options.output.mkdir(parents=True, exist_ok=True)
    results = load(options.output / "bench.json")
    try:
        if options.what == "resolve":
            results.resolve = resolve(options.rounds)
        elif options.what == "program":
            results.program = measure_program(4 * options.rounds)
        elif options.what == "profile":
            results.profile = profile(options.hosts[-1], options.rounds)
        elif options.what == "settings":
            _settings(options, results)
        elif options.what == "size":
            _size(options)
            return 0
        elif options.what == "compare" and options.against:
            for count in options.hosts:
                for agents in options.agents:
                    print(against(options.against, count, agents, options.rounds), flush=True)
            return 0
        elif options.what == "compare":
            _compare(options, results)
    except (BenchError, FleetError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    write(results, options.output, options.plot)
    if options.output.resolve() == DOCS:
        file = machine.ROOT / "README.md"
        file.write_text(readme.put(file.read_text(encoding="utf-8"), results), encoding="utf-8")
    if options.what == "report":
        _write_size(size_figures.load(options.output / "size.json"), options.output)
    return 0


def write(results: Results, folder: Path, plot: bool) -> None:
    """Write the files of the bench into a folder. plot: whether to draw bench.svg."""
    save(results, folder / "bench.json")
    (folder / "bench.md").write_text(markdown(results), encoding="utf-8")
    if results.cells and plot:
        from .plot import svg  # measuring needs no matplotlib

        (folder / "bench.svg").write_text(svg(results), encoding="utf-8")


def _compare(options: argparse.Namespace, results: Results) -> None:
    chosen = _chosen(options, CONTENDERS)

    def saved(cell: Cell) -> None:  # saves unfinished cells too, since a long bench may be interrupted
        results.put(cell)
        save(results, options.output / "bench.json")

    for count in options.hosts:
        for agents in options.agents:
            compare(count, agents, options.rounds, chosen, saved)


def _settings(options: argparse.Namespace, results: Results) -> None:
    def saved(cell: Cell) -> None:
        results.settings = cell
        save(results, options.output / "bench.json")

    compare(options.hosts[0], options.agents[0], options.rounds, _chosen(options, SETTINGS), saved)


def _size(options: argparse.Namespace) -> None:
    """Measure so many slices for each number of hosts, then a single slice with its share of the last number."""
    sizes = size_figures.load(options.output / "size.json")
    wanted = [(count, options.slices) for count in options.hosts]
    if options.slices > 1 and (alone := options.hosts[-1] // options.slices):
        wanted.append((alone, 1))
    for hosts, slices in wanted:
        work = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
        try:
            sizes.put(measure_workflow(hosts, slices, work))
        finally:
            shutil.rmtree(work, ignore_errors=True)
        size_figures.save(sizes, options.output / "size.json")
    _write_size(sizes, options.output)


def _write_size(sizes: size_figures.Sizes, folder: Path) -> None:
    if sizes.workflows:
        (folder / "size.md").write_text(size_page.markdown(sizes, TIMEOUT), encoding="utf-8")


def _chosen(options: argparse.Namespace, contenders: tuple[Contender, ...]) -> list[Contender]:
    return [contender for contender in contenders if not options.only or contender.name in options.only]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures the operation. What is measured replaces the older figures of the same setting.",
    )
    parser.add_argument(
        "what",
        nargs="?",
        default="compare",
        choices=["compare", "resolve", "program", "profile", "settings", "size", "report"],
        help="compare: contenders side by side (the default). resolve: the way from ids to hosts. "
        "program: the host program. profile: one run, play by play, with the last number of --hosts. "
        "settings: one setting after another, with the first of --hosts and --agents. "
        "size: a workflow over simulated hosts, for each number of --hosts; writes size.json and size.md. "
        "report: write pages and plot again from bench.json and size.json",
    )
    parser.add_argument("--hosts", type=_numbers, metavar="N,...", help="default: 50,200,800; of size: 1000,2500,10000")
    parser.add_argument(
        "--slices", type=_positive, default=10, metavar="N", help="of size: jobs of a phase; default: %(default)s"
    )
    parser.add_argument(
        "--rounds", type=_positive, default=5, metavar="N", help="default: %(default)s (program: four times that)"
    )
    parser.add_argument(
        "--agents", type=_kinds, default=list(AGENTS), metavar="KIND,...", help=f"default: {','.join(AGENTS)}"
    )
    parser.add_argument(
        "--against",
        type=Path,
        metavar="DIR",
        help="of compare: another checkout of this collection, such as a git worktree of an older commit. Both take "
        "turns, what they took is printed, and nothing is written",
    )
    parser.add_argument("--only", nargs="+", choices=[one.name for one in (*CONTENDERS, *SETTINGS)], metavar="NAME")
    parser.add_argument(
        "--output", type=Path, default=DOCS, metavar="DIR", help="default: the folder docs, and README.md"
    )
    parser.add_argument("--plot", action=argparse.BooleanOptionalAction, default=True, help="draw bench.svg")
    return parser


def _positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError
    return int(text)


def _numbers(text: str) -> list[int]:
    return [_positive(part) for part in text.split(",")]


def _kinds(text: str) -> list[str]:
    kinds = text.split(",")
    if not set(kinds) <= set(AGENTS):
        raise ValueError
    return kinds


if __name__ == "__main__":
    sys.exit(main())
