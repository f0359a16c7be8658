# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What a response says about the controller: its address, its user, and numbers that no other request has."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time
import typing as t


def address() -> str:
    """The controller's own address, as its route to other machines has it; loopback where it has no such route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only asks the kernel for the route (RFC 5737)
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def user(variables: t.Mapping[str, t.Any]) -> str:
    """Who asked: the user who launched the job in AWX, else the login user, behind sudo too."""
    for name in ("awx_user_name", "tower_user_name"):
        if variables.get(name):
            return str(variables[name])
    if os.geteuid() == 0 and os.environ.get("SUDO_USER"):
        return os.environ["SUDO_USER"]
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return str(os.getuid())


def trace_id() -> str:
    """16 hex digits, as OCP's."""
    return secrets.token_hex(8)


def first_id() -> int:
    """A task id, which also starts the row of its subtasks' ids.

    Microseconds since the epoch: they grow from run to run on any controller, also one that keeps nothing on its disk,
    are far more than a task has subtasks apart, and fit into the 53 bits that every JSON reader keeps.
    """
    return time.time_ns() // 1000
