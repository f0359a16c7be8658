# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""JSON documents on disk, whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
import typing as t


def plain(value: t.Any) -> t.Any:
    """The value in plain types only: since ansible-core 2.19 what comes from a play is of tagged subclasses."""
    if isinstance(value, t.Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, bool):
        return value
    for kind in (int, float):
        if isinstance(value, kind):
            return kind(value)
    return str(value)


def write(path: str, document: t.Mapping[str, t.Any]) -> None:
    """Write a document as JSON. Who reads the path, at any moment and after any crash, finds a whole document.

    Raises OSError, also for a path that is something else than a file: it would be replaced by one.
    """
    text = json.dumps(document, indent=4, ensure_ascii=False, allow_nan=False) + "\n"
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        raise OSError(errno.EINVAL, "not a regular file", path)
    folder = os.path.dirname(path)
    descriptor, temporary = tempfile.mkstemp(prefix=".ocp_", dir=folder)
    try:
        # what a host says may be in any encoding; a document with marks in it is better than none
        with open(descriptor, "w", encoding="utf-8", errors="replace") as stream:
            os.fchmod(descriptor, _mode(path))
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _mode(path: str) -> int:
    """The mode that the file has, or that a new file would get."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
