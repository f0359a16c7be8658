# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The steps of one run of the host program, in order."""

from .host import as_text, uptime

LOG_ENTRIES = 500
LOG_TEXT = 500  # characters of one text
MESSAGE_TEXT = 8192  # characters of a message, a warning or a traceback, the controller's limit


def shortened(message, most=MESSAGE_TEXT):
    """The message as text of at most so many characters."""
    message = as_text(message)
    return message if len(message) <= most else message[:most - 3] + "..."


class Log(object):
    """The log of one run.

    entries: pairs of seconds since the program began and text. When it is full, the middle is dropped, since the
    beginning and the end of a run matter most.
    """

    def __init__(self):
        self.entries = []
        self._began = uptime()
        self._left_out = 0

    def add(self, message):
        self.entries.append([round(uptime() - self._began, 2), shortened(message, LOG_TEXT)])
        if len(self.entries) > LOG_ENTRIES:
            middle = LOG_ENTRIES // 2
            self._left_out += 1 if self._left_out else 2
            self.entries[middle:middle + 2] = [[self.entries[middle][0], "(%d entries left out)" % self._left_out]]

    def found(self, processes):
        """Record the agent's processes that a look has found."""
        for process in processes:
            self.add("found %s of user %s: %s" % (process, process.user, as_text(process.executable)))
