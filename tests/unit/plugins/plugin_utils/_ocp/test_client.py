# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.client import (
    AccessKey,
    ClientError,
    OcpClient,
    Password,
    UnavailableError,
    normalize_url,
)
from tests.ocp_server import Answer, OcpServer, error, host
from tests.ocp_server.server import PATH as API
from tests.ocp_server.server import Request

PATH = "/compute/hosts"


@pytest.fixture
def ocp():
    with OcpServer([host(1)]) as server:
        yield server


@pytest.fixture
def waits():
    return []


@pytest.fixture
def client(ocp, waits):
    return OcpClient(ocp.url, Password(ocp.user, ocp.password), timeout=5, sleep=waits.append)


def test_the_data_of_an_answer_is_returned(client):
    assert client.get(PATH, {})["contents"] == [host(1)]


def test_waits_double_when_ocp_says_nothing_about_them(ocp, client, waits):
    ocp.script.extend([error(500, "COM10000", "broken"), error(429, 0, "Excessive number of requests.")])
    client.get(PATH, {})
    assert waits == [1, 2]


def test_the_last_failure_is_raised_after_all_retries(ocp, client, waits):
    ocp.script.extend(error(503, "COM10000", f"broken {number}") for number in range(5))
    with pytest.raises(UnavailableError, match=r"HTTP 503 COM10000: broken 2; traceId 45d755410e824b50"):
        client.get(PATH, {})
    assert len(waits) == 2


@pytest.mark.parametrize(("reset", "expected"), [("7", [7]), ("0", [0]), ("60", [60]), ("soon", [1]), ("-5", [1])])
def test_ratelimit_reset_is_obeyed(ocp, client, waits, reset, expected):
    ocp.script.append(error(429, 0, "Excessive number of requests.", headers={"RateLimit-Reset": reset}))
    client.get(PATH, {})
    assert waits == expected


def test_a_long_ratelimit_reset_is_not_waited_for(ocp, client, waits):
    ocp.script.append(error(429, 0, "Excessive number of requests.", headers={"RateLimit-Reset": "61"}))
    with pytest.raises(UnavailableError, match="it asks to wait 61 seconds"):
        client.get(PATH, {})
    assert (waits, len(ocp.requests)) == ([], 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_what_will_not_change_is_not_retried(ocp, client, status):
    ocp.script.append(error(status, "COM10001", "no"))
    with pytest.raises(ClientError, match=rf"HTTP {status} COM10001: no") as raised:
        client.get(PATH, {})
    assert not isinstance(raised.value, UnavailableError)
    assert len(ocp.requests) == 1


def test_the_offending_fields_are_named(ocp, client):
    sub_error = {"object": "hosts", "field": "size", "rejectedValue": 3000, "message": "must be at most 2000"}
    ocp.script.append(error(400, "COM10001", "Invalid parameter.", [sub_error]))
    with pytest.raises(ClientError, match=r"COM10001: Invalid parameter\.; size: must be at most 2000; traceId"):
        client.get(PATH, {})


def test_an_error_envelope_under_http_status_200_counts(ocp, client):
    envelope = error(401, "IAM10000", "User is not logged in.")
    ocp.script.append(Answer(200, envelope.body, envelope.headers))
    with pytest.raises(ClientError, match=r"refused the login of 'ansible' \(HTTP 401 IAM10000"):
        client.get(PATH, {})


BODIES = [
    b"",
    b"[]",
    b"null",
    b"<html>",
    b"\xff",
    b"[" * 100_000,
    b'{"data": {}}',
    b'{"successful": "true", "data": {}}',
    b'{"successful": false, "message": "maintenance"}',
    b'{"timestamp": 1, "status": 404, "error": "Not Found", "path": "/api/v2/compute/hosts"}',
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404])
def test_what_is_not_ocps_envelope_is_no_answer(ocp, client, waits, body, status):
    if status == 204:
        body = b""
    ocp.script.extend([Answer(status, body, {"Content-Type": "text/html"})] * 3)
    words = rf"HTTP {status} with something that is not OCP's JSON \({len(body)} bytes, text/html\)"
    with pytest.raises(UnavailableError, match=words):
        client.get(PATH, {})
    assert waits == [1, 2]


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_balancer_that_has_no_ocp_behind_it_is_no_answer(ocp, client, status):
    ocp.script.extend([Answer(status, b"<html>Bad gateway</html>", {"Content-Type": "text/html"})] * 3)
    with pytest.raises(UnavailableError, match=f"HTTP {status}"):
        client.get(PATH, {})


def test_ocps_envelope_counts_whatever_its_content_type(ocp, client):
    answer = ocp.answer(Request(f"{API}?size=10", {"Authorization": f"Basic {client._credentials._token()}"}))
    ocp.script.append(Answer(200, answer.body, {"Content-Type": "text/html"}))
    assert client.get(PATH, {})["contents"] == [host(1)]


def test_a_broken_off_answer_is_asked_for_again(ocp, client, waits):
    ocp.script.append(Answer(200, b"x" * 100, sent=40))
    assert client.get(PATH, {})["contents"] == [host(1)]
    assert waits == [1]


