# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts from the inventory, tasks from the store, in the shapes of OCP's published samples."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.client import Client
from tests.http.envelope import check

HOST_FIELDS = {
    *("alias", "architecture", "createTime", "description", "hostAgentId", "hostAgentStatus", "hostAgentVersion", "id"),
    *("idcDescription", "idcId", "idcName", "innerIpAddress", "kind", "name", "operatingSystem"),
    *("operatingSystemRelease", "publishPorts", "regionDescription", "regionId", "regionName", "serialNumber"),
    *("services", "sshPort", "status", "typeDescription", "typeId", "typeName", "updateTime"),
}


def ids(data: dict[str, Any]) -> list[int]:
    return [entry["id"] for entry in data["contents"]]


@pytest.mark.parametrize("prefix", ["", "/api/v2"])
def test_hosts(anybody: Client, prefix: str) -> None:
    answer = check(anybody.get(f"{prefix}/compute/hosts"))

    assert ids(answer.data) == [1001, 1002, 1003]
    assert answer.data["page"] == {"number": 1, "size": 10, "totalElements": 3, "totalPages": 1}
    assert all(set(host) == HOST_FIELDS for host in answer.data["contents"])
    first, second, third = answer.data["contents"]
    assert (first["name"], first["alias"], first["innerIpAddress"]) == ("db001", "first", "192.0.2.11")
    assert (second["status"], second["sshPort"], second["hostAgentStatus"]) == ("OFFLINE", 2222, None)
    assert (third["innerIpAddress"], third["sshPort"], third["regionName"]) == ("db003", 22, "north")
    assert third["services"] == [{"name": "ob", "softwarePackageId": None, "type": "OB_CLUSTER"}]


@pytest.mark.parametrize(
    ("query", "expected", "page"),
    [
        ("?size=2", [1001, 1002], (1, 2, 3, 2)),
        ("?size=2&page=2", [1003], (2, 2, 3, 2)),
        ("?page=2147483647&size=2000", [], (2147483647, 2000, 3, 1)),
        ("?status=ONLINE", [1001, 1003], (1, 10, 2, 1)),
        ("?status=ONLINE,OFFLINE&keyword=DB002", [1002], (1, 10, 1, 1)),
        ("?status=ONLINE&status=OFFLINE", [1001, 1002, 1003], (1, 10, 3, 1)),
        ("?keyword=192.0.2", [1001, 1002], (1, 10, 2, 1)),
        ("?keyword=fir&status=", [1001], (1, 10, 1, 1)),
        ("?includedServiceType=OB_CLUSTER,OMS", [1003], (1, 10, 1, 1)),
        ("?excludedServiceType=OB_CLUSTER", [1001, 1002], (1, 10, 2, 1)),
        ("?sort=id,desc", [1003, 1002, 1001], (1, 10, 3, 1)),
        ("?sort=status,desc&sort=id,desc", [1003, 1001, 1002], (1, 10, 3, 1)),
        ("?sort=sshPort,desc", [1002, 1001, 1003], (1, 10, 3, 1)),
        ("?size=9999", [1001, 1002, 1003], (1, 2000, 3, 1)),
        ("?page=0&size=2", [1001, 1002], (1, 2, 3, 2)),
        ("?page=-1&size=0", [1001, 1002, 1003], (1, 10, 3, 1)),
        ("?unheard=of", [1001, 1002, 1003], (1, 10, 3, 1)),
        ("?status=NEW", [], (1, 10, 0, 0)),
    ],
)
def test_pages_of_hosts(anybody: Client, query: str, expected: list[int], page: tuple[int, ...]) -> None:
    data = check(anybody.get(f"/compute/hosts{query}")).data

    assert ids(data) == expected
    assert tuple(data["page"].values()) == page


