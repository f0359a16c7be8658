# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The folder that a path leads to, safe against links of other users."""

from __future__ import annotations

import contextlib
import errno
import os
import pwd
import stat
import typing as t
from collections import deque

_MOST_LINKS = 40  # as in the kernel


@contextlib.contextmanager
def folder_of(path: str) -> t.Iterator[tuple[int, str]]:
    """The folder that a path leads to, and the name in it, which is no link.

    The folder is a descriptor for the C(dir_fd) of os, and stays the same whatever happens to the path. Another
    user's link in a folder that others may write to is not followed, as with the kernel's
    fs.protected_symlinks. Otherwise anybody who may write to /tmp could choose the written file. Raises OSError.
    """
    rest = _names(os.path.join(os.getcwd(), path))
    links = 0
    folder = _root()
    try:
        while rest:
            name = rest.popleft()
            try:
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                if rest:
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
                break
            if stat.S_ISLNK(found.st_mode):
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                _check_link(path, name, found, os.fstat(folder))
                target = os.readlink(name, dir_fd=folder)
                if target.startswith("/"):
                    os.close(folder)
                    folder = _root()
                rest.extendleft(reversed(_names(target)))
            elif rest:
                below = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = below
            else:
                break
        else:
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        yield folder, name
    finally:
        os.close(folder)


def _root() -> int:
    return os.open("/", os.O_PATH | os.O_DIRECTORY)


def _names(path: str) -> deque[str]:
    return deque(name for name in path.split("/") if name not in ("", "."))


def _check_link(path: str, name: str, link: os.stat_result, folder: os.stat_result) -> None:
    if folder.st_mode & stat.S_IWOTH and link.st_uid not in (os.geteuid(), folder.st_uid):
        raise PermissionError(
            errno.EPERM,
            f"{name} is a link of {user_name(link.st_uid)} in a folder that everybody may write to, and is not "
            "followed: remove it, or give a path in a folder of your own",
            path,
        )


def user_name(uid: int) -> str:
    """The login name of a user, for people."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
