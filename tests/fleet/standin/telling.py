# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors in the vendor's words, and the vendor's log."""

from __future__ import annotations

import os
import time


class VendorError(Exception):
    """An error with the vendor's module, kind and code, its subject, and its cause."""

    def __init__(self, module: str, kind: str, code: str, *values: str, cause: str = "") -> None:
        text = f"Module={module}, kind={kind}, code={code}; " + (f"[{' '.join(values)}]" if values else "")
        super().__init__(f"{text}\ncause:\n{cause}" if cause else text)


def of_system(action: str, path: str, error: OSError) -> str:
    """The text of an error of the operating system: ``open PATH: file exists``."""
    return f"{action} {path}: {os.strerror(error.errno or 0).lower()}"


class Log:
    """The log of one program. The file stays open, which identifies a script of generation 1."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def info(self, caller: str, message: str) -> None:
        """Write a line; *caller* is a place in the vendor's source, like ``agentd/watchdog.go:Start``."""
        self._write("INFO", caller, message)

    def error(self, caller: str, message: str, level: str = "ERROR") -> None:
        """The same, for an error."""
        self._write(level, caller, message)

    def _write(self, level: str, caller: str, message: str) -> None:
        now = time.time()
        zone = time.strftime("%z")
        stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S')}.{int(now % 1 * 1e5):05}{zone[:3]}:{zone[3:]}"
        line = f"{stamp} {level} [{os.getpid()},] caller={caller}: {message}\n"
        os.write(self._descriptor, line.encode(errors="surrogateescape"))
