# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may ask: passwords, signatures, roles, TLS, and where the service refuses to start."""

from __future__ import annotations

import json
import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from tests.http.client import Client, signature
from tests.http.envelope import check
from tests.http.service import COMMAND, Service, make_key, make_users
from tests.ocp_server.certificate import Certificate

PASSWORD = "correct horse:battery"
HOSTS, TASKS, STOP = "/api/v2/compute/hosts", "/api/v2/tasks/instances", "/api/v2/compute/hosts/batchStopAgents"
NOBODY = {"hostIds": [424242]}  # never a host


@pytest.fixture(scope="module")
def users(folder: Path) -> Path:
    """alice, bob and mallory with passwords, carol of the group dba with a key only."""
    path = folder / "users.json"
    make_users(path, {"alice": PASSWORD, "bob": "bob's password", "mallory": "mallory's password"})
    (folder / "carol").write_text(" ".join(make_key(path, "carol")))
    document = json.loads(path.read_text())
    document["users"]["carol"]["groups"] = ["dba"]
    path.write_text(json.dumps(document))
    return path


@pytest.fixture(scope="module")
def service(folder: Path, store: str, users: Path) -> Iterator[Service]:
    service = Service(
        folder / "users",
        *("--no-standby", "--inventory", folder / "inventory.yml", "--task-store", store),
        *("--users", users, "--role-bindings", folder / "roles.yml", "--public-host", "ocp.example.com"),
        "--metrics",
    )
    yield service
    service.kill()


@pytest.fixture
def client(service: Service) -> Client:
    return Client(service.port)


@pytest.fixture
def alice(service: Service) -> Client:
    return Client(service.port, basic=("alice", PASSWORD))


@pytest.fixture
def carol(service: Service, folder: Path) -> Client:
    access_key, secret_key = (folder / "carol").read_text().split()
    return Client(service.port, keys=(access_key, secret_key))


def test_a_password(alice: Client) -> None:
    assert check(alice.get(HOSTS)).status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !",
        "Basic " + b64encode(b"alice").decode(),
        "Basic " + b64encode(b"\xff:\xff").decode(),
        "Basic " + b64encode(f"alice:{PASSWORD} ".encode()).decode(),
        "Basic " + b64encode(b"carol:").decode(),
        "Basic " + b64encode(b"nobody:nothing").decode(),
        "Bearer token",
        "OCP-ACCESS-KEY-HMACSHA1 a:b",
        "x" * 10_000,
    ],
)
@pytest.mark.parametrize("path", [HOSTS, STOP])
def test_who_is_not_logged_on(client: Client, authorization: str | None, path: str) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = check(client.get(path, headers=headers) if path == HOSTS else client.post(path, NOBODY, headers=headers))

    assert (answer.status, answer.code) == (401, "IAM10000")
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_what_needs_no_login(client: Client) -> None:
    assert check(client.get("/api/v2/time")).status == check(client.get("/healthz")).status == 200


def test_a_signature(carol: Client) -> None:
    # Of the group dba, which is a HOST_MANAGER, and has nothing to do with tasks.
    answer = check(carol.post(STOP, {"hostIds": []}))
    assert (answer.status, answer.code) == (400, "COM10001")
    answer = check(carol.get(f"{TASKS}?page=1&size=2&keyword=a%20b"))
    assert (answer.status, answer.code) == (403, "IAM11000")


def test_a_signature_for_the_public_name(carol: Client) -> None:
    """The proxy hands on its own Host."""
    assert carol.keys
    headers = {"Host": "ocp.example.com", "Date": formatdate(usegmt=True), "Content-Type": "application/json"}
    body = b'{"hostIds": [ ]}'
    signed = signature("POST", STOP, headers, body, *carol.keys)

    answer = carol.call("POST", STOP, body, {**headers, "Host": "127.0.0.1:1", "Authorization": signed})

    assert check(answer).status == 400


def test_a_replay(carol: Client, folder: Path, store: str, users: Path) -> None:
    """Also one at a service on the same store that begins later."""
    assert carol.keys
    headers = {"Host": "localhost", "Date": formatdate(usegmt=True), "Content-Type": "application/json"}
    body = b'{"hostIds": []}'
    headers["Authorization"] = signature("POST", STOP, headers, body, *carol.keys)

    assert check(carol.call("POST", STOP, body, headers)).status == 400
    assert check(carol.call("POST", STOP, body, headers)).status == 401
    assert check(carol.call("POST", STOP, b'{"hostIds": [1]}', headers)).status == 401
    options = ("--inventory", folder / "inventory.yml", "--task-store", store, "--users", users)
    later = Service(folder / "later", *options)
    try:
        answer = check(Client(later.port).call("POST", STOP, body, headers))
    finally:
        later.kill()
    assert answer.status == 401
    assert "repeated" in answer.body["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", f"{HOSTS}/1001", None),
        ("POST", STOP, "HOST_MANAGER"),
        ("POST", f"{HOSTS}/1001/agent/stop", "HOST_MANAGER"),
        ("GET", TASKS, "TASK_VIEWER"),
        ("GET", f"{TASKS}/1", "TASK_VIEWER"),
        ("GET", f"{TASKS}/1/subtasks/1/log", "TASK_VIEWER"),
        ("POST", f"{TASKS}/1/retry", "TASK_MANAGER"),
        ("POST", f"{TASKS}/1/rollback", "TASK_MANAGER"),
        ("POST", f"{TASKS}/1/cancel", "TASK_MANAGER"),
        ("POST", f"{TASKS}/1/subtasks/1/skip", "TASK_MANAGER"),
        ("POST", f"{TASKS}/1/subtasks/1/cancel", "TASK_MANAGER"),
        ("GET", "/metrics", "TASK_VIEWER"),
    ],
)
def test_roles(service: Service, method: str, path: str, role: str | None) -> None:
    """bob is a HOST_VIEWER."""
    bob = Client(service.port, basic=("bob", "bob's password"))

    answer = check(bob.call(method, path, b"" if method == "GET" else json.dumps(NOBODY).encode()))

    assert answer.status == (403 if role else 200)
    if role:
        assert answer.code == "IAM11000"
        assert role in answer.body["error"]["message"]


