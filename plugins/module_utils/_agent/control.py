# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""The vendor's control program: its path, its user, and its answers."""

import os
import sys

from .command import Account, run_command
from .home import GENERATIONS, generation_of
from .host import AgentError, as_text, read_regular, user_name


def generation_to_run(request, processes):
    """The installed generation to run: the one that ran, or runs, or the newest.

    request: a Request. processes: the agent's current ones. Returns an entry of GENERATIONS and the path of its control
    program. Raises AgentError if there is none.
    """
    home = request.home
    paths = dict((generation["name"], home.find(generation["control"])) for generation in GENERATIONS)
    running = generation_of(home, processes) if any(process.is_daemon for process in processes) else None
    for name in (request.ran_as.get("generation"), running, "gen2", "gen1", "obagent"):
        if paths.get(name):
            return next(generation for generation in GENERATIONS if generation["name"] == name), paths[name]
    raise AgentError("not_installed", "%s has no control program (%s): install the agent again, or set ocp_agent_home "
                     "to its home" % (as_text(home.given), ", ".join(
                         generation["control"] for generation in GENERATIONS)))


class Control(object):
    """The control program that starts the agent of a home.

    request, processes: as for generation_to_run. former: how the agent ran before, a Former or None. generation: an
    entry of GENERATIONS. path: of the program. user: name of the program's user. account: user and group id of that
    user; None for root.

    Raises AgentError if there is no control program, or if we may not run it as that user.
    """

    def __init__(self, request, processes, former):
        self._home = request.home
        self._log = request.log
        self.generation, self.path = generation_to_run(request, processes)
        self._command = self._interpreter() + [self.path]
        ours = user_name(os.geteuid())
        self.user = request.ran_as.get("user") or (
            user_name(os.stat(self._home.path).st_uid) if self.generation["name"] == "obagent" else ours)
        if self.user != ours and os.geteuid() != 0:
            raise AgentError("not_permitted", "the agent runs as %s, and the user %s may not start it: run with become "
                             "(ansible_become: true)" % (as_text(self.user), ours))
        self._become = former if former is not None and former.is_of(self.user) else Account(self.user, self._home.path)
        self.account = (self._become.uid, self._become.gid) if self._become.uid != 0 else None

    def _interpreter(self):
        """The command before the program: empty, or the interpreter of a script that is not executable."""
        if os.access(self.path, os.X_OK):
            return []
        if not self.path.endswith(".py"):
            raise AgentError("control_failed", "%s is not executable for the user %s: chmod +x it, or install the "
                             "agent again" % (as_text(self.path), user_name(os.geteuid())))
        first = (read_regular(self.path, limit=1048576) or b"").split(b"\n", 1)[0]
        return first[2:].decode("utf-8", "replace").split() if first.startswith(b"#!/") else [sys.executable]

    def start(self, seconds):
        """Start the agent. Returns a text about the failure, or None. The process table decides in the end.

        The program takes run/admin.lock itself, so this program must not hold it now.
        """
        command = "%s start" % as_text(self.path)
        self._log.add("running %s as %s" % (command, as_text(self.user)))
        ended = run_command(self._command + ["start"], seconds, self._become, self._home.path)
        told = "%s %s and said: %s" % (command, ended, _error(ended))
        self._log.add(told)
        return None if ended.status == 0 else told


def _error(ended):
    """The program's message. Success is JSON on standard output, failure has the same keys on standard error."""
    import json  # pylint: disable=import-outside-toplevel; slow, and only a start needs it

    for said in (ended.errors, ended.output):
        try:
            answer = json.loads(said.strip().splitlines()[-1])
            return as_text(answer["error"] or answer["message"])
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            continue
    return ended.words()
