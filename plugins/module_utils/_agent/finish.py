# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Finish of an operation that ends with a stopped agent."""

import os
import time

from .host import AgentError, uptime
from .lock import AdminLock
from .left_over import remove_left_over
from .run_files import remove_stale, stale_files, unseen_listeners
from .survey import origin_of, revived, survey_home

SETTLE_LOOK = 1.0  # seconds, the interval of the daemon, which may restart a child in each look


def finish_stopped(request):
    """Prove that nothing is left and nothing comes back. Then remove stale files from run/."""
    lock = AdminLock(request)
    if request.check_mode:
        lock.check()
        if request.stopped_at is None:  # no Stop would run before this, so running processes would still run
            survey = _prove_stopped(request)
        else:
            survey = survey_home(request.home)
            survey.close()
        files = stale_files(request.home, survey)
        left_over, warnings = remove_left_over(request)
        return {"changed": bool(files) or left_over, "removed": files, "processes": [], "warnings": warnings}
    settled = request.settled_at(request.stopped_at)
    request.log.at("settle", settled - uptime())
    while True:
        survey = _prove_stopped(request)
        now = uptime()
        if now >= settled:
            break
        if now >= request.deadline:
            raise AgentError("deadline", "the settle time of %s s does not fit into the timeout" % request.settle)
        time.sleep(min(SETTLE_LOOK, settled - now))
    request.log.add("nothing of the agent runs, and nothing came back")
    left_over, warnings = remove_left_over(request)
    stale_lock = os.path.lexists(lock.path)
    if not stale_lock and not stale_files(request.home, survey):
        return {"changed": left_over, "removed": [], "processes": [], "warnings": warnings}
    with lock:  # nobody can start the agent between this last look and the removal
        removed, left = remove_stale(request.home, _prove_stopped(request), request.log)
    if stale_lock and lock.warning is None:
        removed.append("admin.lock")
    return {"changed": bool(removed) or left_over, "removed": removed, "processes": [],
            "warnings": warnings + left + ([lock.warning] if lock.warning else [])}


def _prove_stopped(request):
    """Raise AgentError unless nothing of the agent runs. Returns the Survey that proves it."""
    survey = survey_home(request.home)
    survey.close()
    if survey.processes:
        request.log.found(survey.processes)
        first, facts = survey.processes[0], [process.facts() for process in survey.processes]
        if request.stopped_at is not None and first.began_after(request.stopped_at):
            raise revived("came back after Stop", survey.processes, facts)
        raise AgentError("still_running", "still running: %s; %s; run the stop again" % (
            ", ".join(map(str, survey.processes)), origin_of(first)), processes=facts)
    doubts = survey.unproven + unseen_listeners(request.home, survey)
    if doubts:
        raise AgentError("still_running", "cannot tell whether the agent is stopped: %s. It was left alone: look at it "
                         "and stop it by hand" % "; ".join(doubts))
    return survey
