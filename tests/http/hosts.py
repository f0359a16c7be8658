# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that nothing is contacted on, and tasks on them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.http.client import Client
from tests.http.envelope import check

REFUSED, SILENT, OTHER_SILENT = 9001, 9002, 9003
PATIENCE = 90


@contextmanager
def inventory_in(folder: Path) -> Iterator[Path]:
    """An inventory with one host whose SSH port is closed, and two whose SSH server never says a word.

    Its variables for the playbooks are not for those of a service.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        silent_port = silent.getsockname()[1]
        hosts = {
            "refused": {"ansible_port": 1, "ocp_host_id": REFUSED},
            "silent": {"ansible_port": silent_port, "ocp_host_id": SILENT},
            "other_silent": {"ansible_port": silent_port, "ocp_host_id": OTHER_SILENT},
        }
        for variables in hosts.values():
            variables.update(ansible_host="127.0.0.1", ansible_timeout=45)
        path = folder / "inventory.json"
        of_playbooks = {
            "ocp_report_file": "/nowhere/report.html",
            "ocp_response_file": "/nowhere/response.json",
            "ocp_task_store": "none",
            "ocp_waves": 1,
        }
        path.write_text(json.dumps({"all": {"hosts": hosts, "vars": of_playbooks}}))
        yield path


def ended(client: Client, task_id: int) -> dict[str, Any]:
    """Poll a task to its end, as a client of OCP does."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        task: dict[str, Any] = check(client.get(f"/api/v2/tasks/instances/{task_id}")).data
        if task["status"] != "RUNNING":
            return task
        time.sleep(0.2)
    raise AssertionError(task)
