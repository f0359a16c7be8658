# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared by all hosts of a fleet: stand-in programs, ssh keys, sshd's configuration, the user database."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from .spec import FleetError

MOUNT_POINT = "/run/ocp-fleet"  # the shared folder on a host
SSHD = "/usr/sbin/sshd"
PORT = 2222
INTERPRETER = os.path.realpath(sys.executable)
STANDIN = Path(__file__).parent / "standin"

SSHD_CONFIG = f"""\
Port {PORT}
HostKey {MOUNT_POINT}/host_key
AuthorizedKeysFile {MOUNT_POINT}/authorized_keys
PidFile none
UsePAM no
UseDNS no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
PrintLastLog no
MaxStartups 1000
MaxSessions 1000
LoginGraceTime 60
KexAlgorithms curve25519-sha256
SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
Subsystem sftp internal-sftp
"""
# Since OpenSSH 9.8 sshd locks out an address after failed connections, and all hosts see the same client address.
SSHD_CONFIG_SINCE_9_8 = "PerSourcePenalties no\n"

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
sshd:x:102:65534::/run/sshd:/usr/sbin/nologin
admin:x:1000:1000:admin:/home/admin:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
SHADOW = "root:*:19000:0:99999:7:::\nsshd:!:19000::::::\nadmin:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n"
GROUP = "root:x:0:\ntty:x:5:\nshadow:x:42:\nadmin:x:1000:\nnogroup:x:65534:\n"
ADMIN = 1000
# "admin" may become root, if the machine has sudo.
SUDOERS = "root ALL=(ALL:ALL) ALL\nadmin ALL=(ALL:ALL) NOPASSWD: ALL\n"


def build(folder: Path, programs: set[str]) -> None:
    """Make the shared folder, with one copy of the interpreter for each of *programs*.

    Each program has a copy of its own. As links to one file, an innocent program and the agent's would have the
    same device and inode, which no real host has.
    """
    if not os.access(SSHD, os.X_OK):
        raise FleetError(f"{SSHD} is missing: install the package openssh-server")
    folder.mkdir()
    folder.chmod(0o755)
    shutil.copytree(STANDIN, folder / "standin", ignore=shutil.ignore_patterns("__pycache__"))
    _standard_library(folder)
    (folder / "programs").mkdir()
    for program in sorted(programs):
        shutil.copy2(INTERPRETER, folder / "programs" / program)
    _warm_up(folder)
    _ssh(folder)
    etc = folder / "etc"
    etc.mkdir()
    for name, text, mode in (
        ("passwd", PASSWD, 0o644),
        ("shadow", SHADOW, 0o600),
        ("group", GROUP, 0o644),
        ("sudoers", SUDOERS, 0o440),
    ):
        (etc / name).write_text(text)
        (etc / name).chmod(mode)


def _standard_library(folder: Path) -> None:
    """A home for the copied interpreters: the standard library, with our sitecustomize in front of it."""
    real = Path(sysconfig.get_path("stdlib"))
    library = folder / sys.platlibdir / real.name
    library.mkdir(parents=True)
    (folder / "bin").mkdir()  # pyvenv.cfg names it
    for entry in real.iterdir():
        if entry.name not in ("site-packages", "sitecustomize.py", "__pycache__"):
            (library / entry.name).symlink_to(entry)
    (library / "sitecustomize.py").symlink_to("../../standin/sitecustomize.py")


def _warm_up(folder: Path) -> None:
    """Compile the stand-in once, instead of in each of many processes at the same time."""
    subprocess.run(
        [INTERPRETER, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", folder / "standin"], check=True
    )


def _ssh(folder: Path) -> None:
    for name in ("host_key", "user_key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"fleet {name}", "-f", folder / name], check=True
        )
    shutil.copyfile(folder / "user_key.pub", folder / "authorized_keys")
    (folder / "authorized_keys").chmod(0o644)
    config = folder / "sshd_config"
    config.write_text(SSHD_CONFIG)
    if _sshd_takes(SSHD_CONFIG_SINCE_9_8):
        config.write_text(SSHD_CONFIG + SSHD_CONFIG_SINCE_9_8)


def _sshd_takes(text: str) -> bool:
    """Whether sshd knows the options in *text*. Its other complaints here are about missing files."""
    result = subprocess.run([SSHD, "-t", "-f", "/dev/stdin"], input=text, capture_output=True, text=True, check=False)
    return "Bad configuration option" not in result.stderr
