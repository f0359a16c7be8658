# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a fleet down by its record, from any process, any number of times."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import Any

from . import full, processes, state

TIMEOUT = 30.0  # seconds for all processes to go


def take_down(state_dir: Path) -> list[str]:
    """End the processes of the fleet in *state_dir* and remove its files. A missing fleet is no error.

    It tries everything, whatever fails. Returns what is left, one line each. The record stays until nothing is left.
    """
    records = state.read(state_dir)
    if records is None:
        return []
    left = _end_processes(state_dir, records)
    for name in state.ENTRIES:
        if left and name == state.FILE:
            return left
        left += _remove(state_dir / name)
    with contextlib.suppress(OSError):  # the folder may hold other files
        state_dir.rmdir()
    return left


def _end_processes(state_dir: Path, records: list[dict[str, Any]]) -> list[str]:
    """Killing a host's init makes the kernel kill every process of its pid namespace before init itself is gone."""
    begun = _ticks_since_boot()
    names = {tuple(record[role]): f"{record['name']}: {role}" for record in records for role in ("init", "unshare")}
    deadline = time.monotonic() + TIMEOUT
    # a host that has no init yet ends with its holder, or with its control groups
    left = processes.kill([tuple(record["init"]) for record in records if record["init"][0]], TIMEOUT)
    left += processes.kill([tuple(record["unshare"]) for record in records], max(1.0, deadline - time.monotonic()))
    lines = [f"{names[target]} (process {target[0]}) is still there" for target in left]
    for record in records:
        if record["spec"].get("full") and not left:
            lines += _remove_control_groups(state_dir / "hosts" / record["name"])
    tables = processes.by_namespace({record["namespace"] for record in records})
    for record in records:
        # a namespace that began later belongs to somebody else and has reused our number
        lines += [
            f"{record['name']}: {process.comm} (process {process.pid}) is still there"
            for process in tables[record["namespace"]]
            if process.start_time < begun and not process.dead
        ]
    return lines


def _remove_control_groups(folder: Path) -> list[str]:
    deadline = time.monotonic() + TIMEOUT
    while True:
        # an init that is not in the record may have outlived its holder
        processes.kill(full.members(folder), max(1.0, deadline - time.monotonic()))
        try:
            full.remove_control_groups(folder)
            return []
        except OSError as error:  # busy until the last process is gone
            if time.monotonic() > deadline:
                return [f"{folder.name}: {error}"]
            time.sleep(0.05)


def _ticks_since_boot() -> int:
    """The current time, in the unit of a process' start time."""
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))


def _remove(path: Path) -> list[str]:
    errors: list[str] = []
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=lambda _function, name, info: errors.append(f"{name}: {info[1]}"))
    else:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            errors.append(str(error))
    return errors
