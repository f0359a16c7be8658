# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Clears the way for a start: remains of a crash would keep the daemon or a child from starting."""

import os

from .host import AgentError
from .lock import AdminLock
from .run_files import remove_stale, stale_files
from .stop import stop
from .survey import survey_home


def clear_for_start(request, account):
    """End the orphans of a dead daemon, and remove stale pid, socket and lock files.

    request: a Request to start. account: user and group id of the agent, for an AdminLock. No daemon
    of the home runs. Returns whether anything was changed, or would be in check mode, and warnings.
    """
    survey = _look(request)
    orphans, warnings = survey.processes, []
    lock = AdminLock(request, account)
    if request.check_mode:
        names = stale_files(request.home, survey) + (["admin.lock"] if os.path.lexists(lock.path) else [])
        for text in ["end %s, which its daemon has left" % process for process in orphans] + [
                "remove %s" % name for name in names]:
            request.log.add("would %s" % text)
        return bool(orphans or names), warnings
    if orphans:
        request.log.add("no daemon runs: %s first" % " and ".join("ending %s" % process for process in orphans))
        warnings += _end_orphans(request)
        survey = _look(request)
    removed = []
    if os.path.lexists(lock.path) or stale_files(request.home, survey):
        with lock:  # nobody can start the agent between this look and the removal
            survey = _look(request)
            if not survey.processes:  # otherwise the agent was started meanwhile
                removed, left = remove_stale(request.home, survey, request.log)
                warnings += left
        warnings += [lock.warning] if lock.warning else []
    return bool(orphans or removed), warnings


def _look(request):
    survey = survey_home(request.home)
    survey.close()
    return survey


def _end_orphans(request):
    """Stop the orphans as a stop does. Returns its warnings."""
    try:
        return stop(request)["warnings"]
    except AgentError as exc:
        exc.facts.pop("ran_as", None)  # the state of orphans is not to be restored
        exc.args = ("the agent was not started, because what a daemon has left could not be ended: %s" % exc.args[0],)
        raise
