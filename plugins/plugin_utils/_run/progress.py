# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""How far a phase is, for the people who wait for it."""

from __future__ import annotations

import typing as t

from .._task.steps import told

UNCHANGED = 30  # seconds between lines while nothing changes
_NAMED = 3  # hosts that are at work


class Progress:
    """The hosts of a phase while it goes on.

    phase: its name. hosts: how many there are. timeout: seconds that a host has from its own turn. every: seconds
    between lines while something changes; 0 for no lines at all. now: seconds of a monotonic clock, here and below.
    """

    def __init__(self, phase: str, hosts: int, timeout: float, every: float, now: float) -> None:
        self._phase = phase
        self._hosts = hosts
        self._timeout = timeout
        self._every = every
        self._said_at = now
        self._said: tuple[int, int, int, bool] = (0, 0, 0, False)
        self._at_work: dict[str, float] = {}  # when each began, the first of them first
        self._steps: dict[str, tuple[t.Mapping[str, t.Any], float]] = {}  # what each is at, and since when
        self._stepped = 0
        self._ended = 0
        self._failed = 0
        self._cancelled = False

    def begun(self, host: str, now: float) -> None:
        """A host has its turn."""
        self._at_work[host] = now

    def stepped(self, host: str, step: t.Mapping[str, t.Any], now: float) -> None:
        """A host tells what it is at, see host_answer.step()."""
        if host in self._at_work:
            self._steps[host] = step, now
            self._stepped += 1

    def ended(self, host: str, *, failed: bool) -> None:
        """A host has come to its end in this phase."""
        self._at_work.pop(host, None)
        self._steps.pop(host, None)
        self._ended += 1
        self._failed += failed

    def cancelled(self) -> None:
        """No other host gets its turn."""
        self._cancelled = True

    def line(self, now: float) -> str | None:
        """The line that is due, None where none is. At once when the phase is cancelled with hosts at work."""
        state = self._ended, self._failed, self._stepped, self._cancelled
        wait = self._every if state != self._said else max(self._every, UNCHANGED)
        at_once = self._cancelled and not self._said[-1] and self._at_work
        if not self._every or self._ended >= self._hosts or (now - self._said_at < wait and not at_once):
            return None
        self._said_at, self._said = now, state
        return self._text(now)

    def _text(self, now: float) -> str:
        parts = [f"{self._phase}: {self._ended} of {self._hosts} hosts"]
        if self._failed:
            parts.append(f"{self._failed} failed")
        waiting = self._hosts - self._ended - len(self._at_work)
        if self._cancelled:
            parts.append(f"cancelled, no other host is begun, {self._longest(now):.0f} s at most for those at work")
        elif waiting:
            parts.append(f"{waiting} to begin")
        if self._at_work:
            parts.append(f"at work: {self._slowest(now)}")
        return ", ".join(parts)

    def _slowest(self, now: float) -> str:
        first = list(self._at_work.items())[:_NAMED]
        names = ", ".join(f"{host} for {now - since:.0f} s{self._at(host, now)}" for host, since in first)
        others = len(self._at_work) - len(first)
        return f"{names} and {others} more" if others else names

    def _at(self, host: str, now: float) -> str:
        step, since = self._steps.get(host, ({}, now))
        text = told(step, now - since) if step else ""
        return f" ({text})" if text else ""

    def _longest(self, now: float) -> float:
        last = max(self._at_work.values(), default=now)
        return max(0.0, last + self._timeout - now)
