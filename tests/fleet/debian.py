# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian that full hosts boot."""

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

SUITE = "OCP_FLEET_SUITE"  # environment variable, the release of Debian that is booted: this machine's without it
CACHE = Path(__file__).resolve().parents[2] / ".cache/fleet"
PACKAGES = "systemd,systemd-sysv,libnss-systemd,dbus,dbus-user-session,libpam-systemd,openssh-server,python3,procps"
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


def system() -> Path:
    """The folder of the system, made when it is missing: once for a checkout, whoever else asks meanwhile.

    Raises FleetError when that cannot be done.
    """
    own = platform.freedesktop_os_release()["VERSION_CODENAME"]
    suite = os.environ.get(SUITE) or own
    path = CACHE / f"{suite}-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]}"  # this file makes it
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            for other in CACHE.glob("*-*"):
                shutil.rmtree(other, ignore_errors=True)
            new = path.with_suffix(".new")
            _bootstrap(new, suite, own)
            _configure(new)
            new.rename(path)
    return path


def _bootstrap(folder: Path, suite: str, own: str) -> None:
    """Install a release from where this machine, of the release own, has its packages.

    The stand-in needs this machine's libraries, or later ones.
    """
    asked = ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"]
    lines = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.splitlines()
    mirrors = [address for line in lines for release, address in [line.split()] if release == own]
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
