# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The owner of each response file. Two runs with one file would overwrite each other's answer.

A run leaves a note in the user's data folder. The note is valid while the run lives on this machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import typing as t
from dataclasses import asdict
from pathlib import Path

from .._files.document import write
from .._store.executor import Executor
from .._store.private_files import alone, data_folder, make_folder


def claim(path: str, run: Executor) -> Executor | None:
    """Make a run the owner of a response file until the run ends. Returns another run that owns it, or None.

    There is no such guard if notes cannot be written.
    """
    folder = data_folder() / "responses"
    note = folder / f"{hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:16]}.json"
    with contextlib.suppress(OSError):
        for part in (data_folder(), folder):
            make_folder(part)
        with alone(folder):
            living = _living(folder)
            other = living.get(note)
            if other and (other.pid, other.start) != (run.pid, run.start):
                return other
            write(str(note), asdict(run), private=True)
    return None


def _living(folder: Path) -> dict[Path, Executor]:
    """The living runs, by their notes. Notes of other runs are removed."""
    found = {}
    for note in folder.glob("*.json"):
        executor = _read(note)
        if executor and executor.is_gone() is False:
            found[note] = executor
        else:
            note.unlink(missing_ok=True)
    return found


def _read(note: Path) -> Executor | None:
    with contextlib.suppress(OSError, ValueError, TypeError):
        document: t.Any = json.loads(note.read_text(encoding="utf-8"))
        return Executor(**document)
    return None
