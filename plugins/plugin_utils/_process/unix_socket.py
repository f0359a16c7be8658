# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Unix sockets of a run: their addresses, and the user at the other end."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import typing as t
from pathlib import Path


@contextlib.contextmanager
def address(folder: str | Path, name: str) -> t.Iterator[str]:
    """The address of a socket in a folder. Raises OSError.

    By way of a descriptor: a path longer than 108 bytes does not fit into the address of a socket.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)


def peer(connection: socket.socket) -> int:
    """The user id at the other end of a Unix socket."""
    credentials = struct.Struct("3i")  # process, user, group
    user: int = credentials.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size))[1]
    return user
