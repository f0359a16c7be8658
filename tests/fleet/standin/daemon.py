# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon: starts the children, restarts those that die, stops them when it is stopped itself."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import os
import time

from . import process
from .settings import Settings, run_file

LOOK_EVERY = 1.0  # seconds between two looks at the children
SHORT_LIFE = 3.0  # a child that lived shorter than this died young
YOUNG_DEATHS = 3  # so many in a row, and the child is given up
STOP_GRACE = 5.0  # seconds a child has after SIGTERM


class Child:
    """One child program: its pid while it runs, and how often in a row it died young."""

    def __init__(self, conf: Settings, program: str) -> None:
        self.conf = conf
        self.program = program
        self.pid: int | None = None
        self.started = 0.0
        self.young_deaths = 0

    def start(self) -> None:
        self.started = time.monotonic()
        self.pid = process.spawn(self.conf, self.program)
        if self.pid is None:
            self.died()

    def look(self) -> None:
        """Restart the child if it has ended in any way but by exit status 0."""
        if self.pid is None:
            return
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.pid = None
            if status:
                self.died()

    def died(self) -> None:
        young = time.monotonic() - self.started < SHORT_LIFE
        self.young_deaths = self.young_deaths + 1 if young else 0
        if self.young_deaths < YOUNG_DEATHS:
            self.start()

    def stop(self) -> None:
        if self.pid is None:
            return
        os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_GRACE
        while not os.waitpid(self.pid, os.WNOHANG)[0]:
            if time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return
            time.sleep(0.02)


def main(conf: Settings) -> int:
    """Be the daemon. Returns the exit status."""
    program = conf["daemon"]
    admin = process.become(conf, program, newline=False)
    _terminate_orphans(conf)
    children = [Child(conf, name) for name in conf["children"].split()]
    for child in children:
        child.start()
    while not process.sigterm_within(conf, program, LOOK_EVERY):
        for child in children:
            child.look()
    for child in set(children):  # in no fixed order
        child.stop()
    admin.close()
    process.leave(conf, program)
    return 0


def _terminate_orphans(conf: Settings) -> None:
    """End the children that a daemon which was killed has left behind."""
    orphans = [pid for pid in _pids() if process.parent(pid) == 1 and _child_program(conf, pid)]
    for pid in orphans:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_GRACE
    while any(_child_program(conf, pid) for pid in orphans) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in orphans:
        if _child_program(conf, pid):
            os.kill(pid, signal.SIGKILL)


def _child_program(conf: Settings, pid: int) -> str | None:
    for program in conf["children"].split():
        # a title alone proves nothing: anyone can set one
        if process.runs(conf, program, pid) and (
            not conf.get(program + ".script") or process.read_pid(run_file(conf, program + ".pid")) == pid
        ):
            return program
    return None


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]
