# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The variables that plays pass to each other and to roles. A request with one of them is refused.

An extra variable wins over a variable that a task registers or a play sets. With such a name it would be taken for the
response to the request, for the results of hosts, or for the goal of a phase.
"""

from __future__ import annotations

import typing as t

from .._task.errors import INVALID, OcpError, join
from .._task.operation import PHASES

if t.TYPE_CHECKING:  # not for the HTTP service, which asks for the names alone
    from ansible.playbook.task import Task as AnsibleTask

# Variables that plays register or set, and pass to roles.
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
# Variables that playbooks of the collection set. A user may set those that the playbook does not.
OF_PLAYBOOKS = frozenset({"ocp_intervention", "ocp_last_barrier", "ocp_operation", "ocp_workflow"})


def check(variables: t.Mapping[str, t.Any], task: AnsibleTask) -> None:
    """Raises OcpError (400) for extra variables with the names of those that plays pass on.

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
