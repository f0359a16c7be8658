# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests as no client should make them, clients that are slow, and more connections than there may be."""

from __future__ import annotations

import gzip
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from oceanbase_ocp.http.protocol import HEADER_SECONDS, MOST_CONNECTIONS
from oceanbase_ocp.http.settings import Settings
from tests.http.client import Client
from tests.http.envelope import check
from tests.http.service import Service

STOP = "/api/v2/compute/hosts/batchStopAgents"
NOBODY = b'{"hostIds": [0]}'  # refused before anything is begun
IDS = json.dumps({"hostIds": list(range(1, 100_002))}).encode()


@pytest.mark.parametrize(
    "path",
    [
        "//api/v2/compute/hosts",
        "/api//v2/compute/hosts",
        "/api/v2/compute/hosts//1001",
        "/api/v2/compute%2Fhosts/1001",
        "/api/v2/compute/hosts/1001%2Fagent/stop",
        "/api/v2/compute/hosts/..%2F1001",
        "/API/V2/compute/hosts",
        "/api/v2/compute/hosts;jsessionid=1",
    ],
)
def test_paths(anybody: Client, path: str) -> None:
    assert check(anybody.get(path)).status == 404


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\xef\xbb\xbf" + NOBODY, {}, 400),
        (NOBODY.decode().encode("utf-16"), {}, 400),
        (gzip.compress(NOBODY, mtime=0), {"Content-Encoding": "gzip"}, 415),
        (NOBODY, {"Content-Type": "application/json; charset=utf-8"}, 400),
        (NOBODY, {"Content-Type": "application/xml"}, 415),
        (b"null", {}, 400),
        (b'"1001"', {}, 400),
        (b'{"hostIds": null}', {}, 400),
        (b'{"hostIds": [Infinity]}', {}, 400),
        (b'{"hostIds": [1e400]}', {}, 400),
        (b'{"hostIds": [1.0]}', {}, 400),
        (b'{"hostIds": [-0]}', {}, 400),
        (b'{"a": ' * 5000 + b"1" + b"}" * 5000, {}, 400),
        (b'{"hostIds": [[' + b"[" * 900 + b"]" * 900 + b"]]}", {}, 400),
        (b'{"__proto__": 1, "hostIds": [0]}', {}, 400),
        (IDS[:-2] + b", 1]}", {}, 400),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bodies(anybody: Client, body: bytes, headers: dict[str, str], status: int) -> None:
    answer = check(anybody.call("POST", STOP, body, headers))

    assert (answer.status, answer.code) == (status, "COM10001")


def test_a_mark_of_the_byte_order_is_no_fault(anybody: Client) -> None:
    answer = check(anybody.call("POST", STOP, b"\xef\xbb\xbf" + NOBODY))
    assert [sub["rejectedValue"] for sub in answer.body["error"]["subErrors"]] == [0]


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (f"Content-Length: {len(NOBODY)}\r\nExpect: 100-continue", NOBODY, b"100 "),
        ("Transfer-Encoding: chunked", b"5\r\n" + NOBODY[:5] + b"\r\nb\r\n" + NOBODY[5:] + b"\r\n0\r\n\r\n", b"400 "),
        (f"Transfer-Encoding: chunked\r\nContent-Length: {len(NOBODY)}", b"0\r\n\r\n", b"400 "),
        ("Transfer-Encoding: gzip", b"", b"400 "),
        ("Content-Length: 1\r\nContent-Length: 2", b"", b"400 "),
        ("Content-Length: -1", b"", b"400 "),
        ("Host: evil", b"", b"400 "),
    ],
)
def test_the_framing_of_bodies(open_service: Service, head: str, body: bytes, status: bytes) -> None:
    request = f"POST {STOP} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", open_service.port), timeout=30) as connection:
        connection.sendall(f"{request}{head}\r\n\r\n".encode() + body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 " + status)
    assert json.loads(received.rpartition(b"\r\n\r\n")[2])["error"]["code"] == "COM10001"


@pytest.mark.parametrize("body", [b"null", b" ", b"{}"])
def test_what_takes_no_body_takes_an_empty_one(anybody: Client, body: bytes) -> None:
    (task,) = anybody.get("/tasks/instances?status=SUCCESSFUL").data["contents"]

    answer = check(anybody.call("POST", f"/tasks/instances/{task['id']}/retry", body))

    assert (answer.status, answer.code) == (409, "TSK10007")


def drip(port: int, begin: bytes, drop: bytes) -> bytes:
    """What comes back to a client that sends a little each second until it is hung up on."""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(begin)
        received, deadline = b"", time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                chunk = connection.recv(65536)
                if not chunk:
                    return received
                received += chunk
            except TimeoutError:
                connection.sendall(drop)
            except ConnectionError:
                return received
    raise AssertionError("it is not hung up")


def test_slow_clients_are_hung_up(anybody: Client, open_service: Service) -> None:
    """Each takes seconds of waiting, and no thread: all at once, and a quick one is answered meanwhile."""
    head = f"POST {STOP} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    port = open_service.port
    begun = time.monotonic()
    with ThreadPoolExecutor() as pool:
        silent = pool.submit(drip, port, b"", b"")
        headers = pool.submit(drip, port, b"GET /time HTTP/1.1\r\n", b"X: y\r\n")
        body = pool.submit(drip, port, head.encode(), b" ")
        assert check(anybody.get("/time")).status == 200
        assert silent.result() == headers.result() == b""
        assert body.result().startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun >= min(HEADER_SECONDS, Settings().body_seconds)


def test_connections_are_limited(open_service: Service, anybody: Client) -> None:
    with ExitStack() as opened:
        address = ("127.0.0.1", open_service.port)
        for _time in range(MOST_CONNECTIONS):
            opened.enter_context(socket.create_connection(address, timeout=30))
        one_more = opened.enter_context(socket.create_connection(address, timeout=30))
        received = b""
        while chunk := one_more.recv(65536):
            received += chunk
        assert received.startswith(b"HTTP/1.1 503 ")
        assert json.loads(received.rpartition(b"\r\n\r\n")[2])["error"]["code"] == "COM10010"
    deadline = time.monotonic() + 30
    while (answer := check(anybody.get("/time"))).status == 503 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert answer.status == 200
