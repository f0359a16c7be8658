# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Info: which agent runs, how, what is odd about it, and what a stop would do. It changes nothing, and waits for no
lock."""

import os

from .cause import as_printable
from .control_group import control_group, units_in
from .findings import Findings
from .home import GENERATIONS, generation_of
from .host import AgentError, arguments_of, as_text, read_proc, stat_or_none, uptime
from .lock import AdminLock
from .ports import listening_ports
from .prepare import plan_of_stop
from .process_clock import TICKS, moment_now
from .ready import State
from .status import Status
from .survey import Survey
from .units import Units

READY_SECONDS = 8  # for the answers of all programs
VERSION_SECONDS = 2
_COMMAND = 2048  # characters of a command line
_VERSION = 64


def info(request):
    """Tell what runs of the agent, whether it is ready, the holder of its lock, what is odd, and what a stop would do.

    A reason for a stop to refuse is a finding, and no failure. Raises AgentError only where nothing can be told at all.
    """
    home = request.home
    survey = Survey(home)
    survey.close()
    units = Units(home, request.log, survey.processes)
    findings = Findings(home, survey, units)
    holder = findings.of_lock(AdminLock(request))
    plan = _plan_of(request, findings)
    generation = _generation_of(home, survey.processes)
    state = _state_of(home, generation, findings)
    if state is not None:
        findings.of_readiness(state)
    findings.of_processes()
    findings.of_others()
    findings.of_units(plan)
    findings.of_run_folder()
    now = moment_now()
    return {
        "changed": False,
        "generations": home.generations(),
        "generation": generation,
        "version": _version_of(home, survey.processes),
        "ready": None if state is None else state.ready,
        "lock": holder,
        "processes": [dict(process.facts(), **_more_facts(process, now)) for process in survey.processes],
        "units": [_unit_facts(unit) for unit in units.all],
        "findings": findings.found,
        "plan": plan,
        "warnings": [],
    }


def _plan_of(request, findings):
    """What a stop would do: its reason to refuse, or None, and a text."""
    try:
        survey, dummy, dummy, through, endangered = plan_of_stop(request)
    except AgentError as exc:
        findings.of_refusal(exc)
        return {"reason": exc.reason, "text": exc.args[0]}
    steps = ["has systemd stop %s" % unit.name for unit in through]
    steps += ["protects the others in %s meanwhile" % unit.name for unit in endangered]
    daemons = [process.program for process in survey.processes if process.is_daemon]
    if daemons:
        steps.append("sends SIGTERM to %s, which takes its children down" % daemons[0])
    elif survey.processes:
        steps.append("sends SIGTERM to %s" % ", ".join(sorted(set(process.program for process in survey.processes))))
    if survey.processes:
        steps.append("sends SIGKILL to what is left after the grace")
    return {"reason": None, "text": ", ".join(steps) or "has nothing to do"}


def _generation_of(home, processes):
    """The name of the generation that runs: of a daemon with its children, else of the orphans; None for none."""
    daemons = [process.pid for process in processes if process.is_daemon]
    parents = [(process, stat_or_none(process.pid)) for process in processes]
    families = [process for process, found in parents if process.is_daemon or found and found.parent in daemons]
    return generation_of(home, families or processes)


def _state_of(home, name, findings):
    """The State of a generation; None where none runs, or where it cannot be told."""
    generation = next((each for each in GENERATIONS if each["name"] == name), None)
    return generation and findings.attempt(State, home, generation, uptime() + READY_SECONDS)


def _version_of(home, processes):
    """The version as the daemon says it, or as obd has it in the path of what runs; else None."""
    for process in processes[:1]:
        try:
            version = Status(home, process, VERSION_SECONDS).told.get("version")
        except AgentError:
            version = None
        if isinstance(version, type(u"")) and version.strip():
            return as_printable(version.strip(), _VERSION)
        parts = as_text(process.executable).split("/")
        if "repository" in parts[:-3]:  # repository/obagent/VERSION/MD5/bin/ob_agentd
            return parts[parts.index("repository") + 2]
    return None


def _more_facts(process, now):
    """More about a process, as far as it can be told. now: of moment_now()."""
    try:
        command = as_text(" ".join(arguments_of(process.pid)))[:_COMMAND]
    except (IOError, OSError):
        command = ""
    found = stat_or_none(process.pid)
    return {
        "command": command,
        "parent": found.parent if found else 0,
        "state": found.state if found else "X",
        "elapsed": None if now is None else max(0, int(now - process.start / float(TICKS))),
        "memory": _resident_memory(process.pid),
        "unit": (units_in(control_group(process.pid)) or [None])[-1],  # a service or a scope, a user's own ones, too
        "ports": listening_ports(process.pid),
    }


def _resident_memory(pid):
    """Bytes of memory that a process has; None where that cannot be told."""
    try:
        pages = int(read_proc(pid, "statm").split()[1])
    except (IOError, OSError, IndexError, ValueError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _unit_facts(unit):
    return {
        "name": unit.name,
        "state": "%s (%s)" % (unit.active_state, unit.sub_state) if unit.sub_state else unit.active_state,
        "main_pid": unit.main_pid or None,
        "kill_mode": unit.kill_mode,
        "restart": unit.restart,
    }
