# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the time of a run goes, play by play, compared with as many plays that do nothing."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fleet import Fleet

from . import machine
from .compare import REST
from .contenders import BenchError, Command, Ours, ansible_environment, program
from .hosts import end_agents, hosts, running, start_agents
from .meter import measure

CALLBACKS = Path(__file__).with_name("callback")
STARTING, ENDING = "ansible-playbook, until the first play", "ansible-playbook, after the last play"
# Ansible's own cost for a playbook of as many plays on localhost.
NOTHING: dict[str, list[dict[str, Any]]] = {"empty": [], "debug": [{"ansible.builtin.debug": {"msg": "nothing"}}]}


@dataclass(frozen=True)
class Stage:
    """A part of a run: seconds of wall time, and of CPU time of all processes together."""

    name: str
    wall: float
    cpu: float


def profile(count: int, rounds: int) -> dict[str, Any]:
    """Stop the agents of *count* hosts by our playbook, *rounds* times. The agents exit at once.

    Returns `run`, `hosts`, `plays` (how many); for each round in `peak` the bytes of the biggest process, in `detached`
    the seconds of CPU of processes that outlived their parent (the engine of the fan-out is one), in `stages` by
    name a pair of seconds, wall and CPU; and by the names in NOTHING such pairs for a whole run of as many plays.
    Raises BenchError if a run fails, or has no control group.
    """
    ours = Ours("ours", "ours")
    found: dict[str, Any] = {"run": machine.describe(), "hosts": count, "peak": [], "detached": [], "stages": {}}
    work = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
    try:
        with hosts(count, 0.0, work / "fleet") as fleet:
            end_agents(fleet)
            for number in range(rounds):
                run = work / f"run{number}"
                run.mkdir()
                command = ours.prepare(fleet, run)
                start_agents(fleet)
                time.sleep(REST)
                stages = _measured(command, run, found)
                if running(fleet):
                    raise BenchError(f"agents are left\n{_end_of(run / 'output')}")
                for stage in stages:
                    found["stages"].setdefault(stage.name, []).append((stage.wall, stage.cpu))
                print(f"round {number + 1}: {sum(stage.wall for stage in stages):.2f} s", file=sys.stderr, flush=True)
            found["plays"] = len(found["stages"]) - 2
            for name, tasks in NOTHING.items():
                found[name] = [_nothing(fleet, found["plays"], tasks, work / name) for dummy in range(rounds)]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return found


def _measured(command: Command, folder: Path, found: dict[str, Any]) -> list[Stage]:
    marks = folder / "marks"
    settings = {
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "bench_marks",
        "OCP_BENCH_MARKS": str(marks),
    }
    measured = measure(command.arguments, {**command.environment, **settings}, folder)
    if measured.cpu_source != "cgroup":
        raise BenchError("there is no control group to be had, so nobody counts the CPU time of a stage")
    if measured.status:
        raise BenchError(f"exit status {measured.status}\n{_end_of(folder / 'output')}")
    found["peak"].append(measured.peak_process)
    found["detached"].append(measured.detached)
    lines = [json.loads(line) for line in marks.read_text(encoding="utf-8").splitlines()]
    return stages(lines, measured.wall, measured.user + measured.system)


def stages(marks: list[dict[str, Any]], wall: float, cpu: float) -> list[Stage]:
    """The parts of a run, from the marks of callback/bench_marks.py and the seconds of the whole run.

    A second play of a name gets a number.
    """
    began = marks[0]["began"]
    points = [(STARTING, began, 0.0), *((mark["play"] or ENDING, mark["at"], mark["cpu"]) for mark in marks)]
    found: list[Stage] = []
    for number, (name, at, used) in enumerate(points):
        dummy, end, used_then = points[number + 1] if number + 1 < len(points) else ("", began + wall, cpu)
        found.append(Stage(_unused(name, found), end - at, used_then - used))
    return found


def _unused(name: str, stages: list[Stage]) -> str:
    taken = {stage.name for stage in stages}
    number = 2
    unused = name
    while unused in taken:
        unused, number = f"{name} ({number})", number + 1
    return unused


def _nothing(fleet: Fleet, plays: int, tasks: list[dict[str, Any]], folder: Path) -> tuple[float, float]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    book = folder / "nothing.yml"
    book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}] * plays))
    command = [program("ansible-playbook"), "-i", str(fleet.inventory), str(book)]
    measured = measure(command, ansible_environment(folder), folder)
    if measured.status:
        raise BenchError(f"exit status {measured.status}\n{_end_of(folder / 'output')}")
    return measured.wall, measured.user + measured.system


def _end_of(output: Path) -> str:
    return output.read_text(errors="replace")[-3000:]
