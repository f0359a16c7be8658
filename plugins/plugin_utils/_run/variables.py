# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The variables of this collection that users may meet: every name there is, by where it may be set."""

from __future__ import annotations

from .._ocp.host_variables import TEXTS
from .._task.operation import BY_PHASE, WAIT
from . import handed_on

PREFIX = "ocp_"

# How a request names its hosts: by ids, by a pattern, by a file of ids.
PATTERN, FILE = "ocp_hosts", "ocp_host_ids_file"
NAMES_OF_HOSTS = ("host_ids", "hostIds", PATTERN, FILE)

# How a host is worked on: in the inventory, or for all hosts at once.
OF_HOSTS = frozenset(name for phase in BY_PHASE.values() for name in phase.options.values())
# How a request is carried out: with the request, or once for all in the inventory.
SETTINGS = frozenset(
    {
        "ocp_error_codes",
        "ocp_fanout",
        "ocp_force",
        "ocp_ignore_variables",
        "ocp_max_fail_percentage",
        "ocp_progress",
        "ocp_prohibit_rollback",
        "ocp_report_file",
        "ocp_response_file",
        "ocp_role_bindings",
        "ocp_status_format",
        "ocp_status_timeout",
        "ocp_task_retention",
        "ocp_task_store",
        "ocp_transport",
        "ocp_waves",
        "ocp_waves_max_fail_percentage",
        "ocp_workflow_timeout",
        *(f"ocp_{phase}_timeout" for phase in (*BY_PHASE, WAIT.phase)),
    }
)
# What is asked for: with the request alone.
OF_REQUESTS = frozenset(
    {
        "ocp_keep",
        "ocp_older_than",
        "ocp_phase",
        "ocp_task_id",
        "ocp_waves_after",
        PATTERN,
        FILE,
        *handed_on.OF_PLAYBOOKS,
    }
)
# What OCP says of a host: in the inventory.
OF_INVENTORIES = frozenset({"ocp_host_id", "ocp_services", *TEXTS})
# What runs leave behind: as variables, and as statistics, which AWX makes variables of the next node.
OF_RUNS = frozenset({"ocp_response", *(name for name in handed_on.NAMES if name.startswith(PREFIX))})

KNOWN = OF_HOSTS | SETTINGS | OF_REQUESTS | OF_INVENTORIES | OF_RUNS
