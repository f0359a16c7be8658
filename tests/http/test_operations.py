# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations on hosts that nothing is contacted on: nobody listens there, or nobody answers."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from oceanbase_ocp import task_info
from tests.http.client import Answer, Client
from tests.http.envelope import check
from tests.http.hosts import OTHER_SILENT, PATIENCE, REFUSED, SILENT, ended
from tests.http.service import Service, make_users
from tests.integration.graph import check_graph

pytestmark = pytest.mark.xdist_group("http_operations")

STOP = "/compute/hosts/batchStopAgents"


@pytest.fixture(scope="module")
def task_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('operations')}/store/tasks.db"


@pytest.fixture(scope="module")
def service(inventory: Path, task_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with a user, who may everything."""
    folder = tmp_path_factory.mktemp("service")
    make_users(folder / "users.json", {"alice": "alice's password"})
    service = Service(
        folder,
        *("--inventory", inventory, "--task-store", task_store),
        *("--users", folder / "users.json", "--max-operations", "2", "--grace", "0", "--metrics"),
    )
    yield service
    service.kill()


@pytest.fixture
def client(service: Service) -> Client:
    return Client(service.port, basic=("alice", "alice's password"))


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"hostIds": [1', "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"\xff{}", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"hostIds": [1], "hostIds": [2]}', "application/json", 400),
        (b'{"hostIds": [NaN]}', "application/json", 400),
        (b'{"hostIds": [' + b"9" * 5000 + b"]}", "application/json", 400),
        (b'{"hostIds": [1]}', "text/plain", 415),
        (b"hostIds=1", "application/x-www-form-urlencoded", 415),
        (b'{"hostIds": [1]}', "", 415),
        (b'{"hostIds": []}', "application/json; charset=utf-8", 400),
    ],
)
def test_refused_bodies(client: Client, body: bytes, content_type: str, status: int) -> None:
    answer = check(client.call("POST", STOP, body, {"Content-Type": content_type}))

    assert (answer.status, answer.code) == (status, "COM10001")


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ({}, ["hostIds"]),
        ({"hostIds": None}, ["hostIds"]),
        ({"hostIds": []}, ["hostIds"]),
        ({"hostIds": 1001}, ["hostIds"]),
        ({"hostIds": "1001"}, ["hostIds"]),
        ({"hostIds": [0, -1, "x", True, 1.5, None, {}, [1], 2**63]}, ["hostIds"] * 9),
        ({"hostIds": ["\ud800"]}, ["hostIds"]),
        ({"hostIds": [1, 2, 1]}, ["hostIds"]),
        ({"host_ids": [1]}, ["host_ids"]),
        ({"hostIds": [1], "force": True}, ["force"]),
    ],
)
def test_refused_ids(client: Client, document: dict[str, Any], fields: list[str]) -> None:
    answer = check(client.post(STOP, document))

    assert (answer.status, answer.code) == (400, "COM10001")
    sub_errors = answer.body["error"]["subErrors"]
    assert [sub["field"] for sub in sub_errors] == fields
    assert all(set(sub) == {"object", "field", "rejectedValue", "message"} for sub in sub_errors)
    assert "-e " not in answer.body["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/tasks/instances/424242/retry",
        "/tasks/instances/424242/rollback",
        "/tasks/instances/424242/cancel",
        "/tasks/instances/424242/subtasks/1/retry",
        "/tasks/instances/424242/subtasks/1/skip",
        "/api/v2/tasks/instances/424242/subtasks/1/cancel",
    ],
)
def test_unknown_tasks(client: Client, path: str) -> None:
    answer = check(client.post(path))

    assert (answer.status, answer.code) == (404, "TSK10001")


def test_an_unknown_host(client: Client) -> None:
    answer = check(client.post(f"/api/v2{STOP}", {"hostIds": [REFUSED, 424242]}))

    assert (answer.status, answer.code) == (404, "CMP07005")
    assert [sub["rejectedValue"] for sub in answer.body["error"]["subErrors"]] == [424242]


def test_the_life_of_a_task(client: Client, service: Service) -> None:
    """Stop fails in Prepare; a retry, too; Prepare is skipped, and Stop fails; a rollback has nothing to undo."""
    created = check(client.post(f"/api/v2{STOP}", {"hostIds": [REFUSED]}))

    assert created.status == 200
    check_graph(created.data, hosts=1)
    assert created.data["creator"] == "alice"
    assert created.data["context"] == {
        "listMap": {"host_ids": [str(REFUSED)]},
        "parallel": False,
        "parallelIdx": -1,
        "stringMap": {"prohibit_rollback": "false"},
    }
    path = f"/api/v2/tasks/instances/{created.data['id']}"
    task = ended(client, created.data["id"])
    assert (task["status"], task["creator"]) == ("FAILED", {"id": 100, "name": "alice"})
    (failed,) = [subtask for subtask in task["subtasks"] if subtask["status"] == "FAILED"]
    pending = next(subtask for subtask in task["subtasks"] if subtask["status"] == "PENDING")
    assert failed["error"]["code"] == "CMP07002"
    log = check(client.get(f"{path}/subtasks/{failed['id']}/log")).data["log"]
    assert created.body["traceId"] in log
    assert created.body["traceId"] in service.log

    for subtask, action, code in (
        (pending["id"], "skip", "TSK10010"),
        (pending["id"], "retry", "TSK10007"),
        (failed["id"], "cancel", "TSK10007"),
    ):
        refused = check(client.post(f"{path}/subtasks/{subtask}/{action}"))
        assert (refused.status, refused.code) == (409, code)
    refused = check(client.post(f"{path}/cancel"))
    assert (refused.status, refused.code) == (409, "TSK10007")

    retried = check(client.post(f"{path}/subtasks/{failed['id']}/retry", {})).data
    assert (retried["id"], retried["operation"], retried["status"]) == (failed["id"], "RETRY", "READY")
    task = ended(client, task["id"])
    assert [subtask["runTime"] for subtask in task["subtasks"] if subtask["id"] == failed["id"]] == [2]

    assert check(client.post(f"{path}/subtasks/{failed['id']}/skip"), data=False).status == 200
    task = ended(client, task["id"])
    assert task["status"] == "FAILED"
    assert [subtask["operation"] for subtask in task["subtasks"] if subtask["id"] == failed["id"]] == ["SKIP"]

    rolled_back = check(client.post(f"{path}/rollback")).data
    assert (rolled_back["operation"], rolled_back["status"]) == ("ROLLBACK", "RUNNING")
    assert set(rolled_back) == set(task) - {"finishTime"}, "the form of a query"
    task = ended(client, task["id"])
    assert (task["operation"], task["creator"]["name"]) == ("ROLLBACK", "alice")


def none_runs(client: Client) -> str:
    """The metrics, when no operation runs any more."""
    deadline = time.monotonic() + PATIENCE
    while "ocp_agents_operations_running 0" not in (text := client.text("/metrics")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return text


def test_operations_are_counted(client: Client) -> None:
    text = none_runs(client)
    for counted in (
        'ocp_agents_operations_total{operation="batch_stop_agents",status="FAILED"} ',
        'ocp_agents_hosts_total{operation="batch_stop_agents",outcome="failed"} ',
        'ocp_agents_operation_seconds_count{operation="task_retry"} ',
        'ocp_agents_http_requests_total{method="POST",path="/tasks/instances/{taskId}/rollback",status="200"} ',
    ):
        assert counted in text


def test_the_form_for_one_host(client: Client) -> None:
    """It stays that of the task: in each later answer, and for a retry."""
    created = check(client.post(f"/api/v2/compute/hosts/{REFUSED}/agent/restart")).data

    assert (created["name"], created["hostId"]) == ("Restart OCP agent", REFUSED)
    assert created["context"]["listMap"] == {}
    assert created["context"]["stringMap"] == {"host_id": str(REFUSED), "prohibit_rollback": "false"}
    assert {subtask["parallelIdx"] for subtask in created["subtasks"]} == {-1}
    path = f"/api/v2/tasks/instances/{created['id']}"
    task = ended(client, created["id"])
    assert (task["status"], task["name"], task["hostId"]) == ("FAILED", created["name"], REFUSED)
    listed = check(client.get("/tasks/instances?name=Restart+OCP&sort=id,desc")).data["contents"][0]
    assert (listed["id"], listed["hostId"]) == (created["id"], REFUSED)
    retried = check(client.post(f"{path}/retry")).data
    assert (retried["operation"], retried["hostId"], retried["creator"]["name"]) == ("RETRY", REFUSED, "alice")
    assert ended(client, created["id"])["hostId"] == REFUSED


def test_200_clients_at_once(client: Client) -> None:
    """Each gets an answer that is OCP's: two may run, one alone works on the host, and queries go on."""

    def ask(number: int) -> Answer:
        if number % 4 == 0:
            return check(client.post(STOP, {"hostIds": [REFUSED]}))
        return check(client.get("/tasks/instances?size=1" if number % 4 == 1 else "/compute/hosts"))

    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(ask, range(200)))

    changes, queries = answers[::4], [answer for number, answer in enumerate(answers) if number % 4]
    assert Counter(answer.status for answer in queries) == {200: 150}
    counted = Counter(answer.status for answer in changes)
    assert set(counted) <= {200, 409, 429}
    assert counted[200] >= 1
    assert counted[429] >= 1
    for answer in changes:
        if answer.status == 200:
            ended(client, answer.data["id"])
    none_runs(client)


