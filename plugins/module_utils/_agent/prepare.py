# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""Prepare: could the operation work on this host? Changes nothing."""

from .drop_in import path_of_drop_in
from .lock import AdminLock
from .ran_as import how_it_runs, ran_as
from .run_files import unseen_listeners
from .services import units_of
from .survey import survey_installed


def prepare_stopped(request):
    """Prove that there is an agent, that this user may signal it, that its end ends no other process, and that no
    control program is at work on it."""
    AdminLock(request).check()  # the look comes after what a control program is doing now
    survey, generations, units, dummy, endangered = plan_of_stop(request)
    for unit in endangered:
        request.log.add("systemd: %s would be protected by %s" % (unit.name, path_of_drop_in(unit.name)))
    return {
        "changed": False,
        "generations": generations,
        "processes": [process.facts() for process in survey.processes],
        "ran_as": ran_as(request.home, survey.processes, units, how_it_runs(survey.processes)),
        "warnings": survey.unproven + unseen_listeners(request.home, survey),
    }


def plan_of_stop(request):
    """The objects of a stop now: Survey, names of the generations installed, Units, and the two lists of to_stop.

    Raises AgentError where it would refuse to.
    """
    survey, generations = survey_installed(request.home)
    request.log.found(survey.processes)
    try:
        for process in survey.processes:
            process.send(0)
    finally:
        survey.close()
    units = units_of(request, survey.processes)
    through, endangered = units.to_stop(request.protect_unit)
    return survey, generations, units, through, endangered
