# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import ask, request_action, requested_hosts
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.agent_looks import look
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.request_action import Asked
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import settings
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError

ROLE = "HOST_VIEWER"
TIMEOUT = 30
ARGUMENT_SPEC: dict[str, t.Any] = {
    "host_ids": {"type": "raw"},
    "timeout": {"type": "raw"},
    "transport": {"type": "raw"},
    "fanout": {"type": "raw"},
    **{name: option for name, option in request_action.OPTIONS.items() if name not in ("task_store", "report_file")},
}


class ActionModule(ControllerAction):
    """Gets the status of the agents of hosts, and leaves hosts that it cannot reach to ordinary tasks."""

    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        asked = request_action.receive(self, ARGUMENT_SPEC, variables)
        arguments = asked.arguments
        try:
            asked.check()
            asked.check_files()
            asked.authorize(ROLE, "agent_status")
            transport = settings.transport(arguments["transport"])
            fanout = settings.fanout(arguments["fanout"])
            timeout = settings.timeouts({"status": arguments["timeout"] or ""}).get("status", TIMEOUT)
            hosts = _hosts(asked)
        except OcpError as error:
            return ask.refusal(asked.refuse(error))
        looks = look(self, variables, hosts, transport=transport, timeout=timeout, at_once=fanout)
        return {
            "changed": False,
            # Texts, since Ansible walks through other values at every task that follows.
            "answers": {host: json.dumps(answer) for host, answer in looks.answers.items()},
            "hosts": hosts,
            "request": json.dumps(asked.request.dump()),
            "rest": {host: entry["why"] for host, entry in looks.rest.items()},
        }


def _hosts(asked: Asked) -> list[str]:
    """The names of the requested hosts; without a request, of all hosts of the inventory within the limit.

    Raises OcpError.
    """
    inventory, hostvars = asked.inventory, asked.variables["hostvars"]
    ids = requested_hosts.ids(asked.arguments["host_ids"], asked.variables, inventory)
    if ids is not None:
        return [target.host for target in inventory.find(ids, force=True)]
    names = [name for name in hostvars if name in inventory.reached]
    found = [name for name in names if name != "localhost" or name in inventory.ids]
    if not found:
        raise OcpError(INVALID, "the inventory has no host to look at: give one with -i")
    inventory.check_variables(found)
    return found
