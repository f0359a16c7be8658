# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A child of the daemon: listens on its port and answers on its socket until SIGTERM."""

from __future__ import annotations

import _socket
import os
import time

from . import process, status
from .settings import Settings, log_file
from .telling import Log


def main(conf: Settings, program: str) -> int:
    """Run as the child *program*. Returns the exit status, which is not 0 for a management agent after SIGTERM."""
    log = Log(log_file(conf, program))
    os.chdir(conf["home"])  # the daemon starts it there
    process.become(conf, program)
    port, started = int(conf[program + ".port"]), time.time_ns()
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEPORT, 1)
    try:
        listener.bind((conf["address"], port))
        listener.listen(16)
    except OSError as error:
        address = f"{conf['address']}:{port}"
        cause = f"listen tcp {address}: bind: {os.strerror(error.errno or 0).lower()}"
        if conf.get(program + ".needs_port"):
            log.error("web/server.go:84:Run", f"create tcp listener on {address} fields: error={cause}", level="FATAL")
            return 1
        log.error("web/http_server.go:94:Run", f"create tcp listener on address '{address}' failed {cause}")
        process.wait_for_sigterm(conf, program)  # it stays alive without serving
    else:
        answer = status.of_service("running", os.getpid(), started, [port], status.VERSION)
        status.serve(conf, program, lambda path, _body: answer if path == status.PATH else None)
        process.wait_for_sigterm(conf, program)
    log.info("main.go:run", "signal 'terminated' received. exiting...")
    listener.close()
    time.sleep(float(conf[program + ".stop_seconds"]))
    return int(conf[program + ".stop_status"])
