# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Results that a run could not store because its database was away. They are kept on the controller until then.

The next run of the same user on this machine that opens the store brings them in (store.py).
"""

from __future__ import annotations

import contextlib
import json
import typing as t
from dataclasses import asdict, dataclass
from pathlib import Path

from .._files.document import plain, write
from .._task.task import Task
from .executor import Executor
from .location import Location, StoreError
from .private_files import alone, check_folder, data_folder, make_folder


@dataclass(frozen=True)
class Spooled:
    """An overdue save: the task as its executor knew it, and blocks for the logs, by subtask id."""

    task: Task
    executor: Executor
    logs: t.Mapping[int, str]


def spool(url: str | None, task: Task, executor: Executor, logs: t.Mapping[int, str] | None) -> Path:
    """Keep the arguments of a failed Store.save. Returns the file.

    It replaces an earlier file of the same executor, except its logs, which come first. Raises OSError, and
    StoreError if that file cannot be read.
    """
    folder = _folder(Location.of(url))
    path = folder / f"{task.id}.json"
    for part in (data_folder(), folder.parent, folder):
        make_folder(part)
    with alone(folder):
        blocks = dict(logs or {})
        if path.exists() and (before := _read(path)).executor.token == executor.token:
            for number, block in before.logs.items():
                blocks[number] = f"{block}\n{blocks[number]}" if number in blocks else block
        document = {"task": task.dump(), "executor": asdict(executor), "logs": blocks}
        write(str(path), plain(document), private=True)
    return path


@contextlib.contextmanager
def overdue(location: Location) -> t.Iterator[t.Iterator[tuple[Path, Spooled]]]:
    """The files kept for a store, locked during the block. The caller removes a file after bringing it in.

    Raises StoreError for a file that cannot be read.
    """
    folder = _folder(location)
    if not any(folder.glob("*.json")):
        yield iter(())
        return
    try:
        check_folder(folder)
        with alone(folder):
            yield ((path, _read(path)) for path in sorted(folder.glob("*.json")))
    except OSError as exc:
        raise StoreError(
            f"the task store {location.shown}: results that belong into it are kept in {folder}, but {exc.filename} "
            f"{exc.strerror}: mend that"
        ) from None


def _folder(location: Location) -> Path:
    return data_folder() / "spool" / location.key


def _read(path: Path) -> Spooled:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Spooled(
            Task.load(document["task"]),
            Executor(**document["executor"]),
            {int(number): text for number, text in document["logs"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise StoreError(
            f"the results of a task in {path} cannot be read: {' '.join(str(exc).split())}: mend that file, or move it "
            f"away to do without them"
        ) from None
