# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""How an agent runs, for whoever has to bring it back to that."""

from .home import generation_of


def ran_as(home, processes, units):
    """How the agent runs: what a later Start needs to bring back just that. None when nothing runs."""
    if not processes:
        return None
    first = processes[0]  # daemons come first
    unit = units.of(first)
    return {
        "generation": generation_of(home, processes),
        "user": first.user,
        "unit": unit.name if unit else None,
        "programs": [process.program for process in processes],
    }
