# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which extra variables the playbooks of a service may have: those of hosts, and how each request is carried out."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.variables import (
    NAMES_OF_HOSTS,
    OF_INVENTORIES,
    OF_REQUESTS,
    OF_RUNS,
)

_WAVES = "OCP's answer to a request is one task for all of its hosts: for waves run the playbook"
_ONE_FILE = "operations that run at the same time would write the same file"
_NOT_FOR_ALL = {
    **dict.fromkeys((*NAMES_OF_HOSTS, *OF_REQUESTS, "subtask_id", "task_id"), "each request comes with its own"),
    **dict.fromkeys(OF_INVENTORIES, "the inventory says it of each host"),
    **dict.fromkeys(OF_RUNS, "the playbooks hand their own state on by this name"),
    "ocp_error_codes": "give --error-codes",
    "ocp_report_file": f"{_ONE_FILE}: `ocp-agents report` makes the page of any task",
    "ocp_response_file": f"{_ONE_FILE}: the response is the answer to the HTTP request",
    "ocp_role_bindings": "give --role-bindings",
    "ocp_task_store": "give --task-store",
    **dict.fromkeys(("ocp_waves", "ocp_waves_after", "ocp_waves_max_fail_percentage"), _WAVES),
}

# What an inventory may set for the playbooks, and is not for those of a service. Empty is as if it were not there.
UNSET = dict.fromkeys(("ocp_report_file", "ocp_response_file", "ocp_task_store", "ocp_waves"), "")


def problems(names: Iterable[str]) -> list[str]:
    """Which variables cannot be the same for all requests of a service, and what to do about each."""
    return [f"{name}: {_NOT_FOR_ALL[name]}" for name in sorted(names) if name in _NOT_FOR_ALL]
