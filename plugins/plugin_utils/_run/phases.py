# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The progress of a task, as one line for each phase."""

from __future__ import annotations

import typing as t

from .._task.layout import clip, pad, plural, width
from .._task.operation import title
from .._task.task import EXECUTE, Task
from .progress import State, slowest

_BAR = 20
_LEAST_BAR = 5

OK, FAILED, AT_WORK, TO_COME = "ok", "failed", "at work", "to come"


class _Phase:
    """A phase of the task. Times are of a monotonic clock, None before the event."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.hosts = 0
        self.ended = 0
        self.failed = 0
        self.waiting = ""
        self.at_work: dict[str, float] = {}  # when each host began, the first one first
        self.begun: float | None = None
        self.over: float | None = None

    def slowest(self, now: float) -> str:
        if not self.at_work:
            return self.waiting
        return f"at work: {slowest(self.at_work, now)}"


class Phases:
    """The phases of a task. now: seconds of a monotonic clock, in all methods."""

    def __init__(self, headline: str, names: t.Iterable[str]) -> None:
        self.headline = headline
        self._stopped = False
        self._since: float | None = None
        self._phases = {name: _Phase(name) for name in names}

    @classmethod
    def of(cls, task: Task, *, check_mode: bool) -> Phases:
        """The phases of a task that has been accepted."""
        count = plural(len(task.targets), "host")
        how = "" if task.operation == EXECUTE else f", {task.operation.lower()}"
        check = ", check mode: nothing is changed" if check_mode else ""
        headline = f"{task.what.name}: task {task.id}, {count}{how}{check}"
        return cls(headline, task.phases)

    def mark(self, now: float) -> None:
        """The next phase with news begins now."""
        self._since = now

    def take(self, state: State, now: float) -> None:
        """Take the progress of a fan-out."""
        phase = self._phase(state.phase, now)
        phase.hosts, phase.ended, phase.failed = state.hosts, state.ended, state.failed
        phase.waiting = state.waiting

    def settle(self, name: str, hosts: int, ended: int, failed: int, now: float) -> bool:
        """Take the end of a fan-out, which leaves the other hosts to tasks. Returns whether the phase is over."""
        phase = self._phase(name, now)
        phase.hosts, phase.ended, phase.failed, phase.waiting = hosts, ended, failed, ""
        return self._is_over(phase, now)

    def begin(self, name: str, host: str, now: float) -> None:
        """A host has begun its own Ansible task."""
        phase = self._phase(name, now)
        phase.at_work[host] = now
        phase.hosts = max(phase.hosts, phase.ended + len(phase.at_work))

    def end(self, name: str, host: str, *, failed: bool, now: float) -> bool:
        """A host has ended it. Returns whether the phase is over."""
        phase = self._phase(name, now)
        phase.at_work.pop(host, None)
        phase.ended += 1
        phase.failed += failed
        phase.hosts = max(phase.hosts, phase.ended)
        return self._is_over(phase, now)

    def stop(self) -> None:
        """No other phase begins."""
        self._stopped = True

    def lines(self, columns: int, now: float, *, blocks: bool) -> list[tuple[str, str]]:
        """A line for each phase, and one for what it waits for, each with its state: OK, FAILED, AT_WORK or TO_COME.

        columns: the most that a line takes. blocks: whether there are block elements, or ASCII alone.
        """
        phases = list(self._phases.values())
        worked = [phase for phase in phases if phase.begun is not None]
        last = phases.index(worked[-1]) if worked else -1
        to_come = [] if self._stopped else phases[last + 1 :]
        found = []
        for phase in [*worked, *to_come]:
            found.append((self._line(phase, columns, now, blocks), _state(phase)))
            if phase.begun is not None and phase.over is None and (slowest := phase.slowest(now)):
                found.append((clip(f"    {slowest}", columns), AT_WORK))
        return found

    def summary(self, name: str, now: float) -> tuple[str, str]:
        """A line about a phase that is over, with its state."""
        phase = self._phases[name]
        failed = f", {phase.failed} failed" if phase.failed else ""
        hosts = plural(phase.hosts, "host")
        since = now if phase.begun is None else phase.begun
        return f"{title(name)}: {hosts}{failed}, {_clock((phase.over or now) - since)}", _state(phase)

    def _phase(self, name: str, now: float) -> _Phase:
        phase = self._phases.setdefault(name, _Phase(name))
        if phase.begun is None:
            phase.begun = now if self._since is None else self._since
        return phase

    @staticmethod
    def _is_over(phase: _Phase, now: float) -> bool:
        if phase.over is None and phase.ended >= phase.hosts:
            phase.over = now
            return True
        return False

    def _line(self, phase: _Phase, columns: int, now: float, blocks: bool) -> str:
        titles = max(width(title(name)) for name in self._phases)
        left = f"  {pad(title(phase.name), titles)}"
        if phase.begun is None:
            return clip(left.rstrip(), columns)
        digits = len(str(phase.hosts))
        right = f"  {phase.ended:>{digits}} of {phase.hosts}"
        right += f"  {_clock((phase.over or now) - phase.begun):>5}"
        if phase.failed:
            right += f"  {phase.failed} failed"
        size = min(_BAR, columns - width(left) - 2 - max(len(right), 24))
        drawn = f"  {_bar(phase, size, blocks)}" if size >= _LEAST_BAR else ""
        return clip(f"{left}{drawn}{right}", columns)


def _bar(phase: _Phase, size: int, blocks: bool) -> str:
    full, empty = ("\u2588", "\u2591") if blocks else ("#", ".")
    done = size * phase.ended // phase.hosts if phase.hosts else size
    return full * done + empty * (size - done)


def _state(phase: _Phase) -> str:
    if phase.begun is None:
        return TO_COME
    if phase.failed:
        return FAILED
    return AT_WORK if phase.over is None else OK


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
