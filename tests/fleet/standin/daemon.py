# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon: starts the children, restarts dead ones, and stops them when it is stopped itself."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import os
import sys
import time

from . import process, run_folder, status
from .service import Service
from .settings import Settings, children, log_file
from .telling import Log, VendorError, of_system

FAILURE = 255


def main(conf: Settings) -> int:
    """Run as the daemon. Returns the exit status."""
    return _Daemon(conf).run()


class _Daemon:
    def __init__(self, conf: Settings) -> None:
        self._conf = conf
        self._program = conf["daemon"]
        self._log = Log(log_file(conf, self._program))
        self._services = [Service(conf, name, self._log) for name in children(conf)]
        self._state = "stopped"
        self._started = time.time_ns()

    def run(self) -> int:
        process.become(self._conf, self._program)
        self._clean_up()
        pid_file = run_folder.pid_file(self._conf, self._program)
        try:
            os.makedirs(os.path.dirname(pid_file), exist_ok=True)
            descriptor = run_folder.create_pid_file(pid_file)
            os.write(descriptor, str(os.getpid()).encode())
            os.close(descriptor)
            listener = status.serve(self._conf, self._program, self._answer)
        except OSError as error:
            self._log.error(
                "agentd/main.go:78:run",
                f"start agentd with config file '{self._conf['home']}/conf/agentd.yaml' failed: "
                f"{of_system('open', pid_file, error)}",
            )
            return FAILURE
        self._state = "running"
        for service in self._services:
            try:
                service.start()
            except VendorError as error:
                self._log.error("agentd/watchdog.go:119:Start", f"start service '{service.program}' failed: {error}")
        self._log.info("agentd/watchdog.go:Start", "agentd started")
        process.wait_for_sigterm(self._conf, self._program)
        self._log.info("agentd/watchdog.go:ListenSignal", "signal 'terminated' received. exiting...")
        self._state = "stopping"
        for service in set(self._services):  # in no fixed order
            if service.ask()[0] != "stopped":
                service.stop()
        self._state = "stopped"
        run_folder.unlink(run_folder.socket_file(self._conf, self._program, os.getpid()))
        listener.close()
        run_folder.remove_pid_file(pid_file, os.getpid())
        self._clean_up()
        return 0

    def _clean_up(self) -> None:
        """Send orphans SIGTERM, without waiting, and remove the files of processes that do not exist."""
        for service in self._services:
            for pid, _path in run_folder.orphans(self._conf, service.program):
                self._log.info(
                    "agentd/watchdog.go:cleanupDangling", f"cleaning up dangling service: {service.program} {pid}"
                )
                try:
                    os.kill(pid, signal.SIGTERM)
                except OSError as error:
                    print(error, file=sys.stderr)
        for program in [self._program, *(service.program for service in self._services)]:
            run_folder.clear(self._conf, program)

    def _answer(self, path: str, body: str) -> str | None:
        if path == status.PATH:
            return self._status()
        verb = {"/api/v1/startService": Service.start, "/api/v1/stopService": Service.stop}.get(path)
        if verb is None:
            return None
        name = body.partition('"service":"')[2].partition('"')[0]
        for service in self._services:
            if service.program == name:
                verb(service)
                return ""
        raise VendorError("agentd", "NOT_FOUND", "service_not_round", name)

    def _status(self) -> str:
        """The JSON of the daemon's status. Takes up to 5 s per child."""
        told = {service.program: service.ask() for service in self._services}
        ready = self._state == "running" and all(state == "running" for state, _data in told.values())
        services = ",".join(f"{status.text(name)}:{data}" for name, (_state, data) in sorted(told.items()))
        dangling = [
            f'{{"name":{status.text(service.program)},"pid":{pid},"pidFile":{status.text(path)},'
            f'"socket":{status.text(self._socket(service.program, pid))}}}'
            for service in self._services
            for pid, path in run_folder.orphans(self._conf, service.program)
        ]
        return (
            f'{{"state":"{self._state}","ready":{"true" if ready else "false"},"version":"{status.VERSION}",'
            f'"pid":{os.getpid()},"socket":{status.text(self._socket(self._program, os.getpid()))},'
            f'"services":{{{services}}},"dangling":{"[" + ",".join(dangling) + "]" if dangling else "null"},'
            f'"startAt":{self._started}}}'
        )

    def _socket(self, program: str, pid: int) -> str:
        path = run_folder.socket_file(self._conf, program, pid)
        return path if run_folder.is_socket(path) else ""
