# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A child of the daemon: started, guarded, revived, stopped."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import _thread
import os
import time

from . import process, run_folder, status
from .settings import Settings, log_file
from .telling import Log, VendorError, of_system

LOOK_EVERY = 1.0  # seconds between two looks at a child
SHORT_LIFE = 3.0  # seconds; a child with a shorter life died young
YOUNG_DEATHS = 3  # after so many in a row the child is given up
STOP_GRACE = 5.0  # seconds a child has after SIGTERM
STATUS_TIMEOUT = 5.0
NEVER = -6795364578871345152  # the vendor's time of an event that has not happened


class Service:
    """One child program. Its guard is a thread of its own.

    state: of the guard, in the vendor's words: stopped, starting, running, stopping.
    """

    def __init__(self, conf: Settings, program: str, log: Log) -> None:
        self.conf = conf
        self.program = program
        self.state = "stopped"
        self.pid = 0
        self._log = log
        self._alive = False
        self._exit_status = 0
        self._started = NEVER
        self._ended_at = NEVER
        self._ended = _thread.allocate_lock()  # held while the process lives

    def start(self) -> None:
        """Start the process and its guard, unless it runs.

        Raises VendorError; then the daemon never tries again.
        """
        self._clean_up()
        if self.state == "running":
            return
        if self.state != "stopped":
            raise VendorError("agentd", "FAILED_PRECONDITION", "service_already_started", self.program)
        self.state = "starting"
        try:
            self._start_process()
        except VendorError:
            self.state = "stopped"
            raise
        _thread.start_new_thread(self._guard, ())

    def stop(self) -> None:
        """Send SIGTERM, wait 5 s, send SIGKILL, and return without waiting for that."""
        self.state = "stopping"
        if not self._alive:
            self.state = "stopped"
            return
        os.kill(self.pid, signal.SIGTERM)
        if self._ended_within(STOP_GRACE):
            return
        state = self.ask()[0]
        if state in ("stopping", "stopped"):
            self.state = state
            return
        self._log.error(
            "agentd/service.go:Stop",
            "service did not handle TERM signal properly, try KILL it "
            f"fields: pid={self.pid}, service={self.program}",
        )
        if self._alive:
            os.kill(self.pid, signal.SIGKILL)

    def ask(self) -> tuple[str, str]:
        """Its state by its own answer on its socket, and the JSON of its status. Takes up to 5 s."""
        path = run_folder.socket_file(self.conf, self.program, self.pid)
        state, data = "stopped", ""
        if self._alive:
            state = "unknown"
            try:
                if run_folder.is_socket(path):
                    data = status.ask(path, STATUS_TIMEOUT)
                    state = data.partition('"state":"')[2].partition('"')[0]
            except VendorError:
                pass
        data = data or status.of_service(state, self.pid, self._started, None)
        return state, f'{data[:-1]},"socket":{status.text(path)},"endAt":{self._ended_at}}}'

    def _start_process(self) -> None:
        self._clean_up()
        path = run_folder.pid_file(self.conf, self.program)
        try:
            descriptor = run_folder.create_pid_file(path)
        except OSError as error:
            cause = of_system("open", path, error)
            raise VendorError("agentd", "INTERNAL", "write_pid_failed", path, cause=cause) from None
        try:
            outputs = [log_file(self.conf, self.program, suffix) for suffix in (".output.log", ".error.log")]
            self.pid = process.spawn(self.conf, self.program, *outputs)
            self._alive, self._started, self._ended_at = True, time.time_ns(), NEVER
            self._ended.acquire()
            _thread.start_new_thread(self._await_end, (self.pid,))
            os.write(descriptor, f"{self.pid}\n".encode())
        except OSError as error:
            self._clean_up()  # the pid file stays, since it has no pid in it
            cause = of_system("fork/exec", self.conf[self.program + ".path"], error)
            raise VendorError("agentd", "INTERNAL", "internal_service_err", self.program, cause=cause) from None
        finally:
            os.close(descriptor)

    def _await_end(self, pid: int) -> None:
        _pid, code = os.waitpid(pid, 0)
        self._exit_status, self._ended_at, self._alive = os.waitstatus_to_exitcode(code), time.time_ns(), False
        self._ended.release()

    def _ended_within(self, seconds: float) -> bool:
        if self._ended.acquire(timeout=seconds):
            self._ended.release()
            return True
        return False

    def _guard(self) -> None:
        """Restart the process when it ends, but not after exit status 0, and not for ever if it dies young."""
        young_deaths = 0
        while True:
            if self.state == "starting":
                self.state = "running"
            self._ended_within(LOOK_EVERY)
            if self.state in ("stopping", "stopped"):
                break
            if self._alive:
                continue
            self._log.error(
                "agentd/service.go:guard",
                f"service exited with code {self._exit_status}. service state: {self.state} "
                f"fields: service={self.program}",
            )
            if self._exit_status == 0:
                break
            self.state = "stopped"
            young = self._ended_at - self._started < SHORT_LIFE * 1e9
            young_deaths = young_deaths + 1 if young else 0
            if young_deaths >= YOUNG_DEATHS:
                self._log.error(
                    "agentd/service.go:guard",
                    f"service exited too quickly. count: {young_deaths} fields: service={self.program}",
                )
                break
            self.state = "starting"
            try:
                self._start_process()
            except VendorError as error:
                self._log.error(
                    "agentd/service.go:guard",
                    f"start service got error fields: error={status.text(str(error))}, service={self.program}",
                )
                break
        self.state = "stopped"
        self._clean_up()  # the process still lives if it is being stopped

    def _clean_up(self) -> None:
        path = run_folder.socket_file(self.conf, self.program, self.pid)
        if run_folder.is_socket(path):
            run_folder.unlink(path)
        run_folder.remove_pid_file(run_folder.pid_file(self.conf, self.program), self.pid)
        run_folder.remove_pid_file(run_folder.backup_pid_file(self.conf, self.program, self.pid), self.pid)
