# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The variables that plays hand on to each other, and to roles: a request must not come with one of them.

An extra variable wins over what a task registers or a play sets. One with such a name would be taken for the answer to
the request, for the results of hosts, or for what a phase has to prove.
"""

from __future__ import annotations

import typing as t

from .._task.errors import INVALID, OcpError, join
from .._task.operation import PHASES

if t.TYPE_CHECKING:  # not for the HTTP service, which asks for the names alone
    from ansible.playbook.task import Task as AnsibleTask

# What plays register or set, and give to roles.
NAMES = frozenset(
    {
        "hand_in_result",
        "ocp_cancelled",
        "ocp_fan_outs",
        "ocp_phase_goal",
        "ocp_phase_timeout",
        "ocp_pruned",
        "ocp_run",
        "ocp_status",
        "ocp_status_report",
        "ocp_status_rest",
        "agent_info_result",
        "phase_name",
        "report_result",
        "waves_result",
        "wait_phase",
        "wait_timeout",
        *(f"{phase}_{what}" for phase in PHASES for what in ("goal", "result", "timeout")),
    }
)
# What a playbook of the collection says of itself; where it does not, the user may.
OF_PLAYBOOKS = frozenset({"ocp_intervention", "ocp_last_barrier", "ocp_operation", "ocp_workflow"})


def check(variables: t.Mapping[str, t.Any], task: AnsibleTask) -> None:
    """Raises OcpError (400) for extra variables that stand for what plays hand on.

    variables: of the task. task: Ansible's, of the action that takes the request.
    """
    given = variables["hostvars"]._variable_manager.extra_vars
    own = task.play.get_vars() if task.play else {}
    wrong = sorted(name for name in given if name in NAMES or (name in OF_PLAYBOOKS and name in own))
    if wrong:
        raise OcpError(
            INVALID,
            f"{join(wrong)} cannot be given as {'an extra variable' if len(wrong) == 1 else 'extra variables'}: the "
            "playbooks hand their own state on by these names. Leave them out; the variables of a request are in "
            "docs/variables.md",
        )