def test_what_runs_keeps_its_hosts_and_its_place(client: Client, service: Service, task_store: str) -> None:
    """Two may run. The third is throttled, queries are answered, a cancel makes room; then the service ends."""
    first = check(client.post("/compute/hosts/batchStartAgents", {"hostIds": [SILENT]})).data
    busy = check(client.post(STOP, {"hostIds": [SILENT, OTHER_SILENT]}))
    assert (busy.status, busy.code) == (409, "BAK29003")
    assert str(first["id"]) in busy.body["error"]["message"]

    second = check(client.post(STOP, {"hostIds": [OTHER_SILENT]}))
    assert second.status == 200, "a refused request has no place"

    throttled = check(client.post(STOP, {"hostIds": [REFUSED]}))
    assert (throttled.status, throttled.code) == (429, 0)
    assert int(throttled.headers["retry-after"]) > 0
    assert "Excessive number of requests" in throttled.body["error"]["message"]
    running = check(client.get("/tasks/instances?status=RUNNING")).data
    assert {task["id"] for task in running["contents"]} == {first["id"], second.data["id"]}
    refused = check(client.post(f"/tasks/instances/{first['id']}/retry"))
    assert (refused.status, refused.code) == (409, "TSK10007")

    at_work = next(subtask for subtask in first["subtasks"] if subtask["status"] == "READY")
    cancelled = check(client.post(f"/tasks/instances/{first['id']}/subtasks/{at_work['id']}/cancel"), data=False)
    assert cancelled.status == 200
    task = ended(client, first["id"])
    assert (task["status"], task["operation"]) == ("FAILED", "CANCEL")

    service.end()

    left = task_info(second.data["id"], task_store=task_store)["data"]
    assert left["status"] == "FAILED"
    assert {subtask["error"]["code"] for subtask in left["subtasks"] if "error" in subtask} == {"TSK10014"}
