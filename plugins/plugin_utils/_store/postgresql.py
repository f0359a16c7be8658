# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Connections to PostgreSQL that end when the server does not answer.

psycopg waits for an answer without end. TCP ends a connection to a machine that is gone; but a server, a pooler or a
balancer that hangs keeps its connections, and what they were asked for.
"""

from __future__ import annotations

import time
import typing as t


def connect(seconds: float, *arguments: t.Any, **options: t.Any) -> t.Any:
    """A connection of psycopg, made with its own arguments. seconds: that a server may take for an answer.

    After that the connection is closed, and OperationalError raised.
    """
    import psycopg

    class Connection(psycopg.Connection[t.Any]):
        def wait(self, gen: t.Any, *arguments: t.Any, **options: t.Any) -> t.Any:
            return super().wait(self._bounded(gen), *arguments, **options)

        def _bounded(self, steps: t.Any) -> t.Any:
            """The steps of a request to the server. It is asked for the next one when there is an answer, and also,
            with a zero, when there was none for a moment."""
            until = time.monotonic() + seconds
            try:
                state = next(steps)
                while True:
                    ready = yield state
                    if not ready and time.monotonic() > until:
                        self.close()  # or a rollback would wait as long
                        raise psycopg.OperationalError(f"timed out: no answer within {seconds:g} seconds")
                    state = steps.send(ready)
            except StopIteration as end:
                return end.value

    return Connection.connect(*arguments, **options)
