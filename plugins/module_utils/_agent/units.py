# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The systemd services that run the agent of one home, and what systemd would do with their other processes.

When the main process of a service ends, systemd ends everything left in its control group unless C(KillMode) says
otherwise, even a database that was started from there. So the group is checked before any signal.
"""

import os
import time

from .control_group import control_group, units_in
from .drop_in import has_drop_in
from .home import CONTROLS, image_of
from .host import (
    AgentError,
    arguments_of,
    executable_of,
    lives,
    pids,
    stat_or_none,
    uptime,
)
from .scripts import is_interpreter, script_of
from .survey import Survey
from .systemctl import SystemdError, shown_of, systemctl
from .unit_files import is_service, services_to_ask, starts_agent

FOREIGN_PATIENCE = 3  # seconds for a command that the agent runs for OCP to end
_SHOWN = ("Id", "LoadState", "ActiveState", "SubState", "ControlGroup", "MainPID", "KillMode", "Restart",
          "RestartForceExitStatus", "RequiredBy", "BoundBy", "ConsistsOf", "PropagatesStopTo", "OnFailure", "OnSuccess",
          "PrivateTmp", "ExecStart")
UNKNOWN = "unknown"
BY_ITSELF, PROTECTED = "by itself", "protected"  # ways to start a service
PROTECT = ("set ocp_protect_unit=true and run as root (ansible_become: true), which has systemd leave the others alone "
           "while the agent is being stopped or started")


class Unit(object):
    """One service as systemd describes it at one moment. The attributes are systemd's properties.

    exec_start: one text per command.
    """

    def __init__(self, shown):
        self.name = shown["Id"]
        self.load_state = shown.get("LoadState", "")
        self.active_state = shown.get("ActiveState", "")
        self.sub_state = shown.get("SubState", "")
        self.group = shown.get("ControlGroup", "")
        self.main_pid = int(shown.get("MainPID") or 0)
        self.kill_mode = shown.get("KillMode", "")
        self.restart = shown.get("Restart", "")
        self.exec_start = shown.get("ExecStart", [])
        self.private_tmp = shown.get("PrivateTmp", "") not in ("", "no")
        self.revives = self.restart != "no" or shown.get("RestartForceExitStatus", "") != ""
        # Targets, such as reboot.target, that follow its end.
        self.followed_by = [name for key in ("OnFailure", "OnSuccess") for name in shown.get(key, "").split()
                            if name.endswith(".target")]
        # Units that stop when this one is stopped; bound ones stop even when it ends by itself.
        self.stopped_along = [name for key in ("RequiredBy", "BoundBy", "ConsistsOf", "PropagatesStopTo")
                              for name in shown.get(key, "").split() if not name.endswith(".target")]
        self.bound = [name for name in shown.get("BoundBy", "").split() if not name.endswith(".target")]

    @property
    def takes_all(self):
        """Whether systemd ends the whole control group when the main process ends."""
        return self.kill_mode not in ("process", "none")

    @property
    def waits_to_restart(self):
        return self.sub_state == "auto-restart"

    @property
    def has_drop_in(self):
        """Whether there is a drop-in of ours, from this run or from a killed one."""
        return has_drop_in(self.name)

    @property
    def at_rest(self):
        return self.active_state in ("inactive", "failed")

    def __str__(self):
        return "%s (%s, %s)" % (self.name, self.active_state, self.sub_state)


class Units(object):
    """The services of this host that concern the agent of one home.

    processes: the agent's, as a Survey found them. known: names of more services to look at.
    all: the Units; none if systemd does not run. Only root can have systemd start or stop one.
    """

    def __init__(self, home, log, processes, known=()):
        self._home = home
        self._log = log
        self._agent = set(process.pid for process in processes)
        self._services = {}
        self._named, self._known = [], []
        self.all = []
        if not os.path.isdir("/run/systemd/system"):
            return
        for process in processes:
            service, of_system = service_of(process.pid)
            if of_system:
                self._services[process.pid] = service
            elif service and not any(unit.name == service for unit in self.all):  # of a manager that we cannot ask
                self.all.append(_unknown(service, process.pid))
        self._known = [name for name in known if name and is_service(name)]
        units = self._show(sorted(set(services_to_ask() + self._known + list(self._services.values()))))
        self._named = [unit.name for unit in units if starts_agent(home, unit.exec_start)]
        self.all += [unit for unit in units if self._runs_agent(unit)]
        for unit in self.all:
            log.add("systemd: %s, main process %s, KillMode=%s, Restart=%s" % (
                unit, unit.main_pid or "unknown", unit.kill_mode, unit.restart))

    def of(self, process):
        """The service that runs an agent process, or None."""
        name = self._services.get(process.pid)
        return next((unit for unit in self.all if unit.name == name), None)

    def named(self, name):
        return next((unit for unit in self.all if unit.name == name), None)

    def sole_installed(self):
        """The one service that starts the agent of the home; None if there is none or more than one."""
        found = [unit for unit in self.all if unit.name in self._named]
        return found[0] if len(found) == 1 else None

    def to_stop(self, protect):
        """The services that Stop has to deal with, as two lists.

        systemd has to stop the first ones, so that it revives nothing and a later start works. The
        second ones need a Protection while the agent is stopped by pid. protect: whether they may have one;
        otherwise only one that an earlier run has left in place is used.

        Raises AgentError if systemd would undo the end of the agent, or end other processes with it.
        """
        found, endangered = [], []
        for unit in self.all:
            if unit.at_rest:
                continue
            foreign = self.foreign(unit)
            along = self._active(unit.stopped_along)
            others = foreign + along
            ours = unit.main_pid in self._agent
            bound = self._active(unit.bound) if ours else []
            if bound:
                raise _refusal(unit, "has %s bound to it, which systemd would stop together with the agent" % (
                    ", ".join(bound)))
            danger = None
            if ours and foreign and unit.takes_all:
                danger = "holds %s, too, and systemd would end them together with the agent" % ", ".join(foreign)
            elif others and self._is_revived(unit):
                danger = "would start it again (%s), and cannot be stopped because of %s" % (
                    _why_revived(unit), ", ".join(others))
            if danger or others and unit.has_drop_in:
                obstacle = self._obstacle(unit, foreign, along)
                if obstacle:
                    raise _refusal(unit, danger or "holds %s, too" % ", ".join(others), "take them apart: "
                                   "ocp_protect_unit cannot keep systemd from it, because %s" % obstacle)
                if os.geteuid() != 0 or not (protect or unit.has_drop_in):
                    raise _refusal(unit, danger or "holds %s, too" % ", ".join(others), PROTECT + (
                        "; or start them outside of the unit" if foreign else ""))
                endangered.append(unit)
                continue
            # systemd has no main process to wait for. It would go on counting the unit as active because of the
            # others: a start would start nothing, and a stop would end them.
            if protect and foreign and not along and unit.main_pid == 0 and os.geteuid() == 0 and not self._obstacle(
                    unit, foreign, along):
                endangered.append(unit)
                continue
            if not others and unit.active_state != UNKNOWN and os.geteuid() == 0:
                found.append(unit)
                continue
            if self._is_revived(unit):
                raise AgentError("not_permitted", "%s would start the agent again (%s), and only root may stop it: run "
                                 "with become (ansible_become: true)" % (unit.name, _why_revived(unit)))
            self._log.add("systemd: %s is left as it is: %s" % (
                unit, "it cannot be asked or told" if not others else "not without %s" % ", ".join(others)))
        return found, endangered

    def to_start(self, unit, protect):
        """How to start the agent through a service so that nothing else ends: BY_ITSELF, PROTECTED, or None.

        protect: whether a Protection may be used.
        """
        foreign = self.foreign(unit, patience=0)
        along = [] if unit.at_rest else self._active(unit.stopped_along)  # it has to be stopped first
        if along:
            self._log.add("systemd: %s is left as it is: not without %s" % (unit, ", ".join(along)))
            return None
        if not foreign:
            return BY_ITSELF
        obstacle = self._obstacle(unit, foreign, along) if protect else "ocp_protect_unit is not set"
        if obstacle:
            self._log.add("systemd: %s is left as it is, because it holds %s, and %s" % (
                unit.name, ", ".join(foreign), obstacle))
            return None
        return PROTECTED

    @staticmethod
    def _obstacle(unit, foreign, along):
        """Why a Protection of a service is not enough, or None."""
        if unit.active_state == UNKNOWN:
            return "systemd could not be asked about %s" % unit.name
        if unit.load_state != "loaded":
            return "systemd has no settings of it (%s)" % unit.load_state
        if foreign and unit.private_tmp:
            return "the end of the unit removes their /tmp (PrivateTmp)"
        if unit.followed_by:
            return "its end leads to %s" % ", ".join(unit.followed_by)
        if unit.waits_to_restart and along:
            return "only a stop of the unit ends its wait for a restart"
        return None

    def _is_revived(self, unit):
        """Whether a service, if not stopped, starts the agent again."""
        return unit.revives and (unit.waits_to_restart or bool(self._agent.intersection(_members(unit))))

    def stop(self, unit, seconds, meanwhile=None):
        """Stop a service through systemd. Returns whether systemd succeeded. The process table decides in the end."""
        self._log.add("systemctl stop %s" % unit.name)
        self._log.at("unit_stop", seconds, unit.name)
        return self._order("stop", unit, seconds, meanwhile)

    def start(self, unit, seconds):
        """Start a service through systemd. Returns whether systemd succeeded. The process table decides in the end."""
        self._log.add("systemctl start %s" % unit.name)
        self._log.at("unit_start", seconds, unit.name)
        return self._order("start", unit, seconds, None)

    def _order(self, verb, unit, seconds, meanwhile):
        ended = systemctl([verb, "--", unit.name], seconds, meanwhile)
        self._log.add("systemctl %s %s%s" % (verb, ended, "" if ended.status == 0 else ": " + ended.words()))
        return ended.status == 0

    def again(self, unit):
        """The service in its current state; None if systemd does not tell."""
        return next((found for found in self._show([unit.name]) if found.active_state != UNKNOWN), None)

    def is_agent(self, pid):
        """Whether it was the pid of an agent process at the last look."""
        return pid in self._agent

    def is_stopped_alone(self, unit):
        """Whether stopping a service stops no other one."""
        return not self._active(unit.stopped_along)

    def still_active(self):
        """The services that were active at first and still are."""
        names = [unit.name for unit in self.all if not unit.at_rest and unit.active_state != UNKNOWN]
        return [unit for unit in self._show(names) if not unit.at_rest]

    def foreign(self, unit, patience=FOREIGN_PATIENCE):
        """Texts about the processes of a service that are not the agent's.

        Short-lived commands of the agent get that many seconds to end.
        """
        until = uptime() + patience
        while True:
            found = self.others(unit)
            if not found or uptime() >= until:
                return ["%s (pid %d)" % (process.comm, pid) for pid, process in found]
            time.sleep(0.2)

    def others(self, unit):
        """The live processes of a service that are not the agent's: pairs of pid and Stat."""
        survey = Survey(self._home)
        survey.close()
        self._agent.update(process.pid for process in survey.processes)
        found = []
        for pid in _members(unit):
            process = stat_or_none(pid)
            if pid not in self._agent and process is not None and lives(pid, process) and not _is_control(
                    self._home, pid):
                found.append((pid, process))
        return found

    def _active(self, names):
        """Those of the services that are active; all of them where systemd does not tell."""
        try:
            return [unit.name for unit in _described(names) if not unit.at_rest]
        except SystemdError as exc:
            self._log.add("systemctl show %s" % exc)
            return names

    def _runs_agent(self, unit):
        if unit.load_state in ("not-found", "masked") and unit.at_rest:
            return False
        return unit.name in self._named + self._known or unit.main_pid in self._agent or (
            bool(self._agent.intersection(_members(unit))) and not self.others(unit))

    def _show(self, names):
        """The Units with these names. Where systemd does not tell, those of the agent's processes, as _unknown."""
        try:
            return _described(names)
        except SystemdError as exc:
            self._log.add("systemctl show %s" % exc)
            inside = dict((service, pid) for pid, service in self._services.items())
            return [_unknown(name, inside[name]) for name in names if name in inside]


