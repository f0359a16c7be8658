# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Processes of the controller, as /proc shows them."""

from __future__ import annotations

from typing import NamedTuple


class Stat(NamedTuple):
    """Of /proc/PID/stat: the letter of its state, its parent, and when it began, in clock ticks after the boot."""

    state: str
    parent: int
    start: int


def stat(pid: int) -> Stat | None:
    """The fields of a process; None where /proc does not show it."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()  # the name before it may hold anything
        return Stat(fields[0].decode(), int(fields[1]), int(fields[19]))
    except (OSError, IndexError, ValueError):
        return None
