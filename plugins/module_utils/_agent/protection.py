# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Keeps the other processes in the agent's services alive while the agent is stopped or started."""

import os
import time

from .deferred import Deferred
from .drop_in import content_of_drop_in, path_of_drop_in, write_drop_in
from .host import AgentError, Interrupted, as_text, lives, stat_or_none, uptime
from .left_over import PROTECTION_WAIT, RELOAD_SECONDS, is_settled, protection_lock, remove_drop_ins
from .systemctl import SystemdError, reload_units, shown_of

SETTLE_SECONDS = 10  # for systemd to finish with a unit whose main process has ended
DATABASES = ("observer", "obproxy")
LAST_SECONDS = 1.0  # the same, if no time is left
_LOOK_AGAIN = 0.1
# Settings that have to be in force. An older systemd does not know all of them, and cannot do what it does not show.
_MUST_BE = {"KillMode": "process", "SendSIGKILL": "no", "Restart": "no"}
_MAY_BE = {"FailureAction": "none", "SuccessAction": "none", "StartLimitAction": "none", "JobTimeoutAction": "none",
           "RestartForceExitStatus": "", "RemoveIPC": "no", "NeedDaemonReload": "no"}
_NONE = ("ExecStop", "ExecStopPost")


class Protection(object):
    """While a phase lasts, systemd ends only the main process of these services, if any. A context manager.

    request: a Request. units: the Units. services: Units of it that hold other processes; without any it does nothing.

    It is in force on entry, or AgentError is raised. At the end it is removed, as soon as systemd
    has finished with the unit. AgentError then names ended processes that are not the agent's.

    signalled: set it before the first signal or order. warnings: what could not be put back.
    """

    def __init__(self, request, units, services):
        self.signalled = False
        self.warnings = []
        self._request = request
        self._log = request.log
        self._home = as_text(request.home.path)
        self._units = units
        self._services = services
        self._others = []
        self._lock = None

    def __len__(self):
        return len(self._services)

    def drop_ins(self):
        """The files that it writes, for a diff: dicts of path and content."""
        return [{"path": path_of_drop_in(unit.name), "content": content_of_drop_in(self._home)}
                for unit in self._services]

    def __enter__(self):
        if not self._services:
            return self
        self._lock = protection_lock(self._request.within(PROTECTION_WAIT, 0.3))
        # An earlier run that was killed may have signalled the main process.
        self.signalled = any(unit.has_drop_in for unit in self._services)
        try:
            for unit in self._services:
                self._write(unit)
            if not reload_units(self._log, self._request.within(RELOAD_SECONDS, 0.5) - uptime()):
                raise AgentError("foreign_in_unit", "nothing was signalled: systemd did not read its files again "
                                 "(systemctl daemon-reload), so that %s is not protected: look why, and run again" % (
                                     self._names()))
            for unit in self._services:
                self._prove(unit)
                self._others += self._units.others(unit)
            self._log.add("systemd: %s leaves alone %s" % (
                self._names(), ", ".join("%s (pid %d)" % (was.comm, pid) for pid, was in self._others) or "all"))
        except BaseException as exc:
            self._leave()
            self._tell(exc, self.warnings)
            raise
        return self

    def _names(self):
        return ", ".join(unit.name for unit in self._services)

    def _write(self, unit):
        path = path_of_drop_in(unit.name)
        try:
            write_drop_in(unit.name, self._home)
        except (IOError, OSError) as exc:
            raise AgentError("foreign_in_unit", "nothing was signalled: %s could not be written (%s): make room for "
                             "it, and run again" % (path, exc.strerror))
        self._log.add("wrote %s" % path)

    def _prove(self, unit):
        wrong = _not_in_force(unit.name)
        if wrong:
            raise AgentError("foreign_in_unit", "nothing was signalled: systemd does not go by %s: it has %s for %s. "
                             "See systemctl cat %s" % (path_of_drop_in(unit.name), wrong, unit.name, unit.name))

    def end_waiting(self):
        """End a service's wait for its restart, which no setting ends."""
        for unit in self._services:
            now = self._units.again(unit)
            if now is not None and now.waits_to_restart:
                self._stop(now)

    def let_rest(self):
        """Make systemd count the services as stopped, once the agent is gone. Otherwise a later start would start
        nothing, and a later stop would end the others."""
        until = self._patience()
        for unit in self._services:
            now = self._settled(unit, until)
            if now is not None and not now.at_rest:
                self._stop(now)

    def _stop(self, now):
        """Stop a service. It signals only the main process, but also stops the units that require it."""
        if now.main_pid != 0 or not self._units.is_stopped_alone(now) or _not_in_force(now.name):
            self._log.add("systemd: %s is left as it is" % now)
            return
        self._units.stop(now, max(1.0, self._request.within(SETTLE_SECONDS, 0.5) - uptime()))

    def __exit__(self, dummy, failure, trace):
        if not self._services:
            return
        told = self._leave()
        if told and failure is None:
            raise AgentError("foreign_in_unit", "; ".join(told + self.warnings))
        self._tell(failure, told + self.warnings)

    @staticmethod
    def _tell(failure, told):
        if told and isinstance(failure, (AgentError, Interrupted)):
            failure.args = ("; ".join([failure.args[0]] + told),)

    def _leave(self):
        """Put everything back. Returns a text about other processes that are gone, if any, in a list."""
        try:
            with Deferred():  # a second signal must not interrupt this
                self._put_back()
            gone = ["%s (pid %d)" % (was.comm, pid) for pid, was in self._others if self._is_lost(pid, was)]
            return ["%s of %s ended meanwhile, although nothing has signalled it: look at it at once" % (
                ", ".join(gone), self._names())] if gone else []
        finally:
            os.close(self._lock)

    def _put_back(self):
        until = self._patience()
        ready = []
        for unit in self._services:
            if self._settled(unit, until) is None:
                self._warn("%s stays until the next run, because systemd is not done with %s: without it the end of "
                           "the main process would be the end of the others" % (path_of_drop_in(unit.name), unit.name))
            else:
                ready.append(unit.name)
        if ready and not remove_drop_ins(ready, self._home, self._log):
            self._warn("systemd did not read its files again: %s may still go by %s; run systemctl daemon-reload" % (
                ", ".join(ready), ", ".join(map(path_of_drop_in, ready))))

    def _is_lost(self, pid, was):
        """Whether a process has ended that should not have. Helpers of living processes come and go, and commands
        that the agent has run for OCP end with it. A database does not end, unless it is a short-lived fork of one."""
        if _lives_still(pid, was.start):
            return False
        parent = dict(self._others).get(was.parent)
        helper = parent is not None and _lives_still(was.parent, parent.start)
        if was.comm in DATABASES:
            return not (helper and parent.comm == was.comm)
        return not (helper or self._units.is_agent(was.parent))

    def _warn(self, text):
        self.warnings.append(text)
        self._log.add(text)

    def _patience(self):
        now = uptime()
        return max(now + LAST_SECONDS, min(now + SETTLE_SECONDS, self._request.deadline))

    def _settled(self, unit, until):
        """The service once the drop-in is no longer needed; None if that takes too long."""
        while True:
            now = self._units.again(unit)
            ends = self.signalled and now is not None and self._units.is_agent(now.main_pid)
            if now is not None and not ends and is_settled(now.active_state, now.sub_state):
                return now
            if uptime() >= until:
                return None
            time.sleep(_LOOK_AGAIN)


