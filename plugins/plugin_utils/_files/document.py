# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Documents on disk, written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
import typing as t
from collections.abc import Mapping

from .folder import folder_of

_PLAIN = frozenset({str, int, float, bool, type(None)})


def plain(value: t.Any) -> t.Any:
    """The value in plain types only. Since ansible-core 2.19 values from a play are of tagged subclasses."""
    if type(value) in _PLAIN:  # as nearly all are, and the checks below take ten times as long
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def write(path: str, document: t.Mapping[str, t.Any], *, private: bool = False) -> None:
    """Write a document as JSON. See write_text()."""
    write_text(path, json.dumps(document, indent=4, ensure_ascii=False, allow_nan=False) + "\n", private=private)


def write_text(path: str, text: str, *, private: bool = False) -> None:
    """Write a file. A reader of the path finds a whole one at any moment and after any crash.

    private: nobody else may read it. Otherwise a file of this user keeps its mode, and a new one follows
    the umask. Raises OSError, also if the path is something else than a file, or if
    another user's link may lead it elsewhere, see folder.py.
    """
    with folder_of(path) as (folder, name):
        mode = 0o600 if private else _mode(path, name, folder)
        temporary = f".ocp_{secrets.token_hex(8)}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        # The kernel applies the umask. Reading it means changing it, for all threads.
        descriptor = os.open(temporary, flags, 0o666 if mode is None else 0o600, dir_fd=folder)
        try:
            # text from a host may be in any encoding, and a document with replacement marks is better than none
            with open(descriptor, "w", encoding="utf-8", errors="replace") as stream:
                if mode is not None:
                    os.fchmod(descriptor, mode)
                stream.write(text)
                stream.flush()
                os.fsync(descriptor)
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(temporary, dir_fd=folder)
            raise
        opened = os.open(".", os.O_RDONLY | os.O_DIRECTORY, dir_fd=folder)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _mode(path: str, name: str, folder: int) -> int | None:
    """The mode that the file keeps; None if there is none of this user. Raises OSError if it is no regular file."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
    return stat.S_IMODE(found.st_mode) if found.st_uid == os.geteuid() else None
