# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that an inventory comes from, and whether they have changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_OF_A_PLUGIN = re.compile(rb"^plugin\s*:", re.MULTILINE)
_OF_HOSTS = ("group_vars", "host_vars")
_CONFIGURATION = ("$ANSIBLE_CONFIG", "ansible.cfg", "~/.ansible.cfg", "/etc/ansible/ansible.cfg")

Stamp = frozenset[tuple[str, int, int, int]]


def stamp(sources: Sequence[str]) -> Stamp | None:
    """What tells the present state of an inventory from any later one. Ansible's configuration counts as a part of it.

    sources: absolute paths, and lists of hosts with commas. Returns None where more than files decide: a script, or a
    file for an inventory plugin.
    """
    files = [Path(os.path.expanduser(os.path.expandvars(name))) for name in _CONFIGURATION]
    try:
        for source in map(Path, sources):
            if "," in str(source) and not source.exists():
                continue
            read = list(_inside(source))
            if not all(map(_is_plain, read)):
                return None
            files += read
            for name in _OF_HOSTS:
                files += _inside(source.parent / name)
        return frozenset(_of_file(path) for path in files if path.exists())
    except OSError:
        return None


def _inside(path: Path) -> Iterator[Path]:
    """A file, or all files of a folder."""
    if not path.is_dir():
        yield path
    for folder, _folders, names in os.walk(path, followlinks=True):
        yield from (Path(folder, name) for name in names)


def _is_plain(path: Path) -> bool:
    return not os.access(path, os.X_OK) and not _OF_A_PLUGIN.search(path.read_bytes())


def _of_file(path: Path) -> tuple[str, int, int, int]:
    found = path.stat()
    return str(path), found.st_size, found.st_mtime_ns, found.st_ctime_ns
