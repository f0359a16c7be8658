# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full hosts: a Debian of their own, booted with its own systemd. What a light host has none of."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from . import debian, processes, runtime
from .spec import FleetError

HOLDER = Path(__file__).resolve().parent / "full.sh"


def why_not() -> str | None:
    """Why this machine can have no full hosts; None when it can."""
    if os.geteuid() != 0:
        return "full hosts need root"
    for program, package in (("systemd-nspawn", "systemd-container"), ("debootstrap", "debootstrap")):
        if not shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
            return f"{program} is missing: install the package {package}"
    return None if _hierarchies() else "no control groups of systemd are mounted"


def _hierarchies() -> list[Path]:
    """Where systemd has its control groups: one folder, or one each of version 1 and 2."""
    base = Path("/sys/fs/cgroup")
    candidates = [base / "systemd", base / "unified", base]
    found = [path for path in candidates if (path / "cgroup.procs").exists()]
    return [path for path in found if path != base] or found


def _label(folder: Path) -> str:
    """A name for the host with this folder: no other on this machine has it, also while this one is taken down."""
    return f"fleet-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]}"


def control_groups(folder: Path) -> list[Path]:
    """The control groups of the host with this folder, which hold everything that runs on it."""
    return [path / f"ocp-{_label(folder)}" for path in _hierarchies()]


def members(folder: Path) -> list[tuple[int, int]]:
    """Pid and start time of all that runs in them, which is the host's and what holds it up."""
    found = set()
    for group in control_groups(folder):
        for path, _folders, _files in os.walk(group):
            for pid in _pids(Path(path)):
                process = processes.read(pid)
                if process and pid in _pids(Path(path)):  # and no later process of that number was read
                    found.add((pid, process.start_time))
    return sorted(found)


def _pids(group: Path) -> list[int]:
    try:
        return [int(line) for line in (group / "cgroup.procs").read_text().split()]
    except OSError:  # removed meanwhile
        return []


def remove_control_groups(folder: Path) -> None:
    """Remove what is left of them, once nothing runs there."""
    for group in control_groups(folder):
        for path, _folders, _files in os.walk(group, topdown=False):
            os.rmdir(path)


def root() -> Path:
    """The system that all full hosts boot, each under changes of its own; made when it is missing.

    Raises FleetError when that cannot be done.
    """
    reason = why_not()
    if reason:
        raise FleetError(reason)
    return debian.system()


def command(name: str, address: str, folder: Path, shared: Path, visible: list[Path]) -> list[str]:
    """The argument list of full.sh, which holds the host up.

    folder: the host's; shared: the fleet's runtime folder; visible: folders of the machine that the host sees, too.
    """
    (folder / "fleet").write_text(f"ADDRESS={address}\n")
    binds = [f"--bind={folder / own}:/{own}" for own in ("home", "root", "tmp")]
    binds += [f"--bind={shared}:{runtime.MOUNT_POINT}", f"--bind-ro={folder / 'fleet'}:/etc/fleet"]
    binds += [f"--bind-ro={path}" for path in visible if path != Path("/usr")]
    return [
        "sh",
        str(HOLDER),
        ":".join(map(str, control_groups(folder))),
        "systemd-nspawn",
        "--quiet",
        f"--directory={root()}",
        f"--machine={_label(folder)}",
        f"--hostname={name}",
        "--volatile=overlay",
        "--boot",
        "--register=no",
        "--keep-unit",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        "--console=pipe",
        *binds,
    ]
