# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of the host program on its host: sent for one phase, and as a resident through several."""

from __future__ import annotations

import ast
import json
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier
from tests.fleet import Fleet, HostSpec
from tests.fleet.host import Host

from . import machine
from .contenders import BenchError

TABLES = (100, 5_000)  # processes on the host
NO_HOME = "/none"  # the program starts, and refuses this home before it looks at a process
PHASES = ("prepare", "stop", "finish")  # the library of the resident covers these
FURTHER = 10  # calls after the first one
CALL = "1"  # the id of every call

# Runs each command, with a file as its standard input. Prints the last answer and all CPU times as JSON.
METER = """
import json, resource, subprocess, sys
rounds, commands = json.loads(sys.argv[1])
found = [[] for command in commands]
answers = [""] * len(commands)
def used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
for dummy in range(rounds):
    for number, (command, source) in enumerate(commands):
        before = used()
        with open(source, "rb") as stream:
            done = subprocess.run(["sh", "-c", command], stdin=stream, stdout=subprocess.PIPE)
        found[number].append(used() - before)
        answers[number] = done.stdout.decode()
json.dump([found, answers], sys.stdout)
"""
# Starts processes that sleep; they end with their host.
FORKER = """
import os, sys, time
for dummy in range(int(sys.argv[1])):
    os.posix_spawn("/bin/sleep", ["sleep", "infinity"], {})
time.sleep(1e9)
"""


def measure_program(rounds: int) -> dict[str, Any]:
    """Measure the phase Prepare on one host.

    Returns `run`, `interpreter` (its version), and `tables`: for each size of the process table the CPU seconds of each
    round of `start` (the interpreter alone), `imports` (with the program's imports), `compile` (the program up to its
    request) and `total`, each of which contains the one before it. For a resident with the library of a stop it has
    `first` (from its start to its end, with one call) and `further` (a call after the first one).
    """
    work = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
    try:
        with Fleet.start([HostSpec(bystanders=False, python=machine.HOSTS_PYTHON)], work / "fleet") as fleet:
            host = fleet.hosts[0]
            results: dict[str, Any] = {"run": machine.describe(), "interpreter": "", "tables": {}}
            results["interpreter"] = host.run(host.spec.python, "--version").stdout.strip()
            for size in TABLES:
                _fill(host, size)
                results["tables"][str(size)] = _measure(host, rounds)
                print(f"{size} processes: done", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return results


def _fill(host: Host, size: int) -> None:
    """Start processes until the host has *size* of them."""
    host.spawn(host.spec.python, "-I", "-S", "-c", FORKER, str(size - len(host.processes()) - 1))
    host.wait_for(lambda: len(host.processes()) >= size, f"{size} processes have not started", timeout=120)


def _imports(source: bytes) -> str:
    """The modules that the program always loads. A `try` loads a module that has two names."""
    statements = [node for node in ast.parse(source).body if isinstance(node, (ast.Import, ast.Try))]
    return "\n".join(map(ast.unparse, statements)) + "\n"


def _measure(host: Host, rounds: int) -> dict[str, list[float]]:
    source = carrier.program({"phase": "prepare"})
    host.path("/tmp/program").write_bytes(source)
    host.path("/tmp/imports").write_text(_imports(source))
    library = carrier.framed(carrier.library({"phase": phase} for phase in PHASES))
    call = carrier.with_id(CALL, carrier.call({"phase": "prepare"}))
    host.path("/tmp/first").write_bytes(library + call)
    host.path("/tmp/further").write_bytes(library + call * (1 + FURTHER))
    python = host.spec.python
    commands = {
        "start": (f"{shlex.quote(python)} -E -s -S -", "/dev/null"),
        "imports": (f"{shlex.quote(python)} -E -s -S -", "/tmp/imports"),
        "compile": (carrier.command({"phase": "prepare", "home": NO_HOME}, python, CALL), "/tmp/program"),
        "total": (carrier.command({"phase": "prepare"}, python, CALL), "/tmp/program"),
        "first": (f"exec {carrier.resident(python)}", "/tmp/first"),
        "further": (f"exec {carrier.resident(python)}", "/tmp/further"),
    }
    output = host.run(python, "-I", "-c", METER, json.dumps([rounds, list(commands.values())])).stdout
    found, answers = json.loads(output)
    times, said = dict(zip(commands, found, strict=True)), dict(zip(commands, answers, strict=True))
    for name, reason in (("compile", "invalid"), ("total", None)):
        answer = carrier.answer(said[name].encode(), CALL)
        if answer is None or answer.get("reason") != reason:
            raise BenchError(f"{name}: the host program says {answer}")
    for name, count in (("first", 1), ("further", 1 + FURTHER)):
        lines = [line for line in said[name].encode().splitlines() if line]
        told = [carrier.answer(line + b"\n", CALL) for line in lines]
        if len(told) != count or not all(answer and not answer.get("failed") for answer in told):
            raise BenchError(f"{name}: the resident says {told}")
    pairs = zip(times["first"], times["further"], strict=True)
    times["further"] = [(all_of_them - first) / FURTHER for first, all_of_them in pairs]
    return times
