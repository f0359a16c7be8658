# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The names of all variables of this collection, by the place where they may be set."""

from __future__ import annotations

from .._ocp.host_variables import TEXTS
from .._task.operation import BY_PHASE, WAIT
from . import handed_on

PREFIX = "ocp_"

# The hosts of a request, by ids, by a pattern, or by a file of ids.
PATTERN, FILE = "ocp_hosts", "ocp_host_ids_file"
NAMES_OF_HOSTS = ("host_ids", "hostIds", PATTERN, FILE)

# For the work on a host, in the inventory or for all hosts at once.
OF_HOSTS = frozenset(name for phase in BY_PHASE.values() for name in phase.options.values())
# For a request, with the request or for all requests in the inventory.
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
# Parts of a request, only with the request.
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
# Values of OCP for a host, in the inventory.
OF_INVENTORIES = frozenset({"ocp_host_id", "ocp_services", *TEXTS})
# Variables of runs, and their statistics, which AWX turns into variables of the next node.
OF_RUNS = frozenset({"ocp_response", *(name for name in handed_on.NAMES if name.startswith(PREFIX))})

KNOWN = OF_HOSTS | SETTINGS | OF_REQUESTS | OF_INVENTORIES | OF_RUNS
