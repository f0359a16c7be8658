# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""run/admin.lock as the control program takes it: in two steps, and also from an owner that it cannot look at."""

from __future__ import annotations

import json
import os

from . import process
from .telling import VendorError, of_system


def take(path: str) -> None:
    """Create the lock at *path*. A lock whose owner is gone, or cannot be looked at, is removed first.

    Raises VendorError while another owner lives. Raises it also, and removes the lock, if the lock cannot be read.
    """
    _clean(path)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        cause = of_system("open", path, error)
        raise VendorError("agent", "INTERNAL", "fetch_admin_lock_failed", path, cause=cause) from None
    owner = {"pid": os.getpid(), "exe": os.readlink("/proc/self/exe").removesuffix(" (deleted)")}
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(json.dumps(owner, separators=(",", ":")))


def _clean(path: str) -> None:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            content = stream.read()
    except FileNotFoundError:
        return
    except OSError as error:
        raise _failure(path, "open", error) from None
    try:
        owner = json.loads(content)
        pid, executable = int(owner.get("pid", 0)), str(owner.get("exe", ""))
    except (ValueError, TypeError, AttributeError):
        _remove(path)
        pid, executable = 0, ""  # the vendor goes on to remove it once more, which fails
    if process.exists(pid) and _executable(pid) == executable:
        return
    _remove(path)


def _executable(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""  # only root can read it for another user's process


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError as error:
        raise _failure(path, "remove", error) from None


def _failure(path: str, action: str, error: OSError) -> VendorError:
    cause = of_system(action, path, error)
    return VendorError("agent", "INTERNAL", "clean_dangling_admin_lock_failed", path, cause=cause)
