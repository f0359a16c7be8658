# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Connections to PostgreSQL with a time limit for answers.

psycopg waits for an answer without end. TCP closes a connection to a machine that is gone. But a server, a pooler or a
balancer that hangs keeps its connections open.
"""

from __future__ import annotations

import time
import typing as t


def connect(seconds: float, *arguments: t.Any, **options: t.Any) -> t.Any:
    """Open a connection of psycopg, with psycopg's arguments. seconds: the time limit of the server for an answer.

    After that the connection is closed, and OperationalError is raised.
    """
    import psycopg

    class Connection(psycopg.Connection[t.Any]):
        def wait(self, gen: t.Any, *arguments: t.Any, **options: t.Any) -> t.Any:
            return super().wait(self._bounded(gen), *arguments, **options)

        def _bounded(self, steps: t.Any) -> t.Any:
            """The steps of a request to the server. psycopg asks for the next one when an answer arrives, and also,
            with a zero, when none has arrived for a moment."""
            until = time.monotonic() + seconds
            try:
                state = next(steps)
                while True:
                    ready = yield state
                    if not ready and time.monotonic() > until:
                        self.close()  # otherwise a rollback would wait as long
                        raise psycopg.OperationalError(f"timed out: no answer within {seconds:g} seconds")
                    state = steps.send(ready)
            except StopIteration as end:
                return end.value

    return Connection.connect(*arguments, **options)
