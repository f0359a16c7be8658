# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Defers signals for a moment."""

import errno
import os

from .host import signal

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


class Deferred(object):
    """Holds back ending signals. None may come between a fork and the record of the child's pid."""

    def __enter__(self):
        self._came = []
        self._handlers = dict((number, signal.signal(number, self._note)) for number in ENDING)

    def _note(self, number, dummy):
        self._came.append(number)

    def __exit__(self, *dummy):
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for number in self._came:
            os.kill(os.getpid(), number)


def reap(pid):
    """Wait for a child of ours."""
    while True:
        try:
            os.waitpid(pid, 0)
            return
        except OSError as exc:
            if exc.errno != errno.EINTR:  # Python 2.7 does not retry after a signal
                return
