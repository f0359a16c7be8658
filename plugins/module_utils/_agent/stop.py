# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Stop: the daemons first, since they revive their children, then the other processes."""

from .host import AgentError, Interrupted, uptime
from .lock import AdminLock
from .lock_owner import account_of_processes
from .memory import remember
from .process_clock import stamp
from .ran_as import how_it_runs, ran_as
from .services import protection_of, units_of
from .stopping import Stopping
from .survey import revived, survey_installed

ROUNDS = 3  # how often what came back while we worked is stopped again


def stop(request):
    """Stop every agent process, through systemd where a service of it runs the agent, by pid what is left."""
    AdminLock(request).check()  # the look comes after what a control program is doing now
    survey, dummy = survey_installed(request.home)
    survey.close()
    lock = AdminLock(request, account_of_processes(survey.processes))
    units = units_of(request, survey.processes)
    runs = how_it_runs(survey.processes, ionice=True)
    found = {"ran_as": ran_as(request.home, survey.processes, units, runs)}
    if request.check_mode:
        return _plan(request, survey, units, found)
    stopping, stopped_units = Stopping(request), []
    # A start that ends orphans must not keep how they ran.
    kept = remember(request.home, survey.processes, found["ran_as"], runs) if request.phase == "stop" else []
    try:
        at_first = set((process.pid, process.start) for process in stopping.look())
        through, endangered = units.to_stop(request.protect_unit)
        if not (survey.processes or at_first or through or endangered) and lock.holder() is None:
            return dict(stamp("stopped_at"), changed=False, processes=[], warnings=survey.unproven, **found)
        protection = protection_of(request, units, endangered)
        found["drop_ins"] = protection.drop_ins()
        with protection:
            protection.end_waiting()
            for unit in through:
                protection.signalled = True
                stopped_units.append(unit)
                units.stop(unit, request.within(request.daemon_grace + request.grace, 0.5) - uptime(), stopping.note)
            with lock:  # where systemd's time was up, the control program that it has called may still be at work
                protection.signalled = True
                stopped = _stop_by_pid(request, stopping)
            protection.let_rest()
    except AgentError as exc:
        exc.facts = dict({"processes": stopping.facts(), "changed": stopping.signalled or bool(stopped_units)},
                         **dict(found, **exc.facts))
        raise
    except Interrupted as exc:
        raise AgentError(exc.reason, "the stop %s: what still runs was not stopped; run it again" % exc,
                         processes=stopping.facts(), changed=stopping.signalled or bool(stopped_units), **found)
    found.update(stopped, changed=True, processes=stopping.facts())
    left = stopping.alive()
    if any((process.pid, process.start) not in at_first for process in left):
        facts = found.pop("processes")
        raise revived("comes back while it is stopped", left, facts, **found)
    if left:
        raise AgentError("still_running", "still running: " + ", ".join(
            "%s in state %s after %s" % (process, process.state() or "?", process.signal or "no signal")
            for process in left), **found)
    warnings = survey.unproven + kept + ([lock.warning] if lock.warning else [])
    warnings += protection.warnings + _still_active(units)
    return dict(found, warnings=warnings)


def _plan(request, survey, units, found):
    """The plan of a Stop, for check mode."""
    request.log.found(survey.processes)
    through, endangered = units.to_stop(request.protect_unit)
    for unit in through:
        request.log.add("would stop %s through systemd" % unit.name)
    drop_ins = protection_of(request, units, endangered).drop_ins()
    for drop_in in drop_ins:
        request.log.add("would write %s until the agent is stopped" % drop_in["path"])
    planned = [dict(process.facts(), signal="SIGTERM", seconds=None) for process in survey.processes]
    return dict(stamp("stopped_at"), changed=bool(planned or through), processes=planned, warnings=survey.unproven,
                drop_ins=drop_ins, **found)


def _stop_by_pid(request, stopping):
    """Returns the stamp of the moment before the last look: what that has not found began later, and so came back."""
    for dummy in range(ROUNDS):
        daemons = [process for process in stopping.look() if process.is_daemon]
        stopping.end(daemons, request.daemon_grace)
        stopping.end(stopping.look(), request.grace)
        stopped = stamp("stopped_at")
        if not stopping.look() or uptime() >= request.deadline:
            break
    return stopped


def _still_active(units):
    """Warnings about services that systemd takes for active although the agent is gone."""
    return ["%s still counts as active: systemctl start %s will start nothing before it is stopped; start the agent by "
            "its control program or by this collection" % (unit, unit.name) for unit in units.still_active()]
