# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent programs do to themselves and ask about others."""

from __future__ import annotations

# The C module: "signal" itself costs each process half a megabyte.
import _signal as signal  # type: ignore[import-not-found]
import _socket
import os

from .settings import Settings, ignores_sigterm, run_file


def set_title(title: str) -> None:
    """Show *title* as this process' whole command line and name, as setproctitle does."""
    with open("/proc/self/stat", "rb") as stream:
        fields = stream.read().rpartition(b")")[2].split()
    arg_start, arg_end = int(fields[45]), int(fields[46])
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(arg_start)
        memory.write(title.encode().ljust(arg_end - arg_start, b"\0"))
    with open("/proc/self/comm", "w", encoding="utf-8") as stream:
        stream.write(title)


def become(conf: Settings, program: str, newline: bool) -> _socket.socket:
    """Be *program*: its title if it is a script, its log, its pid file, its socket and its way with SIGTERM.

    *newline* tells whether the pid file ends with one. Returns the listening unix socket, which must be kept.
    """
    log = os.open(conf["home"] + "/log/" + program + ".log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if conf.get(program + ".script"):
        set_title(program)
    if ignores_sigterm(conf, program):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    listener.bind(_socket_path(conf, program))
    listener.listen(16)
    with open(run_file(conf, program + ".pid"), "w", encoding="ascii") as stream:
        stream.write(str(os.getpid()) + ("\n" if newline else ""))
    return listener


def leave(conf: Settings, program: str) -> None:
    """Remove the pid file and the socket of *program*, if they are this process' own."""
    path = run_file(conf, program + ".pid")
    if read_pid(path) == os.getpid():
        _unlink(path)
    _unlink(_socket_path(conf, program))


def sigterm_within(conf: Settings, program: str, seconds: float) -> bool:
    """Wait up to *seconds* for SIGTERM. Returns whether it came."""
    if ignores_sigterm(conf, program):
        import time

        time.sleep(seconds)
        return False
    return signal.sigtimedwait([signal.SIGTERM], seconds) is not None


def command(conf: Settings, program: str) -> list[str]:
    """The argument list that starts *program*."""
    path = conf[program + ".path"]
    if conf.get(program + ".script"):
        return [conf["interpreter"], "-I", "-S", path]
    if program == conf["daemon"]:
        return [path, "-c", conf["home"] + "/conf/agentd.yaml"]
    return [path]


def spawn(conf: Settings, program: str) -> int | None:
    """Start *program* in a session of its own. Returns its pid, or None when it cannot be started."""
    argv = command(conf, program)
    try:
        return os.posix_spawn(
            argv[0],
            argv,
            os.environ,
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ],
        )
    except OSError as error:
        os.write(2, f"cannot start {program}: {error}\n".encode())
        return None


def read_pid(path: str) -> int | None:
    """The pid in the file at *path*, or None."""
    try:
        with open(path, encoding="ascii") as stream:
            return int(stream.read(32))
    except (OSError, ValueError):
        return None


def runs(conf: Settings, program: str, pid: int | None) -> bool:
    """Whether the live process *pid* is *program*: by its executable, or by its title when it is a script."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            if stream.read().rpartition(b")")[2].split()[0] in (b"Z", b"X"):
                return False
        if conf.get(program + ".script"):
            with open(f"/proc/{pid}/cmdline", "rb") as stream:
                return stream.read().rstrip(b"\0") == program.encode()
        return os.readlink(f"/proc/{pid}/exe") == conf[program + ".path"]
    except OSError:
        return False


def parent(pid: int) -> int | None:
    """The parent's pid, or None when *pid* is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return int(stream.read().rpartition(b")")[2].split()[1])
    except OSError:
        return None


def _socket_path(conf: Settings, program: str) -> str:
    return run_file(conf, f"{program}.{os.getpid()}.sock")


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass  # a test has put something else in its place, or has taken it away
