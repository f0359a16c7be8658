# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Restarts pos_proxy, as OCP does before it restarts an agent of the first generation."""

import time

from .host import AgentError, Interrupted, uptime
from .lock import AdminLock
from .lock_owner import account_of_processes
from .stopping import Stopping
from .survey import survey_installed

PROGRAM = "pos_proxy"
REVIVED = 3  # seconds: the daemon looks every second, and does not restart a child that ended with 0


def restart_pos_proxy(request):
    """End pos_proxy, if it runs, and let the daemon restart it. It may stay down, since Stop and Start follow."""
    survey, dummy = survey_installed(request.home)
    survey.close()
    lock = AdminLock(request, account_of_processes(survey.processes))
    found = [process for process in survey.processes if process.program == PROGRAM]
    if request.check_mode or not found:
        lock.check()
        request.log.found(found)
        planned = [dict(process.facts(), signal="SIGTERM", seconds=None) for process in found]
        return {"changed": bool(planned), "processes": planned, "warnings": []}
    stopping = Stopping(request)
    try:
        with lock:
            old = [process for process in stopping.look() if process.program == PROGRAM]
            stopping.terminate(old, request.grace)
            _wait_for_another(request, stopping)
    except AgentError as exc:
        exc.facts = dict({"processes": _facts(stopping), "changed": stopping.signalled}, **exc.facts)
        raise
    except Interrupted as exc:
        raise AgentError(exc.reason, "the restart of %s %s: run it again" % (PROGRAM, exc), processes=_facts(stopping),
                         changed=stopping.signalled)
    return {"changed": True, "processes": [facts for facts in _facts(stopping) if facts["signal"]],
            "warnings": [lock.warning] if lock.warning else []}


def _facts(stopping):
    return [facts for facts in stopping.facts() if facts["program"] == PROGRAM]


def _wait_for_another(request, stopping):
    until = request.within(REVIVED, 0.5)
    while uptime() < until:
        if any(process.program == PROGRAM and not process.signal for process in stopping.look()):
            request.log.add("the daemon has started %s again" % PROGRAM)
            return
        time.sleep(0.1)
    request.log.add("the daemon has not started %s again" % PROGRAM)
