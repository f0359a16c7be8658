# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Which wave of another run this run is, and what it leaves for that one (waves.py)."""

from __future__ import annotations

import json
import os
import typing as t
from dataclasses import asdict, dataclass
from pathlib import Path

from .._files.document import plain, write
from .._task.task import Task
from .._task.waves import Wave
from .._task.waves_report import Ended

# The environment variable that makes a run a wave: JSON with "folder" and the fields of Wave. It gives nobody a role.
VARIABLE = "OCEANBASE_OCP_WAVE"
RESPONSE = "response.json"
_ENDING = "ending.json"


@dataclass(frozen=True)
class Place:
    """Where this run is among the waves. folder: what it leaves there is told by the run that has begun it."""

    folder: Path
    wave: Wave


def mine() -> Place | None:
    """The wave that this run is; None where it is none."""
    try:
        found = json.loads(os.environ.get(VARIABLE, "{}"))
        return Place(Path(found["folder"]), Wave(found["number"], found["of"], found["later"]))
    except (KeyError, TypeError, ValueError):
        return None


def variable(place: Place) -> str:
    """The value of VARIABLE for the run of a wave."""
    return json.dumps({"folder": str(place.folder), **asdict(place.wave)})


def report_file(path: str | None, number: str) -> str:
    """The report file of a wave. path: that of all waves; the wave's number stands before its suffix."""
    if not path:
        return ""
    stem, suffix = os.path.splitext(path)
    return f"{stem}-{number}{suffix}"


def leave(place: Place, task: Task, changed: t.Mapping[str, int]) -> None:
    """Leave how the task of this wave ended. Raises OSError."""
    write(str(place.folder / _ENDING), plain({"task": task.dump(), "changed": changed}), private=True)


def look(folder: Path) -> Ended:
    """How far a wave is, or how it ended. folder: its own."""
    response = _read(folder / RESPONSE)
    ending = _read(folder / _ENDING)
    if not ending:
        return Ended(response)
    return Ended(response, Task.load(ending["task"]), ending["changed"])


def _read(path: Path) -> dict[str, t.Any] | None:
    try:
        found: dict[str, t.Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found
