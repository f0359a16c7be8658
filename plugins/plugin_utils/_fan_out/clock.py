# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Time as the engine counts it for a host: not while it was busy with others, as long as that comes to an end."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import time
import typing as t

from .messages import longest

_PIECE = 1.0  # seconds: the loop does less at a time; more than that, and this process did not run


class IdleClock(selectors.DefaultSelector):
    """A selector that counts the seconds in which the loop had nothing to do but wait, and those of both together.

    Hundreds of handshakes keep a controller busy for seconds, in which answers lie unread. A host that has answered in
    time must not fail for that, so timeouts count idle seconds. But a host that never stops to talk leaves none, so
    there is a bound by the wall's clock, too; that goes on for whoever is kept waiting. Neither of them counts time in
    which this process was stopped, as on a laptop that is closed: no answer could be read in it.
    """

    idle = 0.0
    awake = 0.0
    _since: float | None = None  # when the loop went back to work

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        begun = time.monotonic()
        if self._since is not None:
            self.awake += min(begun - self._since, _PIECE)
        try:
            return super().select(timeout)
        finally:
            self._since = time.monotonic()
            passed = self._since - begun
            if timeout is not None:
                passed = min(passed, max(timeout, 0.0) + _PIECE)
            self.idle += passed
            self.awake += passed

    @contextlib.asynccontextmanager
    async def timeout(self, seconds: float | None, done: t.Callable[[], bool] = lambda: False) -> t.AsyncIterator[None]:
        """Raise TimeoutError when the block takes longer; never for seconds=None, nor once done() is true.

        seconds: that are idle. Of idle and busy ones there may be longest(seconds).
        """
        loop = asyncio.get_running_loop()
        idle, awake = self.idle, self.awake
        handle: asyncio.TimerHandle | None = None

        def look(limit: float) -> None:
            nonlocal handle
            left = min(limit - (self.idle - idle), longest(limit) - (self.awake - awake))
            if left > 0:
                handle = loop.call_later(max(left, 0.01), look, limit)
            elif not done():
                scope.reschedule(loop.time())

        async with asyncio.timeout(None) as scope:
            if seconds is not None:
                look(seconds)
            try:
                yield
            finally:
                if handle:
                    handle.cancel()
