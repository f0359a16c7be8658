# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""This user's folders and files for tasks, which nobody else may change."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import typing as t
from pathlib import Path

from .._files.folder import user_name

_OF_CONTAINERS = ("/run/.containerenv", "/.dockerenv")
_DISK = "/"


def data_folder() -> Path:
    """The collection's folder in the user's data folder (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/.local/share")
    return Path(base, "oceanbase-ocp")


def goes_with_container() -> bool:
    """Whether the user's data folder is on the disk of a container, which goes with it.

    A volume is another disk. A user who has set XDG_DATA_HOME, or has a store there already, has chosen the place.
    """
    folder = data_folder()
    if os.path.isabs(os.environ.get("XDG_DATA_HOME", "")) or (folder / "tasks.db").exists():
        return False
    return on_disk_of_container(folder)


def on_disk_of_container(path: Path) -> bool:
    """Whether a file or folder, which need not be there yet, is on the disk of a container and no volume."""
    if not any(map(os.path.exists, _OF_CONTAINERS)) and "KUBERNETES_SERVICE_HOST" not in os.environ:
        return False
    there = next(part for part in (path, *path.parents) if part.exists())
    return there.stat().st_dev == os.stat(_DISK).st_dev


def make_folder(path: Path) -> None:
    """Create a missing folder and its parents. Raises OSError, also if others may change the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    check_folder(path)


def make_file(path: Path) -> None:
    """Create a missing, empty file. Raises OSError, also if others may change the file."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    except FileExistsError:
        pass
    check_file(path)


@contextlib.contextmanager
def alone(folder: Path) -> t.Iterator[None]:
    """Hold the lock of the folder during the block. Raises OSError."""
    path = folder / "lock"
    make_file(path)
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check_folder(path: Path) -> None:
    """Raise OSError unless the path is a folder of this user that no one else may write to."""
    _check(path, os.stat(path), stat.S_ISDIR, "is not a folder")


def check_file(path: Path) -> None:
    """Raise OSError unless the path is a file of this user, not a link, that no one else may write to."""
    _check(path, os.lstat(path), stat.S_ISREG, "is not a regular file")


def _check(path: Path, found: os.stat_result, is_kind: t.Callable[[int], bool], otherwise: str) -> None:
    if not is_kind(found.st_mode):
        raise OSError(errno.EINVAL, otherwise, str(path))
    if found.st_uid != os.geteuid():
        owners = f"belongs to {user_name(found.st_uid)}, and this is run by {user_name(os.geteuid())}"
        raise PermissionError(errno.EPERM, owners, str(path))
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(errno.EPERM, "can be written by others (chmod go-w)", str(path))
