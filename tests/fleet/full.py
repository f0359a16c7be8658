# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full hosts: a Debian of their own, booted with its own systemd. What a light host has none of."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

from . import runtime
from .spec import FleetError

CACHE = Path(__file__).resolve().parents[2] / ".cache/fleet"
HOLDER = Path(__file__).resolve().parent / "full.sh"
PACKAGES = "systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,python3,procps"
ADMIN_ENTRY = "admin:x:1000:1000:admin:/home/admin:/bin/sh\n"
# Overrides the package's unit: the network is shared, so sshd may listen on the host's own address only.
SSH_SERVICE = f"""\
[Unit]
Description=sshd on the host's address
After=network.target

[Service]
EnvironmentFile=/etc/fleet
ExecStart={runtime.SSHD} -D -e -f {runtime.MOUNT_POINT}/sshd_config -o UsePAM=yes -o ListenAddress=${{ADDRESS}}
KillMode=process
Restart=on-failure
RuntimeDirectory=sshd

[Install]
WantedBy=multi-user.target
"""


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


def control_groups(address: str) -> list[Path]:
    """The control groups of the host with this address, which holds everything that runs on it."""
    return [path / f"ocp-fleet-{address}" for path in _hierarchies()]


def remove_control_groups(address: str) -> None:
    """Remove what is left of them, once nothing runs there."""
    for group in control_groups(address):
        for folder, _folders, _files in os.walk(group, topdown=False):
            os.rmdir(folder)


def root() -> Path:
    """The system that all full hosts boot, each under changes of its own; made when it is missing.

    Raises FleetError when that cannot be done.
    """
    reason = why_not()
    if reason:
        raise FleetError(reason)
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    path = CACHE / f"{suite}-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}"  # this file makes it
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for other in CACHE.glob("*-*"):
                shutil.rmtree(other, ignore_errors=True)
            new = path.with_suffix(".new")
            _bootstrap(new, suite)
            _configure(new)
            new.rename(path)
    return path


def _bootstrap(folder: Path, suite: str) -> None:
    """Install the release of this machine, from where it has its packages: the stand-in needs its very libraries."""
    asked = ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"]
    lines = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.splitlines()
    mirrors = [address for line in lines for release, address in [line.split()] if release == suite]
    log = folder.with_suffix(".log")
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(folder), *mirrors[:1]]
    with open(log, "wb") as stream:
        path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        status = subprocess.run(
            command, stdout=stream, stderr=stream, env={**os.environ, "PATH": path}, check=False
        ).returncode
    if status:
        raise FleetError(f"debootstrap ended with {status}; {log} says: {log.read_text(errors='replace')[-500:]}")
    log.unlink()


def _configure(folder: Path) -> None:
    units = folder / "etc/systemd/system"
    (units / "ssh.service").write_text(SSH_SERVICE)
    (units / "multi-user.target.wants").mkdir(exist_ok=True)
    (units / "sshd.service").unlink(missing_ok=True)  # an alias of the package's
    (units / "multi-user.target.wants/ssh.service").unlink(missing_ok=True)
    (units / "multi-user.target.wants/ssh.service").symlink_to("/etc/systemd/system/ssh.service")
    for unit in ("ssh.socket", "console-getty.service", "systemd-timesyncd.service"):
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    with open(folder / "etc/passwd", "a") as stream:
        stream.write(ADMIN_ENTRY)
    with open(folder / "etc/group", "a") as stream:
        stream.write("admin:x:1000:\n")
    with open(folder / "etc/shadow", "a") as stream:
        stream.write("admin:*:19000:0:99999:7:::\n")
    (folder / "etc/fleet").touch()
    (folder / "etc/hostname").unlink(missing_ok=True)  # each host has a name of its own


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
        ":".join(map(str, control_groups(address))),
        "systemd-nspawn",
        "--quiet",
        f"--directory={root()}",
        f"--machine={name}",
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
