# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The time axis of a task: where moments are on it. Hours between a run and its retry take no room."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, tzinfo

WIDTH = 1000.0
_IDLE = 60.0  # seconds without any work that are shown; longer breaks are cut out
_BREAK, _BREAKS = 120.0, 400.0  # the room that one may have, and all together
_APART = 100.0  # labels
_TICKS = 6
_STEPS = [n * 10.0**power for power in range(-2, 7) for n in (1, 2, 5)]


@dataclass(frozen=True)
class Tick:
    """A mark on the axis. x: from 0 to WIDTH. label: empty if it has no room. first: whether work begins here, for the
    first time or after a break.
    """

    x: float
    label: str
    first: bool


class Axis:
    """The axis of all pieces of work.

    intervals: their beginnings and ends, as seconds since the epoch. zone: of the times that are shown.
    """

    def __init__(self, intervals: t.Iterable[tuple[float, float]], zone: tzinfo | None) -> None:
        self._zone = zone
        self.sessions: list[tuple[float, float]] = []
        for begin, end in sorted(intervals):
            if self.sessions and begin - self.sessions[-1][1] <= _IDLE:
                first, last = self.sessions[-1]
                self.sessions[-1] = (first, max(last, end))
            else:
                self.sessions.append((begin, max(begin, end)))
        count = len(self.sessions) - 1
        self._break = min(_BREAK, _BREAKS / count) if count > 0 else 0.0
        self.seconds = sum(end - begin for begin, end in self.sessions)
        self._scale = (WIDTH - self._break * max(0, count)) / self.seconds if self.seconds else 0.0

    def at(self, moment: float) -> float:
        """The place of a moment, from 0 to WIDTH."""
        x = 0.0
        for begin, end in self.sessions:
            if moment <= end:
                return x + max(0.0, moment - begin) * self._scale
            x += (end - begin) * self._scale + self._break
        return WIDTH

    def ticks(self) -> list[Tick]:
        """The marks, with the time of day at the begin of work, and seconds since then."""
        step = next((step for step in _STEPS if self.seconds / step <= _TICKS), _STEPS[-1])
        found: list[Tick] = []
        free = 0.0
        for begin, end in self.sessions:
            for count in range(int((end - begin) / step) + 1):
                x = self.at(begin + count * step)
                clock = datetime.fromtimestamp(begin, self._zone).strftime("%H:%M:%S")
                label = f"+{count * step:g} s" if count else clock
                fits = free <= x <= WIDTH - _APART / 2 or (not count and self._break > 0)
                found.append(Tick(round(x, 1), label if fits else "", not count))
                free = x + _APART if fits else free
        return found


def moment(text: str) -> float | None:
    """Seconds since the epoch of an ISO 8601 text; None where it is none."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
