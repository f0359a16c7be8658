# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the time from a request to its create response, of the HTTP service and of the Python API.

    python -m tests.bench.create_response --runs 100 --ids 1 100 1000

The hosts refuse connections, so that a task ends soon after. The two take turns, so a busy machine slows down both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from oceanbase_ocp import submit
from tests.http.client import Client
from tests.http.hosts import ended
from tests.http.service import Service


def by_service(client: Client, host_ids: list[int]) -> float:
    """Seconds to the create response. The task has ended, too, when this returns."""
    begun = time.monotonic()
    answer = client.post("/api/v2/compute/hosts/batchStopAgents", {"hostIds": host_ids})
    seconds = time.monotonic() - begun
    assert answer.status == 200, answer
    ended(client, answer.data["id"])
    return seconds


def by_api(inventory: Path, task_store: str, host_ids: list[int]) -> float:
    """As by_service()."""
    begun = time.monotonic()
    submission = submit(host_ids, inventory=inventory, task_store=task_store, quiet=True)
    seconds = time.monotonic() - begun
    assert submission.create_response["successful"], submission.create_response
    submission.wait()
    return seconds


def row(ids: int, name: str, seconds: list[float]) -> str:
    median = statistics.median(seconds)
    highest = statistics.quantiles(seconds, n=100, method="inclusive")[98] if len(seconds) > 1 else median
    return f"| {ids} | {name} | {median:.2f} s | {highest:.2f} s |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="of each, beside one that is not counted")
    parser.add_argument("--ids", type=int, nargs="+", default=[1, 100, 1000])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        hosts = {
            f"db{number:04}": {"ansible_host": "127.0.0.1", "ansible_port": 1, "ocp_host_id": number}
            for number in range(1, max(asked.ids) + 1)
        }
        inventory = folder / "inventory.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
        store = f"sqlite:///{folder}/store/tasks.db"
        service = Service(folder, "--inventory", inventory, "--task-store", store, "--insecure-loopback")
        client = Client(service.port)
        ways: dict[str, Callable[[list[int]], float]] = {
            "HTTP service": lambda host_ids: by_service(client, host_ids),
            "Python API": lambda host_ids: by_api(inventory, store, host_ids),
        }
        try:
            print("| ids | by | p50 | p99 |\n|---|---|---|---|")
            for ids in asked.ids:
                taken: dict[str, list[float]] = {name: [] for name in ways}
                for _run in range(asked.runs + 1):
                    for name, way in ways.items():
                        taken[name].append(way(list(range(1, ids + 1))))
                for name, seconds in taken.items():
                    print(row(ids, name, seconds[1:]), flush=True)
        finally:
            service.end()


if __name__ == "__main__":
    main()
