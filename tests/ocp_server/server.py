# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: GET /api/v2/compute/hosts, who may read it, and whatever else a test wants to happen."""

from __future__ import annotations

import ssl
import threading
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from . import access_key
from .answers import Answer, envelope, error
from .certificate import Certificate

PATH = "/api/v2/compute/hosts"
MAX_SIZE = 2000


@dataclass(frozen=True)
class Request:
    """A request as it arrived. query: decoded, one value each. time: seconds of the monotonic clock."""

    target: str
    headers: dict[str, str]
    time: float = field(default_factory=time.monotonic)

    @property
    def query(self) -> dict[str, str]:
        return {key: values[-1] for key, values in parse_qs(urlsplit(self.target).query).items()}


class OcpServer:
    """An OCP on a free port of 127.0.0.1, up from the beginning of its with block to the end.

    hosts: what it manages; a test may change the list. certificate: for TLS, plain HTTP without it. Who asks must be
    user with password, or access_key with secret_key.
    """

    user = "ansible"
    password = "pa55:wörd {{ 7*7 }}"
    access_key = "cqammmxBpfGjFlto"
    secret_key = "2fc0c299cc94c6be266f2ceece765d4d"

    def __init__(self, hosts: Iterable[dict[str, Any]] = (), certificate: Certificate | None = None) -> None:
        self.hosts = list(hosts)
        self.requests: list[Request] = []
        # Given one by one instead of the hosts; first come, first served.
        self.script: deque[Answer] = deque()
        # Called before each answer with the number of the request, from 1.
        self.before_answer: Callable[[int], None] = lambda number: None
        # Called with each page of hosts before it is sent.
        self.alter_page: Callable[[dict[str, Any]], None] = lambda page: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.chain)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self._scheme = "https"
        self.url = f"{self._scheme}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> OcpServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Be down: the port refuses connections. Does nothing the second time."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    @property
    def secrets(self) -> list[str]:
        """What must never be seen outside a request, in each form that a client could let slip."""
        basic = b64encode(f"{self.user}:{self.password}".encode()).decode()
        return [self.password, self.secret_key, basic, self.password.split()[0]]

    def answer(self, request: Request) -> Answer:
        """What a request gets."""
        self.requests.append(request)
        self.before_answer(len(self.requests))
        if self.script:
            return self.script.popleft()
        if not self._knows(request):
            return error(401, "IAM10000", "User is not logged in.")
        if urlsplit(request.target).path != PATH:
            return error(404, "COM10002", "No such API.")
        return self._page(request.query)

    def _knows(self, request: Request) -> bool:
        given = request.headers.get("Authorization", "")
        if given.startswith(access_key.SCHEME):
            return access_key.is_signed("GET", request.target, request.headers, b"", self.access_key, self.secret_key)
        return given == "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()

    def _page(self, query: dict[str, str]) -> Answer:
        number, size = int(query.get("page", 1)), int(query.get("size", 10))
        if not 1 <= size <= MAX_SIZE:
            message = f"must be at most {MAX_SIZE}"
            field_error = {"object": "hosts", "field": "size", "rejectedValue": size, "message": message}
            return error(400, "COM10001", "Invalid parameter.", [field_error])
        statuses = query["status"].split(",") if "status" in query else None
        keyword = query.get("keyword", "")
        found = [
            host
            for host in self.hosts
            if (statuses is None or host["status"] in statuses) and keyword in str(host["name"])
        ]
        if query.get("sort") == "id,asc":
            found.sort(key=lambda host: int(host["id"]))
        contents = found[(number - 1) * size : number * size]
        pages = -(-len(found) // size)
        page = {
            "contents": contents,
            "page": {"number": number, "size": size, "totalElements": len(found), "totalPages": pages},
        }
        self.alter_page(page)
        return envelope(page)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ocp = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                answer = ocp.answer(Request(self.path, dict(self.headers.items())))
                time.sleep(answer.delay)
                try:
                    self._send(answer)
                except OSError:  # the client went away; some tests want just that
                    pass
                self.close_connection = True

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                body = answer.body[: answer.sent]
                if not answer.pause:
                    self.wfile.write(body)
                    return
                for octet in body:
                    self.wfile.write(bytes([octet]))
                    time.sleep(answer.pause)

            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        return Handler
