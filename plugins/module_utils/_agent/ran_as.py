# Copyright (c) 2026, OceanBase OCP collection contributors
# Simplified BSD License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

# Private to this collection: not for import by others.

"""How an agent runs, for whoever has to bring it back to that."""

from .attributes import as_words, attributes_of, environment_of
from .home import generation_of
from .host import as_text


def ran_as(home, processes, units):
    """How the agent runs: what a later Start needs to bring back just that. None when nothing runs."""
    if not processes:
        return None
    first = processes[0]  # daemons come first
    unit = units.of(first)
    attributes = attributes_of(first.pid)
    attributes["environment"] = ",".join(sorted(as_text(name) for name in environment_of(first.pid) or ()))
    return {
        "generation": generation_of(home, processes),
        "user": first.user,
        "unit": unit.name if unit else None,
        "programs": [process.program for process in processes],
        "attributes": as_words(attributes),
    }
