# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Whether the agent runs as it should: the daemon, and each of its children, guarded by it and serving."""

import os

from .cause import as_printable
from .host import AgentError, as_text, read_regular, stat_or_none, uptime
from .process_clock import age_of
from .status import RUNNING, Status
from .survey import survey_home

STATUS_SECONDS = 5  # for the answer of a program, as long as the daemon waits for its children
NO_STATUS = ("gen1",)  # generations whose answers on a socket are not published
CLOSED = ("gen2",)  # generations whose answers are known only from their open sibling


class State(object):
    """The running processes of one generation at one moment.

    home: a Home. generation: an entry of GENERATIONS. until: a time of uptime() by which the programs have to answer.
    processes: the daemon (of several, the one with most of its children, or the one in its pid file) and its children,
    daemon first; empty without a daemon. unproven: as of a Survey. absent: names of the programs that do not run.
    lacking: texts about what is wrong, the same in each look as long as nothing changes.
    """

    def __init__(self, home, generation, until):
        survey = survey_home(home)
        survey.close()
        self.unproven = survey.unproven
        families = [self._family(daemon, survey.processes, generation["children"]) for daemon in survey.processes
                    if daemon.program == generation["daemon"]]
        families = [family for family in families if family[0].state() is not None]  # otherwise they are orphans
        self.processes = max(families, key=lambda family: (len(family), _named_by_its_file(home, family[0]))) if (
            families) else []
        running = [process.program for process in self.processes]
        self.absent = [name for name in (generation["daemon"],) + generation["children"] if name not in running]
        self._lacking = []  # pairs of a text and its process, or None
        for name in self.absent:
            if families:
                self._lack("%s does not run below %s" % (name, self.processes[0]), self.processes[0])
            else:
                self._lack("%s does not run" % name, None)
        for process in self.processes:
            if not _named_by_its_file(home, process):
                self._lack("%s is not named by its pid file" % process, process)
            if process.state() in ("T", "t"):
                self._lack("%s is frozen (SIGSTOP)" % process, process)
        if families:
            for process in self._besides(survey.processes):
                self._lack("%s runs besides, and is none of its daemon's" % process, process)
        if not self._lacking and generation["name"] not in NO_STATUS:
            self._ask(home, generation, until)

    @staticmethod
    def _family(daemon, processes, names):
        found = {}
        for process in processes:
            parent = stat_or_none(process.pid)
            if process.program in names and parent is not None and parent.parent == daemon.pid:
                found[process.program] = process
        return [daemon] + [found[name] for name in names if name in found]

    def _besides(self, processes):
        """The agent's processes outside this generation: another daemon with its children, orphans."""
        known = dict((process.pid, process) for process in self.processes)
        found = []
        for process in processes:
            parent = stat_or_none(process.pid)
            if process.pid in known or parent is None:
                continue
            forked = known.get(parent.parent)  # it shows its parent's image until it executes its command
            if forked is None or forked.program != process.program:
                found.append(process)
        return found

    def _ask(self, home, generation, until):
        """Ask the children, and then the daemon, which asks them itself and knows all programs that it has to start."""
        for process in self.processes[1:] + self.processes[:1]:
            if process is self.processes[0] and self._lacking:
                return
            status = Status(home, process, max(0.5, min(STATUS_SECONDS, until - uptime())))
            if status.problem and process.state() is None:
                self._lack("%s does not run any more" % process.program, None)
            elif status.problem and not (status.answers and generation["name"] in CLOSED):
                self._lack("%s does not serve: %s" % (process, status.problem), process)
            elif status.state not in (None, RUNNING):
                self._lack("%s says that it is %s" % (process, status.state), process)
            if process is self.processes[0] and status.told.get("ready") is False:
                self._lack("%s says that it is not ready%s" % (process, _services_not_running(status.told)), process)

    def _lack(self, text, process):
        self._lacking.append((text, process))

    @property
    def lacking(self):
        return [text for text, dummy in self._lacking]

    def explained(self):
        """What is lacking, and for how long, as one text."""
        return "; ".join(text if process is None else text + _since_its_start(process)
                         for text, process in self._lacking)

    @property
    def ready(self):
        return not self._lacking

    @property
    def keys(self):
        return [process.key for process in self.processes]

    def facts(self):
        return [process.facts() for process in self.processes]


def _since_its_start(process):
    age = age_of(process.start)
    return "" if age is None else " (started %d s ago)" % age


def _named_by_its_file(home, process):
    content = read_regular(os.path.join(home.run_of(process.program), process.program + ".pid"), limit=32)
    return content is not None and content.strip() == str(process.pid).encode("ascii")


def _services_not_running(told):
    """The services in a daemon's answer that keep it from being ready."""
    services = told.get("services")
    services = sorted(services.items()) if isinstance(services, dict) else []
    found = ["%s is %s" % (as_printable(name, 64), as_printable(service.get("state"), 64)) for name, service in services
             if isinstance(service, dict) and service.get("state") != RUNNING]
    return ": %s" % ", ".join(found[:10]) if found else ""


def refuse_unproven(unproven):
    """Raise AgentError if another process may be this agent, too, since two running agents are not a started one.

    unproven: as of a Survey.
    """
    if unproven:
        raise AgentError("not_ready", "cannot tell whether another agent of this home runs: %s. It was left alone: "
                         "look at it, stop it by hand, and run again" % "; ".join(unproven))


def where_to_look(home):
    return "look into %s" % as_text(" and ".join([os.path.join(home.given, "log")] + home.folders.logs[1:]))
