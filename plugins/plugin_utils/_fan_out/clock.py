# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The clock for timeouts of hosts. It leaves out the time that the engine was busy with others, within limits."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import time
import typing as t

from .messages import longest

_PIECE = 1.0  # seconds; one step of the loop takes less, so after a longer one the process was stopped


class IdleClock(selectors.DefaultSelector):
    """A selector that counts idle seconds, in which the loop just waited, and awake seconds, idle or busy.

    Hundreds of handshakes keep a controller busy for seconds, while answers lie unread. A host that has answered in
    time must not fail for that, so timeouts count idle seconds. A host that prints without end leaves no idle time, so
    awake seconds are limited, too. Neither counts time in which this process was stopped, as on a suspended laptop,
    since no answer could be read then.
    """

    idle = 0.0
    awake = 0.0
    _since: float | None = None  # when the loop resumed its work

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
        """Raise TimeoutError if the block takes longer; never with seconds=None, nor once done() is true.

        seconds: idle ones. Idle and busy seconds together are limited to longest(seconds).
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
