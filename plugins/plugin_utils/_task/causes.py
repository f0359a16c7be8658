# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The failures of a task by cause, as a table of hosts, subtasks and causes."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .layout import clip, pad, squeeze, width

HEAD = ("HOST", "SUBTASK", "WHAT", "CAUSE")
_MOST = (24, 17, 17)  # columns that names, ids and phases may take
_GAP = "  "
_CAUSE_LINES = 4
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)*")


@dataclass(frozen=True)
class Failure:
    """A failure.

    host: its name, "" for a subtask of all hosts. subtask: its id, None if it is not stored. what: the title of the
    phase.
    """

    host: str
    subtask: int | None
    what: str
    code: str
    message: str


@dataclass(frozen=True)
class Cause:
    """Failures that differ only in names and numbers. text: code and message, with stars for the differences."""

    text: str
    failures: list[Failure]


def by_cause(failures: t.Iterable[Failure]) -> list[Cause]:
    """The failures by cause, the most frequent cause first."""
    groups: dict[tuple[str, str, str], list[Failure]] = {}
    for failure in failures:
        message = failure.message.replace(failure.host, "*") if failure.host else failure.message
        groups.setdefault((failure.what, failure.code, _NUMBER.sub("0", message)), []).append(failure)
    causes = [Cause(_text(group), group) for group in groups.values()]
    return sorted(causes, key=lambda cause: -len(cause.failures))


def table(causes: t.Sequence[Cause], rows: int, columns: int) -> list[str]:
    """The causes with their hosts, in at most so many rows including the head. The last row counts what is left out.

    Every cause has a row before one of them has two.
    """
    if not causes or rows < 2:
        return []
    rows -= 1
    left_out = causes[rows - 1 :] if len(causes) > rows else []
    shown = causes[: rows - 1] if left_out else causes
    failures = [failure for cause in shown for failure in cause.failures] or [causes[0].failures[0]]
    cells = [*(_cells(failure) for failure in failures), HEAD[:3]]
    widths = [min(most, max(width(row[index]) for row in cells)) for index, most in enumerate(_MOST)]
    widths[1] *= any(failure.subtask is not None for failure in failures)
    room = columns - sum(widths) - len(_GAP) * sum(map(bool, (*widths, 1))) + len(_GAP)
    wrapped = [squeeze(cause.text, room, _CAUSE_LINES) for cause in shown]
    wanted = [max(len(cause.failures), len(lines)) for cause, lines in zip(shown, wrapped, strict=True)]
    lines = [_line(HEAD[:3], widths, HEAD[3])]
    for cause, share in zip(shown, _shares(wanted, rows - bool(left_out)), strict=True):
        lines += _rows(cause, share, widths, room)
    if left_out:
        hosts = sum(len(cause.failures) for cause in left_out)
        lines.append(f"and {len(left_out)} other causes, {hosts} hosts: the response has them all")
    return lines


def _rows(cause: Cause, share: int, widths: list[int], room: int) -> list[str]:
    failures, text = cause.failures, squeeze(cause.text, room, min(share, _CAUSE_LINES))
    lines = []
    for index in range(min(share, max(len(failures), len(text)))):
        cells: t.Sequence[str] = _cells(failures[index]) if index < len(failures) else ("", "", "")
        left = len(failures) - index
        if index == share - 1 and left > 1:
            cells = (clip(f"{cells[0]} +{left - 1}" if share == 1 else f"and {left} more", widths[0] + 8), "", cells[2])
        if index and index < len(failures):
            cells = (cells[0], cells[1], "")
        lines.append(_line(cells, widths, text[index] if index < len(text) else ""))
    return lines


def _line(cells: t.Sequence[str], widths: list[int], cause: str) -> str:
    if not cells[1] and widths[1] and width(cells[0]) > widths[0]:  # a count may take the place of an id
        cells, widths = ["", *cells[::2]], [0, widths[0] + len(_GAP) + widths[1], widths[2]]
    padded = [pad(cell, columns) for cell, columns in zip(cells, widths, strict=True) if columns]
    return _GAP.join([*padded, cause]).rstrip()


def _cells(failure: Failure) -> tuple[str, str, str]:
    return failure.host or "(all hosts)", str(failure.subtask or ""), failure.what


def _shares(wanted: list[int], lines: int) -> list[int]:
    """The lines of each cause: one, and then one more in turn until it has as many as wanted."""
    found = [1] * len(wanted)
    while True:
        hungry = [index for index, share in enumerate(found) if share < wanted[index]]
        spare = lines - sum(found)
        if not hungry or spare <= 0:
            return found
        for index in hungry[:spare]:
            found[index] += 1


def _text(failures: list[Failure]) -> str:
    """The code and message of the failures, with a star for each name and number in which they differ."""
    first = failures[0]
    words = first.message.split()
    for other in failures[1:]:
        for index, (word, theirs) in enumerate(zip(words, other.message.split(), strict=False)):
            if word not in (theirs, "*") and _starred(word, first.host) == _starred(theirs, other.host):
                words[index] = _starred(word, first.host)
    return " ".join([first.code, *words])


def _starred(word: str, host: str) -> str:
    return _NUMBER.sub("*", word.replace(host, "*") if host else word)