def _described(names):
    """The Units with these names, each once, although it may have several. Raises SystemdError."""
    units = [Unit(shown) for shown in shown_of(sorted(set(names)), _SHOWN) if shown.get("Id")] if names else []
    return [unit for number, unit in enumerate(units) if unit.name not in [other.name for other in units[:number]]]


def _unknown(name, pid):
    """A service that cannot be queried, under the worst assumption: its main process is an agent process."""
    return Unit({"Id": name, "ActiveState": UNKNOWN, "ControlGroup": control_group(pid), "MainPID": pid,
                 "Restart": "no"})


def _why_revived(unit):
    return "Restart=%s" % unit.restart if unit.restart != "no" else "RestartForceExitStatus"


def _refusal(unit, what, way_out="take them apart"):
    return AgentError("foreign_in_unit", "nothing was signalled: the agent's service %s %s. Before you run this "
                      "again, %s" % (unit.name, what, way_out))


def service_of(pid):
    """The name of a process's service, or None, and whether it is the system's, not a user's."""
    group = control_group(pid)
    units = units_in(group)
    user = "/user@" in group.rpartition("/")[0]
    if not units or not is_service(units[-1]) or units[-1].startswith("user@"):
        return None, False
    return units[-1], not user


def _members(unit):
    """The pids in the control group of a service and below it, even after systemd has given up the group."""
    if unit.group in ("", "/"):
        return [pid for pid in pids() if service_of(pid) == (unit.name, True)]
    return [pid for pid in pids() if (control_group(pid) + "/").startswith(unit.group + "/")]


def _is_control(home, pid):
    """Whether a process is the control program of the home."""
    try:
        path = executable_of(pid)
        image = image_of("/proc/%d/exe" % pid)
        if is_interpreter(path):
            path = script_of(os.path.basename(path), arguments_of(pid), lambda: os.readlink("/proc/%d/cwd" % pid)) or ""
            image = image_of(path)
    except (IOError, OSError):
        return False
    return os.path.basename(path) in CONTROLS and (home.has_place(path) or image in home.images())