def test_a_host(anybody: Client) -> None:
    assert check(anybody.get("/compute/hosts/1002")).data["name"] == "db002"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/compute/hosts/1004", 404, "CMP07005"),
        ("/compute/hosts/1004/agent", 404, "CMP07005"),
        ("/compute/hosts/x/agent/processes", 400, "COM10001"),
        ("/compute/hosts/db001", 400, "COM10001"),
        ("/compute/hosts/-1", 400, "COM10001"),
        ("/compute/hosts/9223372036854775808", 400, "COM10001"),
        ("/compute/hosts/%D9%A1", 400, "COM10001"),
        ("/compute/hosts?size=1.0", 400, "COM10001"),
        ("/compute/hosts?page=x", 400, "COM10001"),
        ("/compute/hosts?page=1&page=2", 400, "COM10001"),
        ("/compute/hosts?sort=secret", 400, "COM10001"),
        ("/compute/hosts?keyword=%FF", 400, "COM10001"),
        ("/compute/hosts?keyword=%00", 400, "COM10001"),
        ("/tasks/instances/424242", 404, "TSK10001"),
        ("/tasks/instances/0", 400, "COM10001"),
        ("/tasks/instances/1.0", 400, "COM10001"),
        ("/tasks/instances?status=RUNNING,LOST", 400, "COM10001"),
        ("/tasks/instances?sort=creator", 400, "COM10001"),
        ("/tasks/instances?hostId=db001", 400, "COM10001"),
        ("/tasks/instances/424242/subtasks/1/log", 404, "TSK10001"),
    ],
)
def test_refused_queries(anybody: Client, path: str, status: int, code: str) -> None:
    answer = check(anybody.get(path))

    assert (answer.status, answer.code) == (status, code)


def test_tasks(anybody: Client) -> None:
    data = check(anybody.get("/api/v2/tasks/instances")).data

    assert [task["status"] for task in data["contents"]] == ["FAILED", "SUCCESSFUL"]  # the newest first
    assert data["page"] == {"number": 1, "size": 10, "totalElements": 2, "totalPages": 1}
    fields = {"creator", "finishTime", "id", "name", "startTime", "status", "subtasks"}
    assert all(set(task) == fields for task in data["contents"])
    assert all(
        set(subtask) == {"description", "id", "name", "operation", "status"}
        for task in data["contents"]
        for subtask in task["subtasks"]
    )


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ("?size=1", ["FAILED"]),
        ("?size=1&page=2", ["SUCCESSFUL"]),
        ("?status=SUCCESSFUL", ["SUCCESSFUL"]),
        ("?status=RUNNING,SUCCESSFUL", ["SUCCESSFUL"]),
        ("?status=FAILED&status=SUCCESSFUL&sort=id,asc&page=0&size=9999", ["SUCCESSFUL", "FAILED"]),
        ("?type=MANUAL&sort=startTime,desc", ["FAILED", "SUCCESSFUL"]),
        ("?type=SCHEDULED", []),
        ("?clusterId=1", []),
        ("?hostId=1002", ["FAILED"]),
        ("?keyword=stop%20ocp", ["FAILED", "SUCCESSFUL"]),
        ("?name=restart", []),
        ("?page=2147483647&size=2000", []),
    ],
)
def test_pages_of_tasks(anybody: Client, query: str, statuses: list[str]) -> None:
    data = check(anybody.get(f"/tasks/instances{query}")).data

    assert [task["status"] for task in data["contents"]] == statuses


def test_a_task_and_the_log_of_its_subtask(anybody: Client) -> None:
    (listed,) = check(anybody.get("/tasks/instances?status=FAILED")).data["contents"]

    task = check(anybody.get(f"/tasks/instances/{listed['id']}")).data

    assert task["creator"] == {"id": 7, "name": "alice"}
    assert {"createTime", "executor", "operation", "prohibitRollback", "type"} <= set(task)
    assert "context" not in task
    failed = next(subtask for subtask in task["subtasks"] if subtask["status"] == "FAILED")
    assert failed["error"]["code"] == "CMP07002"
    path = f"/tasks/instances/{task['id']}/subtasks/{failed['id']}/log"
    assert check(anybody.get(path)).data == {"log": f"log of {failed['id']}\n"}
    other = check(anybody.get(f"/tasks/instances/{task['id']}/subtasks/1/log"))
    assert (other.status, other.code) == (404, "TSK10001")
