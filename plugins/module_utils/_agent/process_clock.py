# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The clock that the start times in /proc/PID/stat are read from. It is asked by starting a process.

No other clock is compared with a start time. /proc/uptime may count from the begin of a container (lxcfs), a time
namespace shifts start times, and of two clocks only one may go on while the machine is suspended.
"""

import errno
import os

from .deferred import Deferred, reap
from .host import signal, stat_or_none, this_boot

TICKS = os.sysconf("SC_CLK_TCK")  # of this clock in a second


def ticks_now():
    """What field 22 of /proc/PID/stat says of a process that begins now. Raises OSError where none can be started."""
    children = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # what is reaped by nobody can be looked at
    try:
        with Deferred():
            pid = os.fork()
            if pid == 0:
                os._exit(0)
        try:
            found = stat_or_none(pid)
        finally:
            reap(pid)
    finally:
        signal.signal(signal.SIGCHLD, children)
    if found is None:
        raise OSError(errno.ESRCH, os.strerror(errno.ESRCH))
    return found.start


def moment_now():
    """The moment on this clock in seconds. None where it cannot be told."""
    try:
        return ticks_now() / float(TICKS)
    except OSError:  # a limit of processes, say
        return None


def stamp(name):
    """The moment, under that name, and the boot that it counts from, for a later run. Without a moment the boot alone.
    """
    now = moment_now()
    return dict({} if now is None else {name: now}, boot_id=this_boot())


def seconds_since(moment):
    """Seconds since a moment that moment_now() told, also in an earlier run; None where that cannot be told."""
    now = moment_now()
    return None if now is None or moment is None else now - moment


def age_of(start):
    """Seconds since that start time, in ticks; None where that cannot be told."""
    return seconds_since(start / float(TICKS))


def is_after(start, moment):
    """Whether a start time, in ticks, is after a moment that moment_now() told."""
    return start > int(round(moment * TICKS))
