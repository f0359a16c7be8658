# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""How an agent runs, so that a later start can bring back just that."""

from .attributes import as_words, attributes_of, environment_of
from .home import generation_of
from .host import as_text


def how_it_runs(processes, ionice=False):
    """Attributes and environment of the daemon, as of attributes_of and environment_of; None for no processes.

    ionice: as of attributes_of.
    """
    if not processes:
        return None
    pid = processes[0].pid  # daemons come first
    return attributes_of(pid, ionice), environment_of(pid)


def ran_as(home, processes, units, runs):
    """How the agent runs: what a later Start needs to bring back just that. None when nothing runs.

    runs: as of how_it_runs.
    """
    if not processes:
        return None
    first = processes[0]
    unit = units.of(first)
    attributes, environment = runs
    return {
        "generation": generation_of(home, processes),
        "user": first.user,
        "unit": unit.name if unit else None,
        "programs": [process.program for process in processes],
        "attributes": as_words(dict(attributes, environment=",".join(sorted(map(as_text, environment or ()))))),
    }
