# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Whether the agent runs as it should: the daemon and each of its children, guarded by it."""

import os

from ._agent_host import as_text, read_regular, stat_or_none
from ._agent_survey import survey_home


class State(object):
    """What runs of one generation at one moment.

    generation: an entry of GENERATIONS. processes: the daemon (of several, the one with most of its children, or that
    its pid file names) and its children, daemon first; empty without a daemon. absent: names of the programs that do
    not run. lacking: texts about what is not as it should be.
    """

    def __init__(self, home, generation):
        survey = survey_home(home)
        survey.close()
        families = [self._family(daemon, survey.processes, generation["children"]) for daemon in survey.processes
                    if daemon.program == generation["daemon"]]
        self.processes = max(families, key=lambda family: (len(family), _named_by_its_file(home, family[0]))) if (
            families) else []
        running = [process.program for process in self.processes]
        self.absent = [name for name in (generation["daemon"],) + generation["children"] if name not in running]
        self.lacking = ["%s does not run" % name for name in self.absent]
        if families:
            self.lacking = ["%s does not run below %s" % (name, self.processes[0]) for name in self.absent]
        self.lacking += ["%s is not named by its pid file" % process for process in self.processes
                         if not _named_by_its_file(home, process)]
        self.lacking += ["%s is frozen (SIGSTOP)" % process for process in self.processes
                         if process.state() in ("T", "t")]

    @staticmethod
    def _family(daemon, processes, names):
        found = {}
        for process in processes:
            parent = stat_or_none(process.pid)
            if process.program in names and parent is not None and parent.parent == daemon.pid:
                found[process.program] = process
        return [daemon] + [found[name] for name in names if name in found]

    @property
    def ready(self):
        return not self.lacking

    @property
    def keys(self):
        return [process.key for process in self.processes]

    def facts(self):
        return [process.facts() for process in self.processes]


def _named_by_its_file(home, process):
    content = read_regular(os.path.join(home.run, process.program + ".pid"), limit=32)
    return content is not None and content.strip() == str(process.pid).encode("ascii")


def where_to_look(home):
    return "look into %s" % as_text(os.path.join(home.given, "log"))
