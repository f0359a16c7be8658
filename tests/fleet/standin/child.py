# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A child of the daemon: listens on its port until SIGTERM."""

from __future__ import annotations

import _socket
import time

from . import process
from .settings import Settings


def main(conf: Settings, program: str) -> int:
    """Be the child *program*. Returns the exit status."""
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEPORT, 1)
    listener.bind((conf["address"], int(conf[program + ".port"])))
    listener.listen(16)
    admin = process.become(conf, program, newline=True)  # the pid file is last: who sees it can count on the port
    while not process.sigterm_within(conf, program, 3600):
        pass
    listener.close()
    time.sleep(float(conf[program + ".stop_seconds"]))
    admin.close()
    process.leave(conf, program)
    return 0
