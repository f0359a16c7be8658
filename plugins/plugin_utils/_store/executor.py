# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The executor of a task or a slice: one run of ansible-playbook, named so that others can tell whether it lives."""

from __future__ import annotations

import os
import socket
import typing as t
import uuid
from dataclasses import dataclass

from .._process import proc


@dataclass(frozen=True)
class Executor:
    """One run of ansible-playbook.

    token: unique for each run. address: as in OCP's field "executor". host: its host name, for people.
    boot_id, namespace: the boot of its machine and its pid namespace, empty without /proc. pid: its process.
    start: when the process started, in clock ticks after the boot (field 22 of /proc/PID/stat), 0 if unknown.
    """

    token: str
    address: str
    host: str
    boot_id: str
    namespace: str
    pid: int
    start: int

    @classmethod
    def of(cls, pid: int, address: str) -> Executor:
        """The run with the process pid of our pid namespace."""
        stat = proc.stat(pid)
        return cls(
            token=uuid.uuid4().hex,
            address=address,
            host=socket.gethostname(),
            boot_id=_boot_id(),
            namespace=_namespace(),
            pid=pid,
            start=stat.start if stat else 0,
        )

    @classmethod
    def nobody(cls, address: str) -> Executor:
        """The placeholder while no run executes a workflow's task. address: of the last run."""
        return cls(uuid.uuid4().hex, address, socket.gethostname(), boot_id="", namespace="", pid=0, start=0)

    @property
    def is_nobody(self) -> bool:
        return self.pid == 0

    def is_gone(self) -> bool | None:
        """Whether its process has ended; None if that is unknown here.

        A pid is valid only on one machine, until its next boot, in one pid namespace.
        """
        if not self.boot_id or not self.start or (self.boot_id, self.namespace) != (_boot_id(), _namespace()):
            return None
        stat = proc.stat(self.pid)
        if stat is None:
            return _gone_for_sure(self.pid)
        return stat.start != self.start or stat.state in "ZX"

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def _gone_for_sure(pid: int) -> t.Literal[True] | None:
    """True if there is no such process; None if there is one that /proc hides (hidepid)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return None


def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
