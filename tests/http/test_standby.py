# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ansible-playbook waits for the next request, has the inventory as it is, and does not outlive the service."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.caller import SOCKET_VARIABLE
from tests.http.client import Client
from tests.http.envelope import check
from tests.http.hosts import PATIENCE, ended
from tests.http.service import MOST_MEMORY, Service, memory

pytestmark = pytest.mark.xdist_group("http_operations")

STOP = "/compute/hosts/batchStopAgents"
START = "/compute/hosts/batchStartAgents"


def hosts(*host_ids: int) -> str:
    """An inventory of hosts that refuse connections."""
    refusing = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    return json.dumps({"all": {"hosts": {f"db{number}": {**refusing, "ocp_host_id": number} for number in host_ids}}})


def waiting(service: int) -> set[int]:
    """The processes of ansible-playbook that were started for requests to come. service: the process id."""
    return {pid for pid, parent in _parents().items() if parent == service and SOCKET_VARIABLE in _environment(pid)}


def _parents() -> dict[int, int]:
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            found[int(name)] = int(Path("/proc", name, "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def until(look: Callable[[], Any]) -> Any:
    """What the look finds, once that is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    (tmp_path / "group_vars").mkdir()
    path = tmp_path / "inventory.json"
    path.write_text(hosts(1, 2))
    return path


@pytest.fixture
def service(tmp_path: Path, inventory: Path) -> Iterator[Service]:
    store = f"sqlite:///{tmp_path}/store/tasks.db"
    service = Service(
        tmp_path / "service",
        *("--inventory", inventory, "--task-store", store, "--insecure-loopback", "--grace", "0"),
        *("--inventory-ttl", "2"),
    )
    yield service
    service.kill()


def test_it_takes_the_request_and_the_next_one_waits(service: Service) -> None:
    client, process = Client(service.port), service.process.pid
    (first,) = until(lambda: waiting(process))
    assert memory(process) + memory(first) < MOST_MEMORY
    begun = check(client.post(STOP, {"hostIds": [1, 2]}))
    assert begun.status == 200
    assert begun.data["context"]["listMap"]["host_ids"] == ["1", "2"]
    (second,) = until(lambda: waiting(process) - {first})
    task = ended(client, begun.data["id"])
    assert (task["status"], task["creator"]["name"]) == ("FAILED", begun.data["creator"])
    until(lambda: waiting(process) == {second})

    # another operation has to start, and one for that waits then
    other = check(client.post(START, {"hostIds": [2]}))
    assert other.data["name"] == "Batch start OCP agent"
    (third,) = until(lambda: waiting(process) - {second})
    assert "batch_start_agents" in Path(f"/proc/{third}/cmdline").read_text()
    assert ended(client, other.data["id"])["status"] == "FAILED"
    single = check(client.post("/compute/hosts/1/agent/stop"))
    assert (single.data["hostId"], single.data["context"]["listMap"]) == (1, {})
    assert ended(client, single.data["id"])["status"] == "FAILED"


def test_it_is_not_used_when_the_inventory_has_changed(service: Service, inventory: Path) -> None:
    client, process = Client(service.port), service.process.pid
    until(lambda: waiting(process))
    refused = check(client.post(STOP, {"hostIds": [3]}))
    assert (refused.status, refused.code) == (404, "CMP07005")
    (old,) = until(lambda: waiting(process))
    inventory.write_text(hosts(2, 3))
    assert check(client.post(STOP, {"hostIds": [1]})).status == 404
    (new,) = until(lambda: waiting(process) - {old})
    (inventory.parent / "group_vars" / "all.yml").write_text("ocp_host_status: DELETING\n")
    until(lambda: waiting(process) - {old, new})  # without a request, too
    unfit = check(client.post(STOP, {"hostIds": [3]}))
    assert unfit.status == 409, unfit.body


def test_it_is_not_missed_and_ends_with_the_service(service: Service) -> None:
    client, process = Client(service.port), service.process.pid
    (first,) = until(lambda: waiting(process))
    os.kill(first, signal.SIGKILL)
    begun = check(client.post(STOP, {"hostIds": [1]}))
    assert begun.status == 200
    ended(client, begun.data["id"])
    (second,) = until(lambda: waiting(process) - {first})
    service.kill()
    until(lambda: not _environment(second))


def test_it_ends_when_the_service_is_ended(service: Service) -> None:
    (first,) = until(lambda: waiting(service.process.pid))
    service.end()
    assert not _environment(first)
    assert "exception" not in service.log


def test_a_script_is_asked_at_each_request(tmp_path: Path, inventory: Path) -> None:
    script = tmp_path / "inventory.sh"
    variables = json.loads(hosts(1, 2))["all"]["hosts"]
    inventory.write_text(json.dumps({"all": {"hosts": list(variables)}, "_meta": {"hostvars": variables}}))
    script.write_text(f"#!/bin/sh\nprintf x >> {tmp_path}/asked\ncat {inventory}\n")
    script.chmod(0o755)
    store = f"sqlite:///{tmp_path}/store/tasks.db"
    service = Service(
        tmp_path / "service", "--inventory", script, "--task-store", store, "--insecure-loopback", "--grace", "0"
    )
    try:
        client = Client(service.port)
        assert check(client.get("/compute/hosts")).data["page"]["totalElements"] == 2
        asked = (tmp_path / "asked").stat().st_size
        assert check(client.post(STOP, {"hostIds": [7]})).status == 404
        assert (tmp_path / "asked").stat().st_size > asked
        assert not waiting(service.process.pid)
    finally:
        service.kill()


def test_without_a_playbook_on_standby(tmp_path: Path, inventory: Path) -> None:
    shutil.rmtree(inventory.parent / "group_vars")
    store = f"sqlite:///{tmp_path}/store/tasks.db"
    service = Service(
        tmp_path / "service",
        *("--inventory", inventory, "--task-store", store, "--insecure-loopback", "--no-standby"),
    )
    try:
        assert check(Client(service.port).post(STOP, {"hostIds": [7]})).status == 404
        assert not waiting(service.process.pid)
    finally:
        service.kill()
