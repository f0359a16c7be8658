# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full hosts: a Debian of their own, booted with its own systemd."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from . import debian, processes, runtime
from .spec import FleetError

HOLDER = Path(__file__).resolve().parent / "full.sh"


def why_not() -> str | None:
    """Why this machine cannot have full hosts; None if it can."""
    if os.geteuid() != 0:
        return "full hosts need root"
    for program, package in (("systemd-nspawn", "systemd-container"), ("debootstrap", "debootstrap")):
        if not shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
            return f"{program} is missing: install the package {package}"
    return None if _hierarchies() else "no control groups of systemd are mounted"


def _hierarchies() -> list[Path]:
    """The roots of systemd's control groups: one folder, or one each of version 1 and 2."""
    base = Path("/sys/fs/cgroup")
    candidates = [base / "systemd", base / "unified", base]
    found = [path for path in candidates if (path / "cgroup.procs").exists()]
    return [path for path in found if path != base] or found


def _label(folder: Path) -> str:
    """A name for the host with this folder, unique on this machine, also while this host is taken down."""
    return f"fleet-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]}"


def control_groups(folder: Path) -> list[Path]:
    """The control groups of the host with this folder, with all its processes."""
    return [path / f"ocp-{_label(folder)}" for path in _hierarchies()]


def members(folder: Path) -> list[tuple[int, int]]:
    """Pid and start time of all processes in them: those of the host, and its holder."""
    found = set()
    for group in control_groups(folder):
        for path, _folders, _files in os.walk(group):
            for pid in _pids(Path(path)):
                process = processes.read(pid)
                if process and pid in _pids(Path(path)):  # the pid was not reused in between
                    found.add((pid, process.start_time))
    return sorted(found)


def _pids(group: Path) -> list[int]:
    try:
        return [int(line) for line in (group / "cgroup.procs").read_text().split()]
    except OSError:  # already removed
        return []


def remove_control_groups(folder: Path) -> None:
    """Remove the empty control groups."""
    for group in control_groups(folder):
        for path, _folders, _files in os.walk(group, topdown=False):
            os.rmdir(path)


def root() -> Path:
    """The system that all full hosts boot, each with changes of its own. It is made if it is missing.

    Raises FleetError if that fails.
    """
    reason = why_not()
    if reason:
        raise FleetError(reason)
    return debian.system()


def command(name: str, address: str, folder: Path, shared: Path, visible: list[Path]) -> list[str]:
    """The argument list of full.sh, which runs the host.

    folder: the host's; shared: the fleet's runtime folder; visible: folders of the machine that the host also sees.
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
