# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Removes drop-ins of ours that are not needed any more: those of this run, and those of a killed one."""

import errno
import fcntl
import os
import time

from .deferred import Deferred
from .drop_in import UNITS_FOLDER, forget_drop_in, path_of_drop_in, services_with_drop_in, take_drop_in_away
from .host import AgentError, as_text, uptime

RELOAD_SECONDS = 30  # systemd reads the files of all units
PROTECTION_WAIT = 10  # for another run


def has_left_over(request):
    """Whether a killed run has left a drop-in for the home of a Request."""
    return bool(services_with_drop_in(as_text(request.home.path)))


def remove_left_over(request):
    """Remove drop-ins that a killed run has left for the home of a Request. Returns whether it did, and warnings.

    Call it only after proof that no process of the agent is about to end. Without the drop-in such an end
    would also end the other processes of the unit.
    """
    home = as_text(request.home.path)
    names = services_with_drop_in(home)
    if not names:
        return False, []
    paths = ", ".join(map(path_of_drop_in, names))
    if request.check_mode:
        request.log.add("would remove %s" % paths)
        return True, []
    if os.geteuid() != 0:
        return False, ["%s, of a run that was cut short, is still there, and only root may remove it" % paths]
    from .systemctl import SystemdError, shown_of  # pylint: disable=import-outside-toplevel; rarely needed

    lock = protection_lock(request.within(PROTECTION_WAIT, 0.3))
    try:
        with Deferred():
            try:
                states = [(shown.get("ActiveState"), shown.get("SubState"))
                          for shown in shown_of(names, ("ActiveState", "SubState"))]
            except SystemdError as exc:
                return False, ["%s, of a run that was cut short, is still there: systemctl show %s" % (paths, exc)]
            if not all(is_settled(*state) for state in states) or not remove_drop_ins(names, home, request.log):
                return False, ["%s, of a run that was cut short, could not be removed now: run this again" % paths]
    finally:
        os.close(lock)
    return True, []


def is_settled(active_state, sub_state):
    """Whether systemd is neither starting nor stopping a service in this state."""
    return active_state in ("active", "inactive", "failed") or sub_state == "auto-restart"


def remove_drop_ins(names, home, log):
    """Remove the drop-ins of services, and reload systemd. Returns whether that worked."""
    from .systemctl import reload_units  # pylint: disable=import-outside-toplevel; rarely needed

    for name in names:
        take_drop_in_away(name, home)
    if not reload_units(log, RELOAD_SECONDS):
        return False
    for name in names:
        forget_drop_in(name)
        log.add("removed %s" % path_of_drop_in(name))
    return True


def protection_lock(until):
    """A descriptor that only one run at a time can have. A drop-in found while holding it is not in use.

    Raises AgentError if another run still holds it at that time of uptime().
    """
    descriptor = os.open(UNITS_FOLDER, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except (IOError, OSError) as exc:
                if exc.errno not in (errno.EWOULDBLOCK, errno.EAGAIN, errno.EINTR):
                    raise
            if uptime() >= until:
                raise AgentError("locked", "another run of this collection protects services of this host: wait for it "
                                 "to end, and run again")
            time.sleep(0.1)
    except BaseException:
        os.close(descriptor)
        raise
