# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The TCP ports that processes listen on."""

import os

from .host import names_in

_LISTENS = b"0A"
_SOCKET = "socket:["


def listening_ports(pid):
    """The ports that a process listens on, in order; none where this user may not tell."""
    sockets = set()
    folder = "/proc/%d/fd" % pid
    for name in names_in(folder):
        try:
            target = os.readlink("%s/%s" % (folder, name))
        except OSError:  # it was closed meanwhile
            continue
        if target.startswith(_SOCKET):
            sockets.add(target[len(_SOCKET):-1].encode("ascii"))
    ports = set()
    for table in ("tcp", "tcp6") if sockets else ():
        ports.update(port for inode, port in _listeners("/proc/%d/net/%s" % (pid, table)) if inode in sockets)
    return sorted(ports)


def _listeners(path):
    """Pairs of inode and port of the sockets that listen. The kernel shows them before all connections."""
    try:
        with open(path, "rb") as stream:
            next(stream, None)  # the names of the fields
            for line in stream:
                fields = line.split()
                if len(fields) < 10 or fields[3] != _LISTENS:
                    return
                yield fields[9], int(fields[1].rpartition(b":")[2], 16)
    except (IOError, OSError):
        return
