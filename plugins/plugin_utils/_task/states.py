# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""States of hosts and agents in which OCP refuses an operation."""

from __future__ import annotations

import typing as t

from .errors import AGENT_STATE, HOST_STATE, OcpError, join, sub_error
from .host_ids import Target

# OCP is about to remove the host, or is installing another agent. OFFLINE is no obstacle but a reason to stop an agent.
_REFUSED = (("ocp_host_status", "DELETING", HOST_STATE), ("ocp_agent_status", "REINSTALLING", AGENT_STATE))


def check(targets: t.Sequence[Target], states: t.Callable[[str], t.Mapping[str, t.Any]]) -> None:
    """Refuse targets that OCP would refuse.

    states: gives the inventory variables of a host by its name. A host without a state is not refused. Raises OcpError
    (409) that names all refused hosts.
    """
    known = [(target, states(target.host)) for target in targets]
    for variable, state, code in _REFUSED:
        refused = [target for target, values in known if values.get(variable) == state]
        if refused:
            raise OcpError(
                code,
                f"{variable} is {state}: {join(refused)}. Wait for it to end, or force with ocp_force",
                [sub_error("hostIds", target.host_id, f"is {state}") for target in refused],
            )
