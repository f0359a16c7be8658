# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Ends processes of the agent, and records the outcome of each."""

import errno
import select

from .host import signal, uptime
from .survey import survey_home

KILL_WAIT = 5  # seconds for the kernel to remove a killed process


class Stopping(object):
    """The work of one Stop: every process seen so far, and its outcome."""

    def __init__(self, request):
        self._request = request
        self._log = request.log
        self._seen = {}

    def alive(self):
        return [process for process in self._seen.values() if process.state() is not None]

    def facts(self):
        order = sorted(self._seen.values(), key=lambda process: (not process.is_daemon, process.pid))
        return [dict(process.facts(), signal=process.signal, seconds=process.seconds) for process in order]

    @property
    def signalled(self):
        return any(process.signal for process in self._seen.values())

    def look(self):
        """All living agent processes. New ones are recorded."""
        survey = survey_home(self._request.home)
        new = [process for process in survey.processes if process.key not in self._seen]
        survey.close(keep=new)
        self._log.found(new)
        for process in new:
            process.seen_at = uptime()
            self._seen[process.key] = process
        return self.alive()

    def end(self, processes, grace):
        """Send SIGTERM to each, and SIGKILL to those left after that many seconds."""
        self._terminate("terminate_and_kill", processes, grace)
        self._signal("SIGKILL", "kill", processes, KILL_WAIT)
        self._wait(processes, self._request.within(KILL_WAIT, 1.0))
        if processes:
            self._log.at("look")

    def terminate(self, processes, grace):
        """Send SIGTERM to each, and wait at most so many seconds for their end."""
        self._terminate("terminate", processes, grace)

    def _terminate(self, step, processes, grace):
        until = self._request.within(grace, 0.5)
        self._signal("SIGTERM", step, processes, until - uptime())
        self._wait(processes, until)

    def _signal(self, name, step, processes, seconds):
        """step, seconds: what people are told where one of them got it."""
        sent = False
        for process in processes:
            frozen = process.state() in ("T", "t")
            if process.send(getattr(signal, name)):
                process.signal = name
                self._log.add("%s to %s" % (name, process))
                sent = True
            if frozen:  # a frozen process handles SIGTERM only after SIGCONT; SIGKILL needs no help
                process.send(signal.SIGCONT)
        if sent:
            self._log.at(step, seconds)

    def _wait(self, processes, until):
        """Wait until they have ended, but not beyond that time."""
        while True:
            self.note()
            now = uptime()
            alive = [process for process in processes if process.seconds is None]
            if not alive or now >= until:
                return
            _pause(alive, min(0.1, until - now))

    def note(self):
        """Record the processes that have ended."""
        now = uptime()
        for process in self._seen.values():
            if process.seconds is None and process.state() is None:
                process.seconds = round(now - process.seen_at, 2)
                self._log.add("%s has ended" % process)


def _pause(processes, seconds):
    """Sleep, but wake up when one of the processes ends, if the kernel has pidfds."""
    poll = select.poll()
    for process in processes:
        if process.pollable() is not None:
            poll.register(process.pollable(), select.POLLIN)
    try:
        poll.poll(max(1, int(seconds * 1000)))
    except (IOError, OSError, select.error) as exc:  # Python 2.7 does not retry after a signal
        if exc.args[0] != errno.EINTR:
            raise
