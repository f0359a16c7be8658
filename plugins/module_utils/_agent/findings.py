# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Findings: what is odd about the agent of a host, and what a stop would do about it."""

import os

from .drop_in import path_of_drop_in, services_with_drop_in
from .home import GENERATIONS, GENERIC, PROGRAM_FOLDERS, image_of, pid_in
from .host import AgentError, as_text, read_regular, stat_or_none
from .identity import Judge, Look
from .lock import LOCK_WAIT, holder_as_text
from .log import shortened
from .run_files import stale_files, unseen_listeners
from .scripts import is_interpreter

MOST_FINDINGS = 100  # of one host
_TEXT = 1000  # characters of one
_ENDED = "a stop ends it with the agent"
_ALONE = "a stop leaves it alone"
_REFUSES = "a stop fails before it signals anybody"
_FINISH_FAILS = "a stop leaves it alone, and its Finish fails as long as it is there"


class Findings(object):
    """The odd things of one host, in the order in which they are looked for.

    home: a Home. survey: a Survey of it, closed. units: its Units.
    found: dicts of C(kind), a word, C(text), what it is, and C(stop), what a stop would do about it.
    """

    def __init__(self, home, survey, units):
        self.found = []
        self._home = home
        self._survey = survey
        self._units = units
        self._pids = dict((process.pid, process) for process in survey.processes)

    def _add(self, kind, text, stop):
        entry = {"kind": kind, "text": shortened(text, _TEXT), "stop": shortened(stop, _TEXT)}
        if entry not in self.found and len(self.found) < MOST_FINDINGS:
            self.found.append(entry)

    def attempt(self, function, *arguments):
        """The result of the function; None, and a finding, where it may not do its work."""
        try:
            return function(*arguments)
        except AgentError as exc:
            self.of_refusal(exc)
            return None

    def of_refusal(self, exc):
        """An AgentError that would keep a stop from its work."""
        if exc.reason != "foreign_in_unit":  # of_units names them
            self._add(exc.reason, exc.args[0], _REFUSES)

    def of_lock(self, lock):
        """The agent's lock, an AdminLock. Returns its holder; None without one, and where that cannot be told."""
        try:
            holder = lock.holder()
        except AgentError as exc:
            self.of_refusal(exc)
            return None
        shown = as_text(lock.path)
        if holder is not None:
            self._add("locked", "%s is held by %s" % (shown, holder_as_text(holder)), "a stop waits for it, %d s at "
                      "most, and then fails before it signals anybody" % LOCK_WAIT)
        elif os.path.lexists(lock.path):
            self._add("stale_lock", "%s has no living owner" % shown, "a stop replaces it by its own")
        return holder

    def of_readiness(self, state):
        """An agent that runs and is not as it should be. state: a State. Of one without a daemon orphans tell all."""
        if state.processes and not state.ready:
            self._add("not_ready", state.explained(), "a stop works all the same")

    def of_processes(self):
        """Agent processes that should not be there, or not so."""
        counted, orphans = {}, []
        for process in self._survey.processes:
            parent = stat_or_none(process.pid)
            parent = self._pids.get(parent.parent) if parent is not None else None
            if parent is not None and parent.program == process.program:
                continue  # it shows the image of its parent until it becomes the command that it runs
            counted.setdefault(process.program, []).append(process)
            if parent is None and not process.is_daemon:
                orphans.append(process)
            self._of_image(process)
        if orphans:
            self._add("orphan", "without a daemon above: %s" % ", ".join(map(str, orphans)), "a stop ends what is left "
                      "like this by SIGTERM, and by SIGKILL after the grace")
        twice = ["%s as pid %s" % (program, " and ".join(str(process.pid) for process in counted[program]))
                 for program in sorted(counted) if len(counted[program]) > 1]
        if twice:
            self._add("second_agent", "runs more than once: %s" % ", ".join(twice), "a stop ends all of them")
        names = [generation["name"] for generation in GENERATIONS
                 if any(child in counted for child in generation["children"])]
        if len(names) > 1:
            self._add("second_generation", "programs of %s run side by side" % " and ".join(names),
                      "a stop ends all of them")
        for text in self._survey.unproven:
            self._add("unproven", text, _FINISH_FAILS)

    def _of_image(self, process):
        path = process.path
        if path is None or is_interpreter(process.executable):
            return
        runs = image_of("/proc/%d/exe" % process.pid)
        if runs is not None and image_of(path) != runs:
            self._add("replaced", "%s runs %s, which was replaced or removed since its start" % (
                process, as_text(path)), _ENDED)
        elif not process.placed:
            self._add("outside_home", "%s runs %s, which is not where %s has its programs" % (
                process, as_text(path), as_text(self._home.given)), _ENDED)

    def of_others(self):
        """Processes with an agent's name that belong to another home."""
        judge, by_home = Judge(self._home), {}
        for process in self._survey.others:
            by_home.setdefault(_home_of(judge, process), []).append(process)
        for folder in sorted(by_home):
            if all(process.program in GENERIC for process in by_home[folder]):
                continue
            self._add("other_home", "an agent of %s runs, too: %s" % (as_text(folder), ", ".join(
                "%s of user %s" % (process, process.user) for process in by_home[folder])),
                "%s; if it is the one that is meant, set ocp_agent_home=%s" % (_ALONE, as_text(folder)))

    def of_units(self, plan):
        """Other processes in the services of systemd that run the agent. plan: what a stop would do."""
        for unit in self._units.all:
            others = [] if unit.at_rest else ["%s (pid %d)" % (found.comm, pid)
                                              for pid, found in self._units.others(unit)]
            if others:
                stop = _REFUSES + ": " + plan["text"] if plan["reason"] == "foreign_in_unit" else (
                    "a stop leaves it alone, by pid instead of through %s" % unit.name)
                self._add("foreign_in_unit", "%s holds %s, too" % (unit.name, ", ".join(others)), stop)
        if plan["reason"] == "foreign_in_unit" and not any(
                entry["kind"] == "foreign_in_unit" for entry in self.found):
            self._add("foreign_in_unit", plan["text"], _REFUSES)
        for name in services_with_drop_in(as_text(self._home.path)):
            self._add("left_over", "%s is there: of a run that is at work, or that was cut short" % (
                path_of_drop_in(name)), "a stop removes it when it is done")

    def of_run_folder(self):
        """Sockets and pid files in run/ that do not fit the processes."""
        for text in self.attempt(unseen_listeners, self._home, self._survey) or ():
            self._add("unseen_listener", text, _FINISH_FAILS)
        stale = self.attempt(stale_files, self._home, self._survey) or ()
        for program, name in self.attempt(self._home.run_files) or ():
            if not name.endswith(".pid") or os.path.basename(name).count(".") != 1:
                continue  # a socket, or what a restart keeps of the daemon before
            wrong = self._wrong_with(program, name)
            if wrong is not None:
                self._add("pid_file", "%s %s" % (as_text(os.path.join(self._home.run, name)), wrong), "a stop signals "
                          "nobody because of it%s" % (", and its Finish removes it" if name in stale else ""))

    def _wrong_with(self, program, name):
        """What is wrong with a pid file, as a text; None where it names its program."""
        try:
            named = pid_in(read_regular(os.path.join(self._home.run, name), limit=32))
        except (IOError, OSError):
            return "cannot be read"
        if named is None:
            return "names nobody"
        ours = self._pids.get(named)
        if named in self._survey.suspects:
            return None
        if ours is not None:
            return None if ours.program == program else "names %s" % ours
        try:
            other = stat_or_none(named)
        except (IOError, OSError):
            return "names pid %d, which this user may not look at" % named
        return "names pid %d, which %s" % (
            named, "does not run" if other is None else "is %s and not this agent" % other.comm)


def _home_of(judge, process):
    """The home of a process of another agent, by its arguments and working directory, else by its program's place."""
    look = Look(process.pid, process.uid, process.program, process.path, None)
    try:
        said = judge.homes_said(look) if process.path is not None else []
    except (IOError, OSError):
        said = []
    folders = [home.given for home in said] + [os.path.dirname(process.path or "/unknown/x")]
    for folder in folders:
        if os.path.basename(folder) not in PROGRAM_FOLDERS:
            return folder
    return os.path.dirname(folders[-1])
