# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets in the run folder, with JSON over HTTP.

Written by hand, since "json" and "http" would cost each child memory.
"""

from __future__ import annotations

import _socket
import _thread
import os
import time
from collections.abc import Callable

from . import run_folder
from .settings import Settings
from .telling import VendorError

PATH = "/api/v1/status"
VERSION = "4.2.2"
# Maps the path and the body of a request to the value of "data", as JSON; None for an unknown path.
Answers = Callable[[str, str], "str | None"]


def serve(conf: Settings, program: str, answers: Answers) -> _socket.socket:
    """Listen on the socket of this process, which is *program*, and answer from a thread. Returns the socket."""
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    listener.bind(run_folder.socket_file(conf, program, os.getpid()))
    listener.listen(128)
    if conf.get("scripts"):
        return listener  # the answers of generation 1 are not published
    _thread.stack_size(256 * 1024)
    _thread.start_new_thread(_accept, (listener, conf["address"], answers))
    return listener


def _accept(listener: _socket.socket, address: str, answers: Answers) -> None:
    while True:
        try:
            descriptor, _peer = listener._accept()  # type: ignore[attr-defined]
        except OSError:
            return  # closed
        connection = _socket.socket(fileno=descriptor)
        _thread.start_new_thread(_answer, (connection, address, answers))


def _answer(connection: _socket.socket, address: str, answers: Answers) -> None:
    try:
        head, _blank, body = _receive(connection).partition(b"\r\n\r\n")
        words = head.split(b"\r\n")[0].decode("latin-1").split(" ")
        if len(words) != 3:
            return  # the client has only looked for a listener
        began = time.time()
        try:
            data = answers(words[1], body.decode())
            status, payload = (200, _envelope(address, began, data)) if data is not None else (404, None)
        except VendorError as error:
            status, payload = 500, _envelope(address, began, None, str(error))
        kind = "application/json; charset=utf-8" if payload else "text/plain"
        content = (payload or "404 page not found\n").encode()
        reason = {200: "OK", 404: "Not Found", 500: "Internal Server Error"}[status]
        connection.sendall(
            f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
    except OSError:
        pass  # the client is gone
    finally:
        connection.close()


def _receive(connection: _socket.socket) -> bytes:
    """A whole request or answer, or the part that came before the other side ended."""
    received = b""
    while True:
        head, blank, body = received.partition(b"\r\n\r\n")
        if blank and len(body) >= _length(head):
            return received
        part = connection.recv(65536)
        if not part:
            return received
        received += part


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _envelope(address: str, began: float, data: str | None, error: str = "") -> str:
    """The whole answer. Without data, also if it is "", the key is missing."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(began)) + f".{int(began % 1 * 1e9):09}Z"
    rest = f',"data":{data}' if data else ""
    if error:
        rest = f',"error":{{"code":500,"message":{text(error)}}}'
    return (
        f'{{"successful":{"false" if error else "true"},"timestamp":"{moment}",'
        f'"duration":{int((time.time() - began) * 1000)},"status":{500 if error else 200},"traceId":"",'
        f'"server":"{address}"{rest}}}'
    )


def text(value: str) -> str:
    """The JSON of a text."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def of_service(state: str, pid: int, started: int, ports: list[int] | None, version: str = "") -> str:
    """The JSON of the status of a child; *started* in nanoseconds since 1970."""
    return (
        f'{{"state":"{state}","version":"{version}","pid":{pid},"startAt":{started},'
        f'"ports":{"null" if ports is None else str(ports).replace(" ", "")}}}'
    )


def listens(path: str) -> bool:
    """Whether there is a listener on the socket at *path*."""
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(1)
        connection.connect(path)
        return True
    except OSError:
        return False
    finally:
        connection.close()


def ask(path: str, seconds: float, call: str = PATH, body: str = "") -> str:
    """The JSON in "data" of the answer at the socket *path*; "" if the answer has none.

    Raises VendorError if there is no answer within that many seconds, or if it reports a failure.
    """
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(path)
        request = f"POST {call} HTTP/1.1\r\nHost: socket\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{request}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        answer = _receive(connection).partition(b"\r\n\r\n")[2].decode()
    except OSError as error:
        cause = f'Post "http://socket{call}": dial unix {path}: {error}'
        raise VendorError("api/client", "INTERNAL", "api_request_failed", call, cause=cause) from None
    finally:
        connection.close()
    if not answer.startswith('{"successful":true'):
        raise VendorError("api/client", "INTERNAL", "api_request_got_fail_result", call, answer)
    return answer.partition('"data":')[2][:-1]