def test_a_chunked_answer_that_breaks_off_is_no_answer(ocp, client):
    answer = Answer(200, b"ff\r\nshort", {"Transfer-Encoding": "chunked", "Content-Length": "0"})
    ocp.script.extend([answer] * 3)
    with pytest.raises(UnavailableError, match="broke off"):
        client.get(PATH, {})


def test_a_body_that_dribbles_is_bounded_as_a_whole(ocp):
    ocp.script.append(Answer(200, b"x" * 1000, pause=0.2))
    client = OcpClient(ocp.url, Password(ocp.user, ocp.password), timeout=1, retries=0)
    with pytest.raises(UnavailableError, match="within 1 seconds"):
        client.get(PATH, {})


def test_nobody_listening_is_no_answer(ocp, client):
    ocp.stop()
    with pytest.raises(UnavailableError, match=rf"no answer from {ocp.url} \(Connection refused\)"):
        client.get(PATH, {})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(ocp, client, status):
    with OcpServer([host(2)]) as other:
        ocp.script.extend([Answer(status, headers={"Location": f"{other.url}/api/v2/compute/hosts"})] * 3)
        with pytest.raises(UnavailableError, match=f"redirects to {other.url}"):
            client.get(PATH, {})
        assert other.requests == []


@pytest.mark.parametrize("kind", ["password", "access key"])
def test_what_ocp_says_is_shown_on_one_line_and_without_secrets(ocp, kind):
    credentials = Password(ocp.user, ocp.password) if kind == "password" else AccessKey("AK", ocp.secret_key)
    echoed = f"\x1b[2J{' '.join(ocp.secrets)}\nsecond line {'x' * 1000}"
    ocp.script.append(error(409, "COM10005", echoed))
    with pytest.raises(ClientError) as raised:
        OcpClient(ocp.url, credentials).get(PATH, {})
    text = str(raised.value)
    assert text.isprintable()
    assert len(text) < 500
    for secret in credentials.secrets:
        assert secret not in text
    assert "********" in text


def test_netrc_and_its_passwords_are_left_alone(ocp, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    OcpClient(ocp.url, AccessKey(ocp.access_key, ocp.secret_key)).get(PATH, {"status": ["ONLINE", "NEW"]})


def test_credentials_do_not_show_their_secret():
    assert "hunter2" not in repr([Password("user", "hunter2"), AccessKey("AK", "hunter2")])


@pytest.mark.parametrize("make", [lambda: Password("a:b", "x"), lambda: AccessKey("a\r\nX-Evil: 1", "x")])
def test_credentials_that_no_header_can_carry_are_refused(make):
    with pytest.raises(ClientError, match="must"):
        make()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://ocp:8080", "http://ocp:8080"),
        ("https://ocp/", "https://ocp"),
        ("https://ocp/api/v2/", "https://ocp"),
        ("https://gateway/ocp/api/v2", "https://gateway/ocp"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_the_address_is_brought_into_one_form(url, expected):
    assert normalize_url(url) == expected


@pytest.mark.parametrize(
    "url",
    ["ocp:8080", "ftp://ocp", "file:///etc/passwd", "http://", "http://ocp:port", "http://ocp:99999", "http://[::1",
     "http://ocp/?a=b", "http://ocp#x", "http://ocp\r\nX-Evil: 1", "http://öcp", "http://ocp /", "http:\\\\ocp"],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ClientError, match="url must be the address of OCP"):
        normalize_url(url)


def test_a_password_in_the_address_is_refused_and_not_shown():
    with pytest.raises(ClientError, match="without a user name") as raised:
        normalize_url("https://user:hunter2@ocp")
    assert "hunter2" not in str(raised.value)


# Slow servers


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("first", "again"),
    [(b"", b""), (b"HTTP/1.1 2", b"0"), (HEAD, b"X"), (HEAD, b"X: y\r\n"), (b"", b"HTTP/1.1 100 Continue\r\n\r\n")],
    ids=["nothing", "status", "a header without end", "headers without end", "continue without end"],
)
def test_a_server_that_is_never_done(first, again):
    """Each of its bytes arrives in time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                connection, dummy = listener.accept()
                connection.sendall(first)
                while True:
                    connection.sendall(again)
                    time.sleep(0.3)

        threading.Thread(target=serve, daemon=True).start()
        slow = OcpClient(f"http://127.0.0.1:{listener.getsockname()[1]}", Password("a", "b"), timeout=1, retries=0)
        began = time.monotonic()
        with pytest.raises(UnavailableError, match="within 1 seconds"):
            slow.get(PATH, {})
        assert time.monotonic() - began < 5


def test_a_name_server_that_never_answers(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *dummy, **named: time.sleep(30))
    slow = OcpClient("http://ocp.example.com:8080", Password("a", "b"), timeout=1, retries=0)
    with pytest.raises(UnavailableError, match="within 1 seconds"):
        slow.get(PATH, {})
