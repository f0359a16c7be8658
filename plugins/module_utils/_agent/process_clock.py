# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The clock of the start times in /proc/PID/stat. It is read by starting a process.

No other clock is compared with a start time. /proc/uptime may count from the start of a container (lxcfs), a time
namespace shifts start times, and some clocks stop while the machine is suspended.
"""

import errno
import os

from .deferred import Deferred, reap
from .host import signal, stat_or_none, this_boot

TICKS = os.sysconf("SC_CLK_TCK")  # ticks of this clock per second


def ticks_now():
    """Field 22 of /proc/PID/stat for a process that starts now. Raises OSError if none can be started."""
    children = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # keeps the dead child visible until it is reaped
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
    """The time on this clock in seconds; None if it is unknown."""
    try:
        return ticks_now() / float(TICKS)
    except OSError:  # for example a limit of processes
        return None


def stamp(name):
    """The current time, under that name, and the boot that it counts from, for a later run.

    The boot alone if the time is unknown.
    """
    now = moment_now()
    return dict({} if now is None else {name: now}, boot_id=this_boot())


def seconds_until_we_began(moment):
    """Seconds from a time of moment_now() to the start of this process; None if unknown. It starts no other process."""
    began = stat_or_none(os.getpid())
    return None if began is None or moment is None else began.start / float(TICKS) - moment


def age_of(start):
    """Seconds since that start time, in ticks; None if unknown."""
    now = moment_now()
    return None if now is None else now - start / float(TICKS)


def is_after(start, moment):
    """Whether a start time, in ticks, is after a time of moment_now()."""
    return start > int(round(moment * TICKS))
