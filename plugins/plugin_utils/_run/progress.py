# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The progress of a phase."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._task.steps import told

UNCHANGED = 30  # seconds between lines while nothing changes
_NAMED = 3  # hosts that are at work
# Set by a program that runs the playbook and reads its progress, from lines with JSON.
PROGRAM_VARIABLE = "OCEANBASE_OCP_PROGRESS"
PROGRAM_LINE = "OCP_PROGRESS "  # begins it
_PROGRAM_EVERY = 1  # seconds between these lines while something changes
_PROGRAM_NAMED = 20


@dataclass(frozen=True)
class State:
    """The progress of a phase. hosts, ended, failed: their numbers. waiting: the others, as a text."""

    phase: str
    hosts: int
    ended: int
    failed: int
    waiting: str = ""


class Line(str):
    """A line for the screen from a worker. A callback may draw the state instead.

    state: None if such a callback has it from elsewhere.
    """

    __slots__ = ("state",)

    state: State | None

    def __new__(cls, text: str, state: State | None = None) -> Line:
        line = super().__new__(cls, text)
        line.state = state
        return line

    def __reduce__(self) -> tuple[t.Any, ...]:
        return Line, (str(self), self.state)


def slowest(
    at_work: t.Mapping[str, float], now: float, at: t.Callable[[str], str] = lambda _host: ""
) -> str:
    """The hosts that have been at work for the longest time, as a text.

    at_work: the begin of each host, the earliest first. at: the present step of a host, empty if unknown.
    """
    first = list(at_work.items())[:_NAMED]
    told = {host: at(host) for host, _since in first}
    names = ", ".join(
        f"{host} for {now - since:.0f} s" + (f" ({told[host]})" if told[host] else "") for host, since in first
    )
    others = len(at_work) - len(first)
    return f"{names} and {others} more" if others else names


class Progress:
    """The hosts of a phase while it goes on.

    phase: its name. hosts: how many there are. timeout: seconds that a host has from its own turn. every: seconds
    between lines while something changes; 0 for no lines at all. now: seconds of a monotonic clock, here and below.
    unchanged: seconds between lines while nothing changes.
    """

    def __init__(
        self, phase: str, hosts: int, timeout: float, every: float, now: float, unchanged: float = UNCHANGED
    ) -> None:
        self._phase = phase
        self._hosts = hosts
        self._timeout = timeout
        self._every = every
        self._unchanged = unchanged
        self._said_at = now
        self._said: tuple[int, int, int, bool] = (0, 0, 0, False)
        self._at_work: dict[str, float] = {}  # the begin of each, the earliest first
        self._steps: dict[str, tuple[t.Mapping[str, t.Any], float]] = {}  # the present step of each, and its begin
        self._stepped = 0
        self._ended = 0
        self._failed = 0
        self._cancelled = False
        self._told_at = now - UNCHANGED  # a program
        self._told: tuple[int, ...] = ()

    def begun(self, host: str, now: float) -> None:
        """A host has its turn."""
        self._at_work[host] = now

    def stepped(self, host: str, step: t.Mapping[str, t.Any], now: float) -> None:
        """A host reports its present step, see host_answer.step()."""
        if host in self._at_work:
            self._steps[host] = step, now
            self._stepped += 1

    def ended(self, host: str, *, failed: bool) -> None:
        """A host has ended this phase."""
        self._at_work.pop(host, None)
        self._steps.pop(host, None)
        self._ended += 1
        self._failed += failed

    def cancelled(self) -> None:
        """No other host gets its turn."""
        self._cancelled = True

    def for_program(self, now: float) -> dict[str, t.Any] | None:
        """The progress for a program that runs the playbook, as oceanbase_ocp.ProgressEvent without the task id.

        Returns None if it is not due. It is due within a second after each change, and at once when the phase begins
        and when all hosts have ended.
        """
        state = (*self._state(), len(self._at_work))
        over = self._ended >= self._hosts
        wait = UNCHANGED if state == self._told else 0 if over else _PROGRAM_EVERY
        if now - self._told_at < wait:
            return None
        self._told_at, self._told = now, state
        return {
            "phase": self._phase,
            "hosts": self._hosts,
            "done": self._ended,
            "failed": self._failed,
            "working": len(self._at_work),
            "waiting": self._hosts - self._ended - len(self._at_work),
            "cancelled": self._cancelled,
            "slowest": [
                {"host": host, "seconds": round(now - since, 1), "at": self._at(host, now)}
                for host, since in list(self._at_work.items())[:_PROGRAM_NAMED]
            ],
        }

    def line(self, now: float) -> Line | None:
        """The line that is due, or None. It is due at once if the phase is cancelled with hosts at work."""
        state = self._state()
        wait = self._every if state != self._said else max(self._every, self._unchanged)
        at_once = self._cancelled and not self._said[-1] and self._at_work
        if not self._every or self._ended >= self._hosts or (now - self._said_at < wait and not at_once):
            return None
        self._said_at, self._said = now, state
        rest = self._waiting(now)
        parts = [f"{self._phase}: {self._ended} of {self._hosts} hosts"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        known = State(self._phase, self._hosts, self._ended, self._failed, ", ".join(rest))
        return Line(", ".join(parts + rest), known)

    def _state(self) -> tuple[int, int, int, bool]:
        return self._ended, self._failed, self._stepped, self._cancelled

    def _waiting(self, now: float) -> list[str]:
        parts = []
        waiting = self._hosts - self._ended - len(self._at_work)
        if self._cancelled:
            parts.append(f"cancelled, no other host is begun, {self._longest(now):.0f} s at most for those at work")
        elif waiting:
            parts.append(f"{waiting} to begin")
        if self._at_work:
            parts.append(f"at work: {slowest(self._at_work, now, lambda host: self._at(host, now))}")
        return parts

    def _at(self, host: str, now: float) -> str:
        step, since = self._steps.get(host, ({}, now))
        return told(step, now - since) if step else ""

    def _longest(self, now: float) -> float:
        last = max(self._at_work.values(), default=now)
        return max(0.0, last + self._timeout - now)
