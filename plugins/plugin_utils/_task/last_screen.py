# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The last screen of a run: the end of the task, its failures, and commands. It fits on a terminal of 25 lines."""

from __future__ import annotations

import typing as t

from .causes import Failure, by_cause, table
from .how_far import how_far
from .layout import COLUMNS, wrap
from .operation import title
from .printable import in_line
from .report import headline, skipped
from .task import Subtask, Task
from .ways_on import Caller, Way, commands, in_awx, is_held, ways_on

LINES = 25
_TABLE = 6  # lines of it that nothing else may have
_NOTE = 3  # lines
_TAIL = 6  # lines


def last_screen(
    task: Task,
    changed: t.Mapping[str, int],
    *,
    caller: Caller | None,
    store: bool,
    notes: t.Sequence[str] = (),
) -> list[str]:
    """The last screen of a run that has worked on a task, in at most LINES lines of COLUMNS columns.

    changed: the number of changed hosts by phase in this run. caller: the command line of ansible-playbook; None in
    AWX, where job templates are launched. store: whether the task is kept. notes: further messages, such as the place
    of the response.
    """
    far = how_far(task)
    head = [*wrapped(headline(task, changed), 2), *(wrapped(far, 2) if far else [])]
    ways = ways_on(task, held=is_held(task), store=store)
    return compose(head, failures(task), ways, caller, [note for note in (skipped(task), *notes) if note])


def compose(
    head: t.Sequence[str],
    failed: t.Iterable[Failure],
    ways: t.Sequence[Way],
    caller: Caller | None,
    notes: t.Sequence[str],
) -> list[str]:
    """A screen of these parts. The table of failures gets the remaining lines, but some in any case."""
    causes = by_cause(failed)
    tail = [line for note in notes for line in wrapped(note, _NOTE)][:_TAIL]
    left = LINES - len(head) - len(tail) - bool(causes) - bool(ways)
    room = left - min(_TABLE, len(table(causes, LINES, COLUMNS)))
    on = in_awx(ways, COLUMNS)[:room] if caller is None else commands(ways, caller, COLUMNS, room)
    rows = table(causes, left - len(on), COLUMNS)
    return [*head, *(["", *rows] if rows else []), *(["", *on] if on else []), *tail]


def refusal(message: str, notes: t.Sequence[str] = ()) -> list[str]:
    """The last screen of a refused request. message: the status, the code and the reason."""
    head = wrapped(f"Refused, no host was contacted: {message}", LINES - _TAIL)
    return [*head, *([line for note in notes for line in wrapped(note, _NOTE)][:_TAIL])]


def failures(task: Task) -> list[Failure]:
    """The failures of a task, in the order of its graph."""
    return [_failure(task, subtask) for subtask in task.failures]


def _failure(task: Task, subtask: Subtask) -> Failure:
    target, error = task.target(subtask), subtask.error or {"code": "", "message": ""}
    message = in_line(error["message"]).removeprefix(f"{target}: ")
    name = in_line(target.host) if target else ""
    return Failure(name, subtask.id, title(subtask.phase), error["code"], message)


def wrapped(text: str, most: int) -> list[str]:
    """Any text, in at most so many lines of a screen."""
    return wrap(in_line(text), COLUMNS, most)
