# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Time as the engine counts it for a host: not while it was busy with others."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import time
import typing as t


class IdleClock(selectors.DefaultSelector):
    """A selector that counts the seconds in which the loop had nothing to do but wait.

    Hundreds of handshakes keep a controller busy for seconds, in which answers lie unread. A host that has answered in
    time must not fail for that, so timeouts count these seconds only.
    """

    idle = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        begun = time.monotonic()
        try:
            return super().select(timeout)
        finally:
            self.idle += time.monotonic() - begun

    @contextlib.asynccontextmanager
    async def timeout(self, seconds: float | None, done: t.Callable[[], bool] = lambda: False) -> t.AsyncIterator[None]:
        """Raise TimeoutError when the block takes longer; never for seconds=None, nor once done() is true."""
        loop = asyncio.get_running_loop()
        begun = self.idle
        handle: asyncio.TimerHandle | None = None

        def look(limit: float) -> None:
            nonlocal handle
            left = limit - (self.idle - begun)
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
