# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contenders take turns on the same hosts."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.fleet import Fleet

from . import machine
from .contenders import Contender
from .figures import Cell, Round
from .hosts import end_agents, hosts, running, start_agents
from .meter import measure

AGENTS = {"instant": 0.0, "usual": 3.0}  # seconds that the agent takes to stop
LATER = 10.0  # seconds from the end of a command to the second look at the hosts
REST = 1.0  # seconds between the start of the agents and the clock


def compare(
    count: int, agents: str, rounds: int, contenders: Sequence[Contender], saved: Callable[[Cell], None]
) -> Cell:
    """Let each contender stop the agents of *count* hosts, *rounds* times.

    agents: a name in AGENTS. saved: called with the unfinished cell after every run.
    """
    cell = Cell(count, agents, machine.describe(), {contender.name: contender.title for contender in contenders})
    work = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))  # short: the path of a socket has 108 bytes
    try:
        with hosts(count, AGENTS[agents], work / "fleet") as fleet:
            end_agents(fleet)
            for number in range(rounds):
                for contender in in_turn(contenders, number):
                    cell.rounds.append(_run(contender, number + 1, fleet, work / "run"))
                    _tell(cell.rounds[-1], count, agents)
                    saved(cell)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return cell


def in_turn(contenders: Sequence[Contender], number: int) -> list[Contender]:
    """The contenders in the order of a round. Each round starts with another one."""
    first = number % len(contenders)
    return [*contenders[first:], *contenders[:first]]


def _run(contender: Contender, number: int, fleet: Fleet, folder: Path) -> Round:
    folder.mkdir()
    command = contender.prepare(fleet, folder)
    start_agents(fleet)
    time.sleep(REST)
    measured = measure(command.arguments, command.environment, folder)
    at_end = running(fleet)
    later = running(fleet, LATER) if at_end else 0
    end_agents(fleet)
    if measured.status or later:
        sys.stderr.write((folder / "output").read_text(errors="replace")[-3000:])
    shutil.rmtree(folder)
    return Round(contender.name, number, running_at_end=at_end, running_later=later, **asdict(measured))


def _tell(found: Round, count: int, agents: str) -> None:
    left = f", agents left on {found.running_at_end}, then {found.running_later}" if found.running_at_end else ""
    failed = f", EXIT STATUS {found.status}" if found.status else ""
    print(
        f"{count} hosts, {agents}, round {found.number}, {found.contender}: {found.wall:.1f} s, CPU {found.cpu:.1f} s"
        f"{left}{failed}",
        file=sys.stderr,
        flush=True,
    )
