# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one execution of the host program costs its host."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils import _carrier
from tests.fleet import Fleet, HostSpec
from tests.fleet.host import Host

from . import machine
from .contenders import BenchError

TABLES = (100, 5_000)  # processes on the host
NO_HOME = "/none"  # the program refuses it when it has started and before it looks at a process

# Runs each command, with a file as its standard input; the last answer and all CPU times go out as JSON.
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
    request) and `total`. Each contains the one before it.
    """
    work = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
    try:
        with Fleet.start([HostSpec(bystanders=False)], work / "fleet") as fleet:
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


def _measure(host: Host, rounds: int) -> dict[str, list[float]]:
    source = _carrier.program({"phase": "prepare"})
    host.path("/tmp/program").write_bytes(source)
    imports = re.findall(rb"^import \w+$", source, re.MULTILINE)
    host.path("/tmp/imports").write_bytes(b"\n".join(imports) + b"\n")
    python = host.spec.python
    commands = {
        "start": (f"{shlex.quote(python)} -E -s -S -", "/dev/null"),
        "imports": (f"{shlex.quote(python)} -E -s -S -", "/tmp/imports"),
        "compile": (_carrier.command({"phase": "prepare", "home": NO_HOME}, python), "/tmp/program"),
        "total": (_carrier.command({"phase": "prepare"}, python), "/tmp/program"),
    }
    output = host.run(python, "-I", "-c", METER, json.dumps([rounds, list(commands.values())])).stdout
    found, answers = json.loads(output)
    for name, reason in (("compile", "invalid"), ("total", None)):
        answer = _carrier.answer(answers[list(commands).index(name)])
        if answer is None or answer.get("reason") != reason:
            raise BenchError(f"{name}: the host program says {answer}")
    return dict(zip(commands, found, strict=True))
