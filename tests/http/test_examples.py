# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples for nginx and systemd."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.client import Client
from tests.http.envelope import check
from tests.http.service import Service, make_key
from tests.ocp_server.certificate import Certificate

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/http"
ADMIN = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
# What an nginx needs that is nobody's but the test's.
AROUND = """\
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/errors;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include {folder}/server.conf;
}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture
def nginx(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of an nginx with the example's server. It hands on to the socket `http` in the folder.

    Its parameter: how long it waits for an answer.
    """
    certificate = Certificate.make(tmp_path)
    text, port = (EXAMPLES / "nginx.conf").read_text(), free_port()
    for there, here in (
        ("8443", f"127.0.0.1:{port}"),
        ("/etc/nginx/ocp-agents.pem", str(certificate.chain)),
        ("/etc/nginx/ocp-agents.key", str(certificate.chain)),
        ("/run/ocp-agents/http", str(tmp_path / "http")),
        ("proxy_read_timeout 60s", f"proxy_read_timeout {getattr(request, 'param', '60s')}"),
    ):
        assert there in text
        text = text.replace(there, here)
    (tmp_path / "server.conf").write_text(text)
    # Its worker is another user, who would not get into the folder.
    user = "user root;" if os.getuid() == 0 else ""
    (tmp_path / "nginx.conf").write_text(AROUND.format(folder=tmp_path, user=user))
    command = ["nginx", "-e", tmp_path / "errors", "-c", tmp_path / "nginx.conf"]
    process = subprocess.Popen(command, env=ADMIN, stdin=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_signed_request_by_way_of_nginx(tmp_path: Path, folder: Path, store: str, nginx: int) -> None:
    users = tmp_path / "users.json"
    keys = make_key(users, "carol")
    service = Service(
        tmp_path / "service",
        *("--inventory", folder / "inventory.yml", "--task-store", store, "--users", users),
        *("--unix-socket", tmp_path / "http", "--proxy", "*", "--no-standby"),
    )
    try:
        client = Client(nginx, keys=keys, authority=tmp_path / "authority.pem")
        answer = client.get("/api/v2/compute/hosts?size=1&status=ONLINE")
        assert check(answer).data["page"]["totalElements"] == 2
        (line,) = service.lines("traceId", answer.body["traceId"])
        assert (line["user"], line["client"]) == ("carol", "127.0.0.1")
    finally:
        service.kill()


@pytest.mark.parametrize("nginx", ["1s"], indirect=True)
def test_what_nginx_refuses_itself(tmp_path: Path, nginx: int) -> None:
    """It is in OCP's envelope, too."""
    client = Client(nginx, authority=tmp_path / "authority.pem")
    stop = "/api/v2/compute/hosts/batchStopAgents"
    with socket.socket(socket.AF_UNIX) as silent:
        nobody = client.post(stop, {"hostIds": [1]})
        silent.bind(str(tmp_path / "http"))
        silent.listen()
        (tmp_path / "http").chmod(0o666)
        late = client.post(stop, {"hostIds": [1]})
    too_large = client.call("POST", stop, b" " * 1_100_000)
    too_long = client.get(f"/api/v2/{'a' * 20_000}")
    unsecured = Client(nginx).get(stop)
    inner = client.get("/ocp-error")

    answers = [nobody, late, too_large, too_long, unsecured, inner]
    assert [(answer.status, answer.code) for answer in map(check, answers)] == [
        (502, "COM10010"),
        (504, "COM10010"),
        (413, "COM10001"),
        (414, "COM10001"),
        (400, "COM10001"),
        (404, "COM10002"),
    ]
    assert late.body["duration"] >= 1000
    assert "look at its tasks" in late.body["error"]["message"]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


def test_the_unit(tmp_path: Path) -> None:
    """systemd knows every setting of it, and what it says of its exposure is low."""
    text = (EXAMPLES / "ocp-agents.service").read_text()
    unit = tmp_path / "ocp-agents.service"
    unit.write_text(text.replace("/opt/ocp-agents/bin/ocp-agents", "/bin/true"))

    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")

    security = ["systemd-analyze", "security", "--offline=true", "--no-pager", unit]
    said = subprocess.check_output(security, text=True)
    (exposure,) = re.findall(r"Overall exposure level for \S+: (\d+\.\d+)", said)
    assert float(exposure) <= 2
