# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Start: through systemd if a service runs the agent, else through the vendor's control program.

Only the process table decides whether the agent runs.
"""

import os
import time

from .cause import Logs
from .clear import clear_for_start
from .control import Control
from .former import recall
from .host import AgentError, Interrupted, as_text, uptime
from .lock import AdminLock
from .process_clock import stamp
from .protection import Protection
from .ready import State, refuse_unproven, where_to_look
from .session import end_with_session, leave_session, refuse_to_start_in_session
from .survey import survey_installed
from .units import PROTECTED, Units

APPEARS = 3  # seconds for a daemon to show up after systemd or the control program reports that it has started it
# Children that are missing after this many seconds will not come. The daemon checks every second, and spends up to 5 s
# on the orphans of an earlier daemon.
GIVEN_UP = 8
LOOK_EVERY = 0.2


def start(request):
    """Start the agent unless it runs, and wait until its daemon guards every child."""
    AdminLock(request).check()  # the look comes after what a control program is doing now
    survey, dummy = survey_installed(request.home)
    survey.close()
    request.log.found(survey.processes)
    refuse_unproven(survey.unproven)
    former, warnings = recall(request)
    control = Control(request, survey.processes, former)
    state = State(request.home, control.generation, _end_of(request))
    if state.ready:
        request.log.add("all of %s runs" % control.generation["name"])
        return _answer(control, state, changed=False)
    processes, cleared = survey.processes, False
    daemons = [process for process in processes if process.is_daemon]
    if not daemons:
        refuse_to_start_in_session()
        cleared, more = clear_for_start(request, control.account)
        warnings += more
        if not request.check_mode:
            processes, state = [], State(request.home, control.generation, _end_of(request))
    elif not state.processes:
        raise AgentError("not_ready", "%s runs, which is not of %s, the generation to start: stop the agent first" % (
            daemons[0], control.generation["name"]), processes=[process.facts() for process in processes])
    starting = _Starting(request, control, former, processes, state)
    starting.changed, starting.warnings = cleared, warnings
    if request.check_mode:
        request.log.add("would start %s" % starting.plan())
        return dict(_answer(control, state, changed=True), processes=[], warnings=warnings,
                    drop_ins=starting.protection.drop_ins())
    try:
        starting.run()
    except AgentError as exc:
        exc.facts = dict({"processes": starting.state.facts(), "changed": starting.changed}, **exc.facts)
        raise
    except Interrupted as exc:
        raise AgentError(exc.reason, "the start %s: look at the host, or run it again" % exc,
                         processes=starting.state.facts(), changed=starting.changed)
    return dict(_answer(control, starting.state, changed=starting.changed), warnings=starting.warnings,
                drop_ins=starting.protection.drop_ins())


def _answer(control, state, changed):
    return dict(stamp("ready_at"), changed=changed, generations=[control.generation["name"]],
                processes=state.facts(), warnings=[])


def _end_of(request):
    """When the work has to be over. The program must end before the deadline, and a command that runs out of time needs
    two seconds to end."""
    return request.deadline - min(3.0, request.seconds / 4.0)


class _Starting(object):
    """The work of one Start. state: the latest State. changed: whether anything was ended, removed or started."""

    def __init__(self, request, control, former, processes, state):
        self._request = request
        self._former = former
        self._log = request.log
        self._control = control
        self.state = state
        self.changed = False
        self.warnings = []
        self._until = _end_of(request)
        self._logs = Logs(request.home)
        self._units = Units(request.home, request.log, processes, known=[request.ran_as.get("unit")])
        self.protection = Protection(request, self._units, [])
        self._unit = self._choose_unit() if not state.processes else None

    def _choose_unit(self):
        """The service that starts the agent, or None for the control program."""
        if self._request.ran_as:
            name = self._request.ran_as.get("unit")
            unit = self._units.named(name)
            if name and unit is None:
                self._log.add("systemd: %s ran the agent and cannot be had now" % as_text(name))
        else:
            unit = self._units.sole_installed()
        if unit is not None and (os.geteuid() != 0 or unit.load_state != "loaded"):
            self._log.add("systemd: %s cannot be started (%s)" % (unit.name, unit.load_state))
            return None
        way = self._units.to_start(unit, self._request.protect_unit) if unit is not None else None
        if way == PROTECTED:
            self.protection = Protection(self._request, self._units, [unit])
        return unit if way else None

    def plan(self):
        """The way to start the agent, as text for operators."""
        if self.state.processes:
            return "nothing, but wait for %s" % ", ".join(self.state.absent)
        if self._unit is not None:
            return "%s through systemd" % self._unit.name + "".join(
                ", with %s until it is ready" % drop_in["path"] for drop_in in self.protection.drop_ins())
        return "the agent: %s start, as %s" % (as_text(self._control.path), as_text(self._control.user))

    def run(self):
        if self.state.processes:
            self._log.add("the daemon runs, so that only waiting helps: %s" % ", ".join(self.state.lacking))
            self._wait_until_ready()
        failure, began = None, not self.state.processes
        if not self.state.processes and self._unit is not None:
            self.changed = True
            with self.protection:
                self._start_by_unit()
            self.warnings += self.protection.warnings
            if not self.state.processes:
                self._log.add("%s started nothing: going on with the control program" % self._unit.name)
        if not self.state.processes:
            self.changed = True
            self._log.add("as it ran before it was stopped" if self._former else
                          "nothing is known of how it ran before: with the settings of this login")
            inside = leave_session(self._log)
            self.warnings += [inside] if inside else []
            self._log.at("control_start", self._share(), os.path.basename(self._control.path))
            failure = self._control.start(self._share())
            self._wait_until_ready()
        if not self.state.ready:
            raise self._error(failure)
        ending = end_with_session(self.state.processes[0].pid) if began else None
        if ending:
            raise AgentError("not_ready", "the agent runs in %s: start it by a systemd service" % ending)
        self._log.found(self.state.processes)
        if failure:
            self.warnings.append("%s; the agent runs all the same" % failure)
        different = self._former.differences(self.state.processes) if self._former and began else []
        if different:
            self.warnings.append("the agent does not run in all as it did before: %s" % "; ".join(different))

    def _start_by_unit(self):
        if self.protection:  # to stop the unit could end other processes
            self.protection.let_rest()
        elif not self._unit.at_rest and not self._unit.waits_to_restart:
            self._units.stop(self._unit, self._share())  # systemd starts nothing in an active unit
        self._units.start(self._unit, self._share())
        self._wait_until_ready()

    def _share(self):
        """Seconds for a command. The rest of the time is for checking what it did."""
        return max(0.5, (self._until - uptime()) * 0.8)

    def _wait_until_ready(self):
        """Wait until all processes run, or until there is no hope for them."""
        began = uptime()
        since = {}
        self._log.at("ready", self._until - began)
        while True:
            self.state = State(self._request.home, self._control.generation, self._until)
            now = uptime()
            since = dict((text, since.get(text, now)) for text in self.state.lacking)
            if self.state.ready or now >= self._until:
                return
            if not self.state.processes and now - began >= APPEARS:
                return
            if self.state.processes and any(now - moment >= GIVEN_UP for moment in since.values()):
                return
            time.sleep(LOOK_EVERY)

    def _error(self, failure):
        generation, state = self._control.generation, self.state
        causes = self._logs.causes([name for name in generation["children"] if name in state.absent or any(
            text.startswith(name + " ") for text in state.lacking)] + [generation["daemon"]],
            [process.pid for process in state.processes])
        look = "%s%s" % ("%s; " % causes if causes else "", where_to_look(self._request.home))
        if state.processes and state.absent:
            return AgentError("not_ready", "the agent is not complete: %s. Its daemon gives up a child that dies again "
                              "and again, and leaves one that ended well: %s, then restart the agent" % (
                                  state.explained(), look))
        if state.processes:
            return AgentError("not_ready", "the agent is not as it should be: %s: %s, then restart the agent" % (
                state.explained(), look))
        if failure:
            return AgentError("control_failed", "%s; nothing runs: %s" % (failure, look))
        return AgentError("not_ready", "%s start ended well, but no %s runs: %s" % (
            as_text(self._control.path), generation["daemon"], look))
