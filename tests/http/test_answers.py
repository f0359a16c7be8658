# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every answer is one of OCP's envelopes, also to what is no request of its."""

from __future__ import annotations

import json
import socket
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.http.client import Answer, Client
from tests.http.envelope import check
from tests.http.service import Service


def raw(port: int, sent: bytes) -> bytes:
    """What comes back for these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


@pytest.mark.parametrize("prefix", ["", "/api/v2"])
def test_time(anybody: Client, prefix: str) -> None:
    answer = check(anybody.get(f"{prefix}/time"))

    assert answer.status == 200
    assert abs(datetime.fromisoformat(answer.data["currentTime"]).timestamp() - time.time()) < 30


def test_healthz(anybody: Client) -> None:
    assert check(anybody.get("/healthz")).status == 200


def test_each_request_has_a_trace_id_of_its_own(anybody: Client, open_service: Service) -> None:
    first, second = (check(anybody.get("/time")).body["traceId"] for _time in range(2))

    assert first != second
    logged = open_service.lines("traceId", first)
    assert [(line["message"], line["status"]) for line in logged] == [("GET /time", 200)]


@pytest.mark.parametrize("prefix", ["", "/api/v2"])
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "COM10002"),
        ("POST", "/time", 405, "COM10001"),
        ("DELETE", "/compute/hosts/1001", 405, "COM10001"),
        ("OPTIONS", "/compute/hosts", 405, "COM10001"),
        ("BREW", "/tasks/instances", 405, "COM10001"),
    ],
)
def test_paths_and_methods_that_are_not_there(
    anybody: Client, prefix: str, method: str, path: str, status: int, code: str
) -> None:
    answer = check(anybody.call(method, prefix + path))

    assert (answer.status, answer.code) == (status, code)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("path", ["", "/api/v2", "/api/v2/", "/%2e%2e/time", "/%00", "/compute/hosts//"])
def test_odd_paths(anybody: Client, path: str) -> None:
    assert check(anybody.get(path or "/")).status == 404


@pytest.mark.parametrize(
    "target", ["/time/", "/api/v2/time/", "http://localhost:8080/api/v2/time", "HTTPS://ocp.example/time/?x=http://y/z"]
)
def test_paths_that_are_spelled_otherwise(anybody: Client, target: str) -> None:
    assert "currentTime" in check(anybody.get(target)).data


def test_json_is_written_as_ocp_writes_it(open_service: Service) -> None:
    """Scripts look for a part of an answer with grep. What is no character, and came from the client, is escaped."""
    head = "Host: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
    host = raw(open_service.port, f"GET /compute/hosts/1001 HTTP/1.1\r\n{head}\r\n".encode())
    body = '{"hostIds":["主机","\\ud800"]}'.encode()
    asked = f"POST /compute/hosts/batchStopAgents HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n"
    refused = raw(open_service.port, asked.encode() + body)

    assert b'"innerIpAddress":"192.0.2.11"' in host
    assert '"rejectedValue":"主机"'.encode() in refused
    assert b'"rejectedValue":"\\ud800"' in refused


def test_a_client_that_hangs_up_is_no_failure_of_the_service(open_service: Service) -> None:
    with socket.create_connection(("127.0.0.1", open_service.port), timeout=30) as connection:
        connection.sendall(b"POST /tasks/instances/77/retry HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")

    assert [line["status"] for line in open_service.lines("message", "POST /tasks/instances/77/retry")] == [400]


def test_head_has_no_body(anybody: Client) -> None:
    answer = anybody.call("HEAD", "/compute/hosts")

    assert (answer.status, answer.body) == (200, None)


def test_a_body_that_is_too_large_is_not_waited_for(open_service: Service) -> None:
    head = b"GET /compute/hosts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n"

    assert raw(open_service.port, head).startswith(b"HTTP/1.1 413 ")


def test_a_body_of_unknown_length_is_limited(open_service: Service) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    head = b"GET /compute/hosts HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"

    with socket.create_connection(("127.0.0.1", open_service.port), timeout=30) as connection:
        connection.sendall(head)
        try:
            for _time in range(100):
                connection.sendall(chunk)
        except OSError:
            pass
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"GET /time HTTP/1.1\r\n\r\n",
        b"GET /time HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 70_000,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    ],
    ids=["words", "version", "no Host", "long header", "TLS"],
)
def test_what_is_no_http_gets_an_envelope(open_service: Service, sent: bytes) -> None:
    head, dummy, body = raw(open_service.port, sent).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/json" in head.lower()
    assert b'"code":"COM10001"' in body
    (line,) = open_service.lines("traceId", json.loads(body)["traceId"])
    assert (line["client"], line["status"]) == ("127.0.0.1", 400)


def test_the_codes_of_ocp_31(folder: Path, store: str) -> None:
    service = Service(
        folder / "31",
        *("--inventory", folder / "inventory.yml", "--task-store", store, "--insecure-loopback"),
        *("--error-codes", "3.1"),
    )
    client = Client(service.port)
    try:
        codes: list[Answer] = [check(client.get(path)) for path in ("/compute/hosts/9", "/tasks/instances/9", "/none")]
        assert [answer.code for answer in codes] == [7005, 4001, 1002]
    finally:
        service.kill()
