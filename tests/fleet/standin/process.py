# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of the agent programs on themselves, and questions about other processes."""

from __future__ import annotations

# The C module, since "signal" itself costs each process half a megabyte.
import _signal as signal  # type: ignore[import-not-found]
import os

from .settings import Settings, ignores_sigterm


def set_title(title: str) -> None:
    """Show *title* as the whole command line and the name of this process, as setproctitle does."""
    with open("/proc/self/stat", "rb") as stream:
        fields = stream.read().rpartition(b")")[2].split()
    arg_start, arg_end = int(fields[45]), int(fields[46])
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(arg_start)
        memory.write(title.encode().ljust(arg_end - arg_start, b"\0"))
    with open("/proc/self/comm", "w", encoding="utf-8") as stream:
        stream.write(title)


def become(conf: Settings, program: str) -> None:
    """Become *program*: set its title if it is a script, and its handling of SIGTERM. Call it before any thread."""
    if conf.get(program + ".script"):
        set_title(program)
    if ignores_sigterm(conf, program):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])


def wait_for_sigterm(conf: Settings, program: str) -> None:
    """Return after SIGTERM; never if *program* ignores it."""
    if ignores_sigterm(conf, program):
        while True:
            signal.pause()
    signal.sigwait([signal.SIGTERM])


def command(conf: Settings, program: str) -> list[str]:
    """The argument list that starts *program*."""
    path = conf[program + ".path"]
    if conf.get(program + ".script"):
        return [conf["interpreter"], "-I", "-S", path]
    if program == conf["daemon"]:
        return [path, "-c", conf["home"] + "/conf/agentd.yaml"]
    return [path]


def spawn(conf: Settings, program: str, stdout: str = "", stderr: str = "") -> int:
    """Start *program* in a session of its own, with its output in files. Returns its pid. Raises OSError."""
    argv = command(conf, program)
    append = os.O_RDWR | os.O_APPEND | os.O_CREAT
    return os.posix_spawn(
        argv[0],
        argv,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, number, path, append, 0o644) for number, path in ((1, stdout), (2, stderr)) if path
        ],
        setsid=True,
        setsigmask=[],
        setsigdef=[signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ],
    )


def exists(pid: int) -> bool:
    """Whether there is a process *pid*, even a zombie."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return pid > 0


def name(pid: int) -> str | None:
    """The name of the process *pid*, or None. The vendor identifies its programs by this alone."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as stream:
            return stream.read().rstrip("\n")
    except OSError:
        return None


def parent(pid: int) -> int | None:
    """The parent's pid, or None if *pid* is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return int(stream.read().rpartition(b")")[2].split()[1])
    except OSError:
        return None
