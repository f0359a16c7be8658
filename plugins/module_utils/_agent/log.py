# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The steps of one run of the host program, in order."""

from .host import as_text, uptime
from .wire import as_json

LOG_ENTRIES = 500
LOG_TEXT = 500  # characters of one text
MESSAGE_TEXT = 8192  # characters of a message, a warning or a traceback, the controller's limit
STEP_HELD = 2  # seconds that a step has to last before the controller hears of it, as few do
STEPS = 64  # that one run tells while it is at work; the controller hears no more
STEP_NAME = 64  # characters


def shortened(message, most=MESSAGE_TEXT):
    """The message as text of at most so many characters."""
    message = as_text(message)
    return message if len(message) <= most else message[:most - 3] + "..."


class Log(object):
    """The log of one run.

    entries: pairs of seconds since the program began and text. When it is full, the middle is dropped, since the
    beginning and the end of a run matter most.
    """

    def __init__(self, tell=None):
        """tell: gets JSON, as bytes, for the controller; None where there is no way to it before the answer."""
        self._tell = tell
        self._steps = 0
        self.entries = []
        self._began = uptime()
        self._left_out = 0

    def add(self, message):
        self.entries.append([round(uptime() - self._began, 2), shortened(message, LOG_TEXT)])
        if len(self.entries) > LOG_ENTRIES:
            middle = LOG_ENTRIES // 2
            self._left_out += 1 if self._left_out else 2
            self.entries[middle:middle + 2] = [[self.entries[middle][0], "(%d entries left out)" % self._left_out]]

    def at(self, step, seconds=None, name=None):
        """Tell people what the run is doing from now on, where that can be heard before its end.

        step: a word that the controller knows (C(_task/steps.py)). seconds: how long that may take, from now on. name:
        of what it is done to.
        """
        if self._tell is None or self._steps >= STEPS:
            return
        self._steps += 1
        told = {"step": step}
        if seconds is not None:
            told["seconds"] = round(max(0.0, seconds), 1)
        if name is not None:
            told["name"] = shortened(name, STEP_NAME)
        self._tell(as_json(told).encode("ascii"))

    def found(self, processes):
        """Record the agent's processes that a look has found."""
        for process in processes:
            self.add("found %s of user %s: %s" % (process, process.user, as_text(process.executable)))
