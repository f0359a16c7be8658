# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes as the machine sees them: read from /proc, separated by pid namespace, ended by pidfd."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass

DEAD_STATES = "ZX"


@dataclass(frozen=True)
class Process:
    """One process. `pid` and `ppid` are the machine's numbers, `ns_pid` is the host's own.

    exe: the target of /proc/PID/exe, with its ` (deleted)`; empty for a zombie.
    start_time: field 22 of /proc/PID/stat, in clock ticks since boot.
    """

    pid: int
    ns_pid: int
    ppid: int
    exe: str
    cmdline: tuple[str, ...]
    comm: str
    state: str
    start_time: int
    uid: int

    @property
    def dead(self) -> bool:
        """Whether it is a zombie or about to vanish."""
        return self.state in DEAD_STATES

    @property
    def path(self) -> str:
        """The executable's path without ` (deleted)`."""
        return self.exe.removesuffix(" (deleted)")


def by_namespace(namespaces: Collection[int]) -> dict[int, list[Process]]:
    """The processes of the pid namespaces with these inode numbers, each list sorted by `ns_pid`."""
    tables: dict[int, list[Process]] = {namespace: [] for namespace in namespaces}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            namespace = os.stat(f"/proc/{name}/ns/pid").st_ino
        except OSError:
            continue
        if namespace in tables:
            process = read(int(name))
            if process:
                tables[namespace].append(process)
    for table in tables.values():
        table.sort(key=lambda process: process.ns_pid)
    return tables


def read(pid: int) -> Process | None:
    """The process *pid*, or None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            head, _bracket, tail = stream.read().rpartition(b")")
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="surrogateescape") as stream:
            status = dict(line.split(":", 1) for line in stream.read().splitlines() if ":" in line)
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="surrogateescape") as stream:
            cmdline = stream.read().rstrip("\0")
        try:
            exe = os.readlink(f"/proc/{pid}/exe")
        except FileNotFoundError:
            exe = ""
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = tail.split()
    return Process(
        pid=pid,
        ns_pid=int(status["NSpid"].split()[-1]),
        ppid=int(fields[1]),
        exe=exe,
        cmdline=tuple(cmdline.split("\0")) if cmdline else (),
        comm=head.partition(b"(")[2].decode(errors="surrogateescape"),
        state=fields[0].decode(),
        start_time=int(fields[19]),
        uid=int(status["Uid"].split()[0]),
    )


def alive(pid: int, start_time: int) -> bool:
    """Whether the very process with *pid* and *start_time* still lives. A zombie does not."""
    process = read(pid)
    return process is not None and process.start_time == start_time and not process.dead


def send(pid: int, start_time: int, number: signal.Signals) -> bool:
    """Send signal *number* to that very process. Returns whether it was there."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        if not alive(pid, start_time):
            return False
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def kill(targets: Iterable[tuple[int, int]], timeout: float) -> list[tuple[int, int]]:
    """SIGKILL the processes with these (pid, start time) and wait until they are gone.

    Returns those that are still there after *timeout* seconds.
    """
    waiting: dict[int, tuple[int, int]] = {}
    poll = select.poll()
    try:
        for pid, start_time in targets:
            try:
                descriptor = os.pidfd_open(pid)
            except ProcessLookupError:
                continue
            waiting[descriptor] = (pid, start_time)
            if not alive(pid, start_time):
                os.close(descriptor)
                del waiting[descriptor]
                continue
            poll.register(descriptor, select.POLLIN)
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        deadline = time.monotonic() + timeout
        while waiting and (left := deadline - time.monotonic()) > 0:
            for descriptor, _event in poll.poll(left * 1000):
                poll.unregister(descriptor)
                os.close(descriptor)
                del waiting[descriptor]
        return list(waiting.values())
    finally:
        for descriptor in waiting:
            os.close(descriptor)


def open_files(pid: int) -> list[str]:
    """The paths that the process *pid* has open; empty if it is gone."""
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return []
    paths = []
    for name in names:
        try:
            paths.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except OSError:
            continue
    return paths


def listening(address: str, port: int) -> set[str]:
    """The sockets that listen on an IPv4 address and port, in the notation of `open_files`. It contacts no host."""
    number = "".join(f"{int(byte):02X}" for byte in reversed(address.split(".")))
    local = f"{number}:{port:04X}"
    with open("/proc/net/tcp", encoding="ascii") as stream:
        rows = [line.split() for line in stream]
    return {f"socket:[{row[9]}]" for row in rows if row[1] == local and row[3] == "0A"}
