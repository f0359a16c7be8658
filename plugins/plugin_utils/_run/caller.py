# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The request that a program makes by running a playbook, such as the HTTP service for its users.

The program says who asks, under which trace id, whether in OCP's form for one host, and perhaps for which hosts: a JSON
object with C(creator), C(creator_id), C(trace_id), C(one_host), C(host_ids). It is in the environment variable
ASKED_VARIABLE. Or the playbook is started before there is a request: then SOCKET_VARIABLE has the path of a Unix socket
that the program listens at, and the object comes from there. It gives nobody a role.
"""

from __future__ import annotations

import json
import os
import socket
import typing as t

from .._process import unix_socket

ASKED_VARIABLE = "OCEANBASE_OCP_ASKED"
SOCKET_VARIABLE = "OCEANBASE_OCP_ASKED_AT"

_received: dict[str, t.Any] | None = None


def is_awaited() -> bool:
    """Whether the playbook was started before its request, which has not been received yet."""
    return SOCKET_VARIABLE in os.environ


def receive() -> None:
    """Wait for the request, as long as it takes.

    Call it in ansible-playbook's own process: the workers that it forks then know the request. Raises OSError where the
    program has ended, or has no request any more.
    """
    global _received
    folder, name = os.path.split(os.environ[SOCKET_VARIABLE])
    with socket.socket(socket.AF_UNIX) as connection:
        with unix_socket.address(folder, name) as address:
            connection.connect(address)
        with connection.makefile("rb") as stream:
            request = stream.read()
    if not request:
        raise ConnectionError("the program that started this playbook has no request for it")
    _received = _mapping(request)
    del os.environ[SOCKET_VARIABLE]  # another playbook that this one runs has nothing to wait for


def asked() -> dict[str, t.Any]:
    """What the program says; empty where a person runs the playbook."""
    return _received if _received is not None else _mapping(os.environ.get(ASKED_VARIABLE, "{}"))


def _mapping(text: str | bytes) -> dict[str, t.Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
