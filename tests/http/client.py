# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of OCP's HTTP API, written after its public documentation. It shares no line with the service."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. body: its JSON."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> Any:
        """OCP's error code."""
        return self.body["error"]["code"]

    @property
    def data(self) -> Any:
        return self.body["data"]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Client:
    """port: of the service on loopback. basic: user and password. keys: access key and secret key."""

    port: int = 0
    basic: tuple[str, str] | None = None
    keys: tuple[str, str] | None = None
    unix_socket: str | None = None
    authority: Path | None = None

    def get(self, path: str, **more: Any) -> Answer:
        return self.call("GET", path, **more)

    def post(self, path: str, document: Any = None, **more: Any) -> Answer:
        body = b"" if document is None else json.dumps(document).encode()
        return self.call("POST", path, body, **more)

    def call(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        sent = {"Host": f"localhost:{self.port}", **({"Content-Type": "application/json"} if body else {})}
        sent.update(headers or {})
        if self.keys and "Authorization" not in sent:
            sent.setdefault("Date", formatdate(usegmt=True))
            sent["Authorization"] = signature(method, path, sent, body, *self.keys)
        if self.basic and "Authorization" not in sent:
            sent["Authorization"] = "Basic " + b64encode(":".join(self.basic).encode()).decode()
        status, found, content = self._exchange(method, path, body, sent)
        return Answer(status, found, json.loads(content) if content else None)

    def text(self, path: str) -> str:
        """The body of an answer that is no JSON."""
        sent = {"Host": f"localhost:{self.port}"}
        if self.basic:
            sent["Authorization"] = "Basic " + b64encode(":".join(self.basic).encode()).decode()
        return self._exchange("GET", path, b"", sent)[2].decode()

    def _exchange(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        connection = self._connect()
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            content = response.read()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, content
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        if self.unix_socket:
            return _UnixConnection(self.unix_socket)
        if self.authority:
            context = ssl.create_default_context(cafile=str(self.authority))
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)


def signature(
    method: str, target: str, headers: Mapping[str, str], body: bytes, access_key: str, secret_key: str
) -> str:
    """The header Authorization of a signed request. target: with a query of distinct, plain keys."""
    path, question, query = target.partition("?")
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&")) if question else []
    canonical = "&".join(f"{quote(key, safe='')}={quote(unquote(value), safe='')}" for key, value in pairs)
    own = sorted(f"{name.lower()}:{value}" for name, value in headers.items() if name.lower().startswith("x-ocp-"))
    lines = [
        method,
        hashlib.md5(body).hexdigest().upper() if body else "",
        headers.get("Content-Type", ""),
        headers["Date"],
        headers["Host"],
        "\n".join(own),
        f"{path}?{canonical}" if question else path,
    ]
    digest = hmac.digest(secret_key.encode(), "\n".join(lines).encode(), "sha1")
    return f"OCP-ACCESS-KEY-HMACSHA1 {access_key}:{b64encode(digest).decode()}"
