# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Finish of an operation that ends with a stopped agent."""

import errno
import os
import stat
import time

from ._agent_host import DENIED, GONE, AgentError, no_access, uptime
from ._agent_lock import AdminLock
from ._agent_survey import origin_of, revived, survey_home

SETTLE_LOOK = 1.0  # seconds, as the daemon does: what it starts again is there from then on


def finish_stopped(request):
    """Prove that nothing is left and that nothing comes back; then clear what the dead left in run/."""
    lock = AdminLock(request.home, request.log)
    if request.check_mode:
        lock.check()
        files = _stale_files(request.home)
        return {"changed": bool(files), "removed": files, "processes": [], "warnings": []}
    settled = (request.stopped_at if request.stopped_at is not None else uptime()) + request.settle
    while True:
        _prove_stopped(request)
        now = uptime()
        if now >= settled:
            break
        if now >= request.deadline:
            raise AgentError("deadline", "the settle time of %s s does not fit into the timeout" % request.settle)
        time.sleep(min(SETTLE_LOOK, settled - now))
    request.log.add("nothing of the agent runs, and nothing came back")
    if not os.path.lexists(lock.path) and not _stale_files(request.home):
        return {"changed": False, "removed": [], "processes": [], "warnings": []}
    stale_lock = os.path.lexists(lock.path)
    with lock:  # nobody can start the agent between this last look and the removal
        _prove_stopped(request)
        removed, warnings = [], []
        for name in _stale_files(request.home):
            try:
                os.unlink(os.path.join(request.home.run, name))
                removed.append(name)
                request.log.add("removed %s" % name)
            except OSError as exc:
                if exc.errno in DENIED:
                    raise no_access(lock.path)
                if exc.errno == errno.EROFS:  # the agent is stopped all the same
                    warnings.append("%s was left: %s" % (name, exc.strerror))
                elif exc.errno not in GONE:
                    raise
    if stale_lock and lock.warning is None:
        removed.append("admin.lock")
    return {"changed": bool(removed), "removed": removed, "processes": [],
            "warnings": warnings + ([lock.warning] if lock.warning else [])}


def _prove_stopped(request):
    survey = survey_home(request.home)
    survey.close()
    if survey.processes:
        request.log.found(survey.processes)
        first, facts = survey.processes[0], [process.facts() for process in survey.processes]
        if request.stopped_at is not None and first.began_after(request.stopped_at):
            raise revived("came back after Stop", survey.processes, facts)
        raise AgentError("still_running", "still running: %s; %s; run the stop again" % (
            ", ".join(map(str, survey.processes)), origin_of(first)), processes=facts)
    if survey.unproven:
        raise AgentError("still_running", "cannot tell whether the agent is stopped: %s. It was left alone: look at it "
                         "and stop it by hand" % "; ".join(survey.unproven))


def _stale_files(home):
    """Names in run/ that the agent's programs make, of the kinds that they make; nothing else is ever removed."""
    kinds = {"pid": stat.S_ISREG, "sock": stat.S_ISSOCK}
    found = []
    for dummy, name in home.run_files():
        try:
            if kinds[name.rsplit(".", 1)[1]](os.lstat(os.path.join(home.run, name)).st_mode):
                found.append(name)
        except OSError as exc:
            if exc.errno not in GONE:
                raise
    return found