def test_metrics_have_no_label_of_a_client_s_choice(alice: Client) -> None:
    for method, path in (("GET", f"{HOSTS}/1001"), ("GET", "/no/path"), ("BREW", TASKS), ("GET", f"{TASKS}/4711")):
        alice.call(method, path)

    line = r'(?m)^ocp_agents_http_requests_total\{method="(.*)",path="(.*)",status="(.*)"\}'
    counted = set(re.findall(line, alice.text("/metrics")))

    assert ("GET", "/compute/hosts/{hostId}", "200") in counted
    assert {("GET", "other", "404"), ("other", "other", "405")} <= counted
    assert "4711" not in str(counted)


def test_metrics_are_off_unless_asked_for(anybody: Client) -> None:
    assert check(anybody.get("/metrics")).status == 404


def test_failed_logins_are_limited(service: Service) -> None:
    guesses = [
        check(Client(service.port, basic=("mallory", f"guess {number}")).get(HOSTS)).status for number in range(6)
    ]
    assert guesses == [401] * 5 + [429]

    throttled = Client(service.port, basic=("mallory", "mallory's password")).get(HOSTS)

    assert throttled.status == 429
    assert 0 < int(throttled.headers["retry-after"]) <= 61


def test_a_user_that_is_removed_is_out(service: Service, users: Path) -> None:
    make_users(users, {"dave": "dave's password"})
    dave = Client(service.port, basic=("dave", "dave's password"))
    assert check(dave.get(HOSTS)).status == 403
    subprocess.run([COMMAND, "user", "remove", "--users", users, "dave"], check=True)
    assert check(dave.get(HOSTS)).status == 401


def test_no_secret_is_told(service: Service, carol: Client, alice: Client, users: Path) -> None:
    answer = check(alice.get(HOSTS))
    check(carol.get(HOSTS))
    assert carol.keys
    command_line = Path(f"/proc/{service.process.pid}/cmdline").read_text()
    secrets = [PASSWORD, "guess 1", "bob's password", carol.keys[1], "$argon2", b64encode(PASSWORD.encode()).decode()]
    assert [secret for secret in secrets if secret in service.log + command_line] == []
    assert PASSWORD not in users.read_text()
    assert users.stat().st_mode & 0o077 == 0
    line = next(line for line in service.lines("traceId", answer.body["traceId"]) if line.get("user") == "alice")
    assert (line["client"], line["status"], line["message"]) == ("127.0.0.1", 200, f"GET {HOSTS}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "there are no users"),
        (["--users", "readable.json"], "chmod 600"),
        (["--users", "broken.json"], "cannot be read"),
        (["--insecure-loopback", "--host", "0.0.0.0"], "this machine only"),
        (["--users", "users.json", "--host", "0.0.0.0"], "--certificate"),
        (["--users", "users.json", "--certificate", "users.json", "--key", "users.json"], "cannot be used"),
        (["--users", "users.json", "--certificate", "users.json"], "go together"),
        (["--users", "users.json", "--insecure-loopback"], "not both"),
        (["--users", "users.json", "--task-store", "none"], "none"),
        (["--users", "users.json", "--inventory", "missing"], "no inventory"),
        (
            ["--users", "users.json", "-e", "ocp_waves=2", "-e", "ocp_task_store=none", "-e", "ocp_host_id=1"],
            "ocp_host_id: the inventory says it of each host; ocp_task_store: give --task-store; ocp_waves: ",
        ),
    ],
)
def test_it_refuses_to_start(folder: Path, users: Path, arguments: list[str], words: str) -> None:
    (folder / "readable.json").write_text(users.read_text())
    (folder / "broken.json").write_text("{")
    (folder / "broken.json").chmod(0o600)
    command = [COMMAND, "serve", "--port", "0", "--inventory", "inventory.yml", *arguments]

    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)

    assert run.returncode != 0
    assert words in run.stderr
    assert "Traceback" not in run.stderr


def test_tls(folder: Path, store: str, users: Path) -> None:
    certificate = Certificate.make(folder)
    service = Service(
        folder / "tls",
        *("--no-standby", "--inventory", folder / "inventory.yml", "--task-store", store, "--users", users),
        *("--host", "0.0.0.0", "--certificate", certificate.chain, "--key", certificate.chain),
    )
    try:
        client = Client(service.port, basic=("alice", PASSWORD), authority=certificate.authority)
        assert check(client.get(HOSTS)).status == 200
    finally:
        service.kill()


def test_a_unix_socket_without_users(folder: Path, store: str) -> None:
    path = folder / "unix" / "socket"
    service = Service(
        folder / "unix",
        *("--no-standby", "--inventory", folder / "inventory.yml", "--task-store", store, "--insecure-loopback"),
        *("--unix-socket", path),
    )
    try:
        assert check(Client(unix_socket=str(path)).get(HOSTS)).status == 200
        # A page of the web whose name leads here says its own name.
        assert check(Client(unix_socket=str(path)).get(HOSTS, headers={"Host": "evil.example.com"})).status == 403
    finally:
        service.kill()
