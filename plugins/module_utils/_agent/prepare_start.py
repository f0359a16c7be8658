# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Prepare of an operation that ends with a running agent. Changes nothing."""

from .control import Control
from .former import recall
from .host import as_text
from .lock import AdminLock
from .prepare import prepare_stopped
from .ran_as import how_it_runs, ran_as
from .ready import refuse_unproven
from .run_files import unseen_listeners
from .session import refuse_to_start_in_session
from .survey import survey_installed
from .units import Units


def prepare_running(request):
    """Prove that there is a control program, that we may run it as the agent's user, that none is at work, and that no
    other process may be the agent."""
    AdminLock(request).check()  # the look comes after what a control program is doing now
    survey, generations = survey_installed(request.home)
    survey.close()
    request.log.found(survey.processes)
    refuse_unproven(survey.unproven)
    if not survey.processes:
        refuse_to_start_in_session()
    former, warnings = recall(request)
    control = Control(request, survey.processes, former)
    request.log.add("%s could start the agent as %s" % (as_text(control.path), as_text(control.user)))
    return {
        "changed": False,
        "generations": generations,
        "processes": [process.facts() for process in survey.processes],
        "ran_as": ran_as(request.home, survey.processes, Units(request.home, request.log, survey.processes),
                         how_it_runs(survey.processes)),
        "warnings": warnings + unseen_listeners(request.home, survey),
    }


def prepare_restarted(request):
    """Prove that the agent could be stopped, and started after that."""
    refuse_to_start_in_session()
    prepare_running(request)
    return prepare_stopped(request)
