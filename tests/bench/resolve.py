# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of finding 1,000 ids in an inventory of 10,000 hosts, without any host."""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import machine
from .contenders import BenchError, ansible_environment, program
from .contenders.ours import PLAYBOOK
from .meter import Measurement, measure

HOSTS, IDS = 10_000, 1_000
FIRST_ID = 1_001
EMPTY_PLAYBOOK = [{"hosts": "localhost", "gather_facts": False, "tasks": []}]


def resolve(rounds: int) -> dict[str, Any]:
    """Measure a request that is refused for one unknown id, and a playbook without tasks over the same inventory.

    Returns `run`, `hosts`, `ids`, and for `refused` and `empty` one measurement a round.
    Raises BenchError if the request is not refused as expected.
    """
    results: dict[str, Any] = {"run": machine.describe(), "hosts": HOSTS, "ids": IDS, "refused": [], "empty": []}
    work = Path(tempfile.mkdtemp(prefix="bench-", dir="/tmp"))
    try:
        inventory = work / "inventory.yml"
        inventory.write_text(_inventory())
        ids = random.Random(1).sample(range(FIRST_ID, FIRST_ID + HOSTS), IDS - 1)
        unknown = FIRST_ID + HOSTS
        (work / "variables.json").write_text(
            json.dumps({"host_ids": [*ids, unknown], "ocp_response_file": str(work / "response.json")})
        )
        (work / "empty.yml").write_text(json.dumps(EMPTY_PLAYBOOK))
        ansible = [program("ansible-playbook"), "-i", str(inventory)]
        commands = {
            "refused": [*ansible, PLAYBOOK, "-e", f"@{work}/variables.json"],
            "empty": [*ansible, f"{work}/empty.yml"],
        }
        for number in range(rounds):
            for name in sorted(commands, reverse=bool(number % 2)):
                found = measure(commands[name], ansible_environment(work), work)
                results[name].append(vars(found))
                _check(name, found, work, unknown)
                print(f"round {number + 1}, {name}: {found.wall:.2f} s", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(work)
    return results


def _inventory() -> str:
    """Addresses of this machine without a listener, so that a contact by mistake would do no harm."""
    lines = ["---", "ocp_hosts:", "  hosts:"]
    for number in range(HOSTS):
        address = f"127.8.{number // 250}.{number % 250 + 1}"
        lines += [f"    db{number:05}:", f"      ansible_host: {address}", f"      ocp_host_id: {FIRST_ID + number}"]
    return "\n".join(lines) + "\n"


def _check(name: str, found: Measurement, work: Path, unknown: int) -> None:
    if name == "empty":
        right = found.status == 0
    else:
        response = work / "response.json"
        right = found.status == 2 and response.exists()
        right = right and str(unknown) in json.loads(response.read_text()).get("error", {}).get("message", "")
        response.unlink(missing_ok=True)
    if not right:
        raise BenchError(f"{name}: exit status {found.status}\n{(work / 'output').read_text()[-3000:]}")
