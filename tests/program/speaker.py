# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers on the sockets in run/ in place of agent programs that are copies of a shell, which cannot. Argument: HOME.

Every program in a pid file has a socket while it lives. conf/<program>.socket changes that:
`none` closes the socket for good, `mute` accepts connections and sends nothing, anything else is the whole answer, from
the status line on.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import sys
from pathlib import Path


def runs(program: str, pid: int) -> bool:
    try:
        return os.path.samefile(f"/proc/{pid}/exe", f"../bin/{program}")
    except OSError:  # for example a zombie
        return False


def pid_in(name: str) -> int:
    try:
        return int(Path(name).read_text())
    except (OSError, ValueError):
        return 0


def told(program: str) -> str:
    try:
        return Path(f"../conf/{program}.socket").read_bytes().decode()
    except OSError:
        return ""


def answer(program: str, pid: int) -> bytes:
    if text := told(program):
        return text.encode()
    envelope = {"successful": True, "status": 200, "data": {"state": "running", "pid": pid, "ready": True}}
    return f"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{json.dumps(envelope)}".encode()


def main(home: str) -> None:
    os.chdir(f"{home}/run")  # for short paths, since those of sockets are limited
    os.umask(0)  # the agent may belong to any user
    selector = selectors.DefaultSelector()
    sockets: dict[tuple[str, int], socket.socket] = {}
    muted, closed = [], set()
    while True:
        for name in os.listdir("."):
            program, _dot, rest = name.partition(".")
            key = (program, pid_in(name) if rest == "pid" else 0)
            known = key in sockets or key in closed
            if key[1] and not known and runs(program, key[1]) and told(program) != "none":
                listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                with contextlib.suppress(OSError):
                    listener.bind(f"{program}.{key[1]}.sock")
                    listener.listen(16)
                    sockets[key] = listener
                    selector.register(listener, selectors.EVENT_READ, key)
        for key in [key for key in sockets if not runs(*key) or told(key[0]) == "none"]:
            closed.add(key)
            selector.unregister(sockets[key])
            sockets.pop(key).close()
            with contextlib.suppress(OSError):
                os.unlink(f"{key[0]}.{key[1]}.sock")
        for ready, _events in selector.select(0.02):
            connection, _peer = ready.fileobj.accept()  # type: ignore[union-attr]
            if told(ready.data[0]) == "mute":
                muted.append(connection)
                continue
            with connection, contextlib.suppress(OSError):
                if connection.recv(4096).startswith(b"GET /api/v1/status HTTP/1."):
                    connection.sendall(answer(*ready.data))


main(sys.argv[1])
