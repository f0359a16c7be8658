# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures one command with all its children, including those that outlive it."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 3600.0  # seconds; a command that hangs must not hang the bench
SAMPLE_EVERY = 0.5  # seconds: often enough for processes that live for the whole run, rare enough not to disturb it
END_ALONE = 1.0  # seconds for a process that has outlived its command to end by itself
END_WITHIN = 5.0  # seconds for it to end after SIGTERM
CPU_STAT = "OCP_BENCH_CPU_STAT"  # names the file with the command's CPU time, if it has a control group
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Measurement:
    """The cost of one run of a command.

    wall: seconds until the command itself ended. user, system: seconds of CPU of all its processes.
    peak_process: bytes, the biggest of its processes. peak_sum: bytes, all of them together with their page cache,
    if there is a control group. cpu_source: `cgroup` or `rusage`.
    outliving: the number of processes left when the command had ended. Those that did not end by themselves were
    killed; their time counts.
    detached: seconds of CPU of the processes that outlived their parent, during the command or after it.
    """

    status: int
    wall: float
    user: float
    system: float
    peak_process: int
    peak_sum: int | None
    outliving: int
    detached: float
    cpu_source: str


class ControlGroup:
    """A control group (version 2) below our own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls) -> ControlGroup | None:
        """Make a new group; None if this machine or this user cannot."""
        mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        mount = next((fields[4] for fields in mounts if fields[fields.index("-") + 1] == "cgroup2"), None)
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        own = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), None)
        if mount is None or own is None:
            return None
        group = cls(Path(mount + own, f"ocp-bench-{os.getpid()}"))
        try:
            group.path.mkdir()
        except OSError:
            return None
        if group.cpu_stat.exists() and not subprocess.run(group.enter(["true"]), check=False).returncode:
            return group
        group.path.rmdir()
        return None

    def enter(self, command: list[str]) -> list[str]:
        """The argument list that runs a command in the group."""
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.path / "cgroup.procs"), *command]

    @property
    def cpu_stat(self) -> Path:
        return self.path / "cpu.stat"

    def cpu(self) -> tuple[float, float]:
        """Seconds of user and of system time of its processes."""
        lines = self.cpu_stat.read_text().splitlines()
        found = {name: int(value) / 1e6 for name, value in (line.split() for line in lines)}
        return found["user_usec"], found["system_usec"]

    def peak(self) -> int | None:
        """The most bytes that it has used; None if the kernel does not count them."""
        path = self.path / "memory.peak"
        return int(path.read_text()) if path.exists() else None


def measure(command: list[str], environment: dict[str, str], folder: Path) -> Measurement:
    """Run a command to its end, in *folder*, with its output in the file `output` there.

    Raises subprocess.TimeoutExpired after an hour.
    """
    group = ControlGroup.make()
    others = _children(os.getpid())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    sampler = _Sampler(lambda: _descendants(_children(os.getpid()) - others))
    _take_orphans(True)
    try:
        with sampler, open(folder / "output", "wb") as output:
            started = time.monotonic()
            process = subprocess.Popen(
                group.enter(command) if group else command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                env={**environment, CPU_STAT: str(group.cpu_stat)} if group else environment,
                start_new_session=True,
            )
            try:
                status = process.wait(PATIENCE)
                wall = time.monotonic() - started
            finally:
                if process.returncode is None:
                    process.kill()
                    process.wait()
                sampler.look()  # the biggest process may be one that stays
                outliving, detached = _end(others)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        if group:
            user, system = group.cpu()
        peak_sum = group.peak() if group else None
    finally:
        _take_orphans(False)
        if group:
            group.path.rmdir()
    source = "cgroup" if group else "rusage"
    return Measurement(status, wall, user, system, sampler.peak, peak_sum, outliving, detached, source)


def _take_orphans(yes: bool) -> None:
    """Become the parent of orphans, to count, end and reap them. Orphans on hosts have their own init."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(yes), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def _children(pid: int) -> set[int]:
    """The children of a process; empty if it is gone."""
    found: set[int] = set()
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as stream:
                found.update(map(int, stream.read().split()))
    except OSError:
        pass
    return found


def _descendants(pids: set[int]) -> set[int]:
    found = set(pids)
    for pid in pids:
        found |= _descendants(_children(pid))
    return found


def _end(others: set[int]) -> tuple[int, float]:
    """End the children that the command has left to us, and their children.

    Returns how many were alive, and the seconds of CPU of all of them, including the ended ones.
    """
    lived: set[int] = set()
    told: set[int] = set()
    seconds = 0.0
    begun = time.monotonic()
    while left := _children(os.getpid()) - others:
        waited = time.monotonic() - begun
        late = waited > END_ALONE + END_WITHIN
        for pid in left:
            reaped, dummy, usage = os.wait4(pid, os.WNOHANG)
            if reaped:
                seconds += usage.ru_utime + usage.ru_stime
                continue
            lived.add(pid)
            if late or (waited > END_ALONE and pid not in told):  # it is not reaped, so the pid still means this child
                os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
                told.add(pid)
        time.sleep(0.01)
    return len(lived), seconds


class _Sampler:
    """Records the biggest process while a command runs."""

    def __init__(self, pids: Callable[[], set[int]]) -> None:
        self.peak = 0
        self._pids = pids
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> _Sampler:
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(SAMPLE_EVERY):
            self.look()

    def look(self) -> None:
        self.peak = max([self.peak, *map(_high_water, self._pids())])


def _high_water(pid: int) -> int:
    """The largest resident memory of a process so far, in bytes; 0 if it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as stream:
            return next((int(line.split()[1]) * 1024 for line in stream if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


def cpu_of(pid: int) -> float:
    """Seconds of CPU of a process and its descendants, including those that it has reaped."""
    ticks = 0
    for one in _descendants({pid}):
        try:
            text = Path(f"/proc/{one}/stat").read_text(encoding="ascii", errors="replace")
        except OSError:  # it has ended, and its time is its parent's
            continue
        ticks += sum(map(int, text.rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