def _not_in_force(name):
    """The settings of a service's drop-in that systemd does not apply, as a text; empty if it applies all."""
    try:
        shown = shown_of([name], sorted(_MUST_BE) + sorted(_MAY_BE) + sorted(_NONE) + [
            "RuntimeDirectory", "RuntimeDirectoryPreserve", "DropInPaths"])[0]
    except SystemdError as exc:
        return "no answer (systemctl show %s)" % exc
    wrong = ["%s=%s" % (key, shown.get(key, "")) for key in sorted(_MUST_BE) if shown.get(key) != _MUST_BE[key]]
    wrong += ["%s=%s" % (key, shown[key]) for key in sorted(_MAY_BE) if shown.get(key, "") not in ("", _MAY_BE[key])]
    wrong += ["%s=%s" % (key, "; ".join(shown[key])) for key in _NONE if shown[key]]
    if shown.get("RuntimeDirectory") and shown.get("RuntimeDirectoryPreserve") != "yes":
        wrong.append("RuntimeDirectoryPreserve=%s" % shown.get("RuntimeDirectoryPreserve", ""))
    if path_of_drop_in(name) not in shown.get("DropInPaths", "").split():
        wrong.append("DropInPaths=%s" % shown.get("DropInPaths", ""))
    return ", ".join(wrong)


def _lives_still(pid, start):
    found = stat_or_none(pid)
    return found is not None and found.start == start and lives(pid, found)
