# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's run folder: pid files and sockets, by the vendor's rules."""

from __future__ import annotations

import os
import stat

from . import process
from .settings import Settings, run_dir
from .telling import VendorError, of_system


def pid_file(conf: Settings, program: str) -> str:
    """The path of the pid file of *program*."""
    return f"{run_dir(conf, program)}/{program}.pid"


def backup_pid_file(conf: Settings, program: str, pid: int) -> str:
    """The path under which a restart keeps the pid file of the replaced process."""
    return f"{run_dir(conf, program)}/{program}.{pid}.pid"


def socket_file(conf: Settings, program: str, pid: int) -> str:
    """The path of the socket of the process *pid*."""
    return f"{run_dir(conf, program)}/{program}.{pid}.sock"


def read_pid(path: str) -> int:
    """The pid in the file at *path*.

    Raises VendorError if there is no such file, or if it holds anything but a number.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            text = stream.read().strip()
    except OSError as error:
        raise VendorError("agent", "INTERNAL", "read_pid_failed", path, cause=of_system("open", path, error)) from None
    digits = text[1:] if text.startswith(("+", "-")) else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise VendorError(
            "agent", "INTERNAL", "read_pid_failed", path, cause=f'strconv.Atoi: parsing "{text[:64]}": invalid syntax'
        )
    return int(text)


def pid_or_none(path: str) -> int | None:
    """The same, or None."""
    try:
        return read_pid(path)
    except VendorError:
        return None


def create_pid_file(path: str) -> int:
    """Create the file at *path*, which must not exist. Returns its descriptor. Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)


def remove_pid_file(path: str, pid: int) -> None:
    """Remove the file at *path* if it names *pid*."""
    if pid_or_none(path) == pid:
        unlink(path)


def is_socket(path: str) -> bool:
    """Whether there is a socket at *path*, links followed."""
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def clear(conf: Settings, program: str) -> None:
    """Remove the pid files of *program* whose process does not exist at all, and the sockets without a listener.

    A file that names any process stays, and so does one that names nothing.
    """
    from . import status

    for path in [pid_file(conf, program), *_of(conf, program, ".pid")]:
        pid = pid_or_none(path)
        if pid is not None and not process.exists(pid):
            unlink(path)
    for path in _of(conf, program, ".sock"):
        if is_socket(path) and not status.listens(path):
            unlink(path)


def orphans(conf: Settings, program: str) -> list[tuple[int, str]]:
    """The processes named by pid files that are called *program* and have init as parent: pid and file."""
    found = []
    for path in [pid_file(conf, program), *_of(conf, program, ".pid")]:
        pid = pid_or_none(path)
        if pid is not None and process.name(pid) == program and process.parent(pid) in (0, 1):
            found.append((pid, path))
    return found


def _of(conf: Settings, program: str, suffix: str) -> list[str]:
    """The files of *program* with more text between its name and *suffix*."""
    folder = run_dir(conf, program)
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [
        f"{folder}/{name}"
        for name in sorted(names)
        if name.startswith(program + ".") and name.endswith(suffix) and len(name) > len(program + suffix)
    ]


def unlink(path: str) -> None:
    """Remove the file at *path* if possible."""
    try:
        os.unlink(path)
    except OSError:
        pass  # a test has removed or replaced it
