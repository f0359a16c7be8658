# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a fleet, `state.json`: enough for another process to find it and to take it down."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

FILE = "state.json"
# The contents of a fleet's state folder. The record goes last, so that an interrupted takedown can be repeated.
ENTRIES = ("hosts", "runtime", "inventory.yml", "known_hosts", "recorded", FILE + ".new", FILE)


def boot_id() -> str:
    """The running kernel's boot. A pid and a start time are valid only within it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def write(state_dir: Path, hosts: list[dict[str, Any]]) -> None:
    """Write the record atomically."""
    new = state_dir / (FILE + ".new")
    with open(new, "w", encoding="utf-8") as stream:
        json.dump({"version": 1, "boot_id": boot_id(), "hosts": hosts}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, state_dir / FILE)


def read(state_dir: Path) -> list[dict[str, Any]] | None:
    """The hosts' records; None if there is no fleet, an empty list if none of its hosts can be alive."""
    try:
        record = json.loads((state_dir / FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return record["hosts"] if record["boot_id"] == boot_id() else []
