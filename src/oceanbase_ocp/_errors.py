# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only exception of this package."""

from __future__ import annotations


class OcpRunError(Exception):
    """The run failed without a response, or a callback of the caller raised.

    status: ansible-runner's status of the run, such as `failed`. rc: exit status of ansible-playbook, None if there is
    none. stdout: the end of its output.
    """

    def __init__(self, message: str, status: str = "unstarted", rc: int | None = None, stdout: str = "") -> None:
        super().__init__(message, status, rc, stdout)
        self.message = message
        self.status = status
        self.rc = rc
        self.stdout = stdout

    def __str__(self) -> str:
        head = f"{self.message} (status {self.status}, exit status {self.rc})"
        return f"{head}:\n{self.stdout}" if self.stdout else head
