# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The states of hosts and agents that OCP refuses an operation for."""

from __future__ import annotations

import typing as t

from .errors import AGENT_STATE, HOST_STATE, OcpError, join
from .host_ids import Target

# OCP is about to take the host away, or is putting another agent on it. OFFLINE is no obstacle: it is a reason.
_REFUSED = (("ocp_host_status", "DELETING", HOST_STATE), ("ocp_agent_status", "REINSTALLING", AGENT_STATE))
VARIABLES = tuple(variable for variable, _state, _code in _REFUSED)


def check(targets: t.Sequence[Target], states: t.Callable[[str], t.Mapping[str, t.Any]]) -> None:
    """Refuse targets that OCP would refuse.

    states: gives the inventory variables of a host by its name; those without a state are not refused.
    Raises OcpError (409) that names all hosts in the state.
    """
    known = [(target, states(target.host)) for target in targets]
    for variable, state, code in _REFUSED:
        refused = [target for target, values in known if values.get(variable) == state]
        if refused:
            raise OcpError(
                code,
                f"{variable} is {state}: {join(refused)}. Wait for it to end, or force with ocp_force",
                [
                    {"object": "request", "field": "hostIds", "rejectedValue": target.host_id, "message": f"is {state}"}
                    for target in refused
                ],
            )
