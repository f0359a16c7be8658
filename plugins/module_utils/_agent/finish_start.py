# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Finish of an operation that ends with a running agent."""

import os
import time

from .control import generation_to_run
from .host import AgentError, uptime
from .left_over import has_left_over, remove_left_over
from .memory import forget
from .ready import State, refuse_unproven, where_to_look
from .request import SETTLE
from .session import end_with_session, session_of
from .survey import survey_installed


def finish_running(request):
    """Prove that the daemon guards every child, and that none was restarted within the settle time."""
    survey, dummy = survey_installed(request.home)
    survey.close()
    generation, dummy = generation_to_run(request, survey.processes)
    state = first = State(request.home, generation, request.deadline)
    request.log.found(first.processes)
    if request.check_mode:
        if request.ready_at is None:  # no Start would run before this, so missing processes would still be missing
            _prove_ready(request, first, state)
    else:
        settled = request.settled_at(request.ready_at)
        if has_left_over(request):  # the killed run may have signalled the daemon just now, which would end soon
            settled = max(settled, uptime() + SETTLE)
        request.log.at("settle", settled - uptime())
        while True:
            _prove_ready(request, first, state)
            now = uptime()
            if now >= settled:
                break
            if now >= request.deadline:
                raise AgentError("deadline", "the settle time of %s s does not fit into the timeout" % request.settle,
                                 processes=state.facts())
            time.sleep(min(0.5, settled - now))
            state = State(request.home, generation, request.deadline)
        forget(request.home)  # the running agent itself is the record from now on
        request.log.add("the agent is ready and has stayed so")
    left_over, warnings = remove_left_over(request)
    return {"changed": left_over, "removed": [], "processes": state.facts(),
            "warnings": warnings + (_prove_outlives(state) if state.processes else [])}


def _prove_outlives(state):
    """Raise AgentError if the agent would end with our own login session. Return a warning if with another one.

    The connection, and with it our session, may last until the end of the task.
    """
    daemon = state.processes[0]
    ending = end_with_session(daemon.pid)
    if ending and session_of(daemon.pid) == session_of(os.getpid()):
        raise AgentError("not_ready", "the agent runs in %s: start it by a systemd service" % ending,
                         processes=state.facts())
    return ["the agent runs in %s" % ending] if ending else []


def _prove_ready(request, first, state):
    look = where_to_look(request.home)
    refuse_unproven(state.unproven)
    if not state.ready:
        raise AgentError("not_ready", "the agent is not as it should be: %s. %s, then restart the agent" % (
            state.explained(), look.capitalize()), processes=state.facts())
    new = [process for process in state.processes if process.key not in first.keys
           or request.ready_at is not None and process.began_after(request.ready_at)]
    if new:
        raise AgentError("not_ready", "%s did not stay: started again since Start. %s" % (
            ", ".join(map(str, new)), look.capitalize()), processes=state.facts())
