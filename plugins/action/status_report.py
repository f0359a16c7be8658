# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain, write
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import screen
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.agent_status import AgentStatus
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import now_ms
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import known
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.status_table import summary, table

TABLE, JSON = "table", "json"
ARGUMENT_SPEC: dict[str, t.Any] = {
    "format": {"type": "str", "default": TABLE, "choices": [TABLE, JSON]},
    "response_file": {"type": "path"},
}


class ActionModule(ControllerAction):
    """Shows the results of status_fan_out and agent_info."""

    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        result: dict[str, t.Any] = {}
        dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        looked = variables.get("ocp_status", {})
        if "answers" not in looked:
            raise AnsibleActionFail("there is nothing to tell: oceanbase.ocp.status_fan_out has to come before")
        now, hostvars = now_ms(), variables["hostvars"]
        statuses = [_status(str(host), looked, hostvars, now) for host in looked["hosts"]]
        request = Request(**json.loads(looked["request"]))
        page = {"number": 1, "size": len(statuses), "totalElements": len(statuses), "totalPages": 1}
        response = request.success({"contents": [status.whole() for status in statuses], "page": page})
        shown = table(statuses, Display().columns)
        text = shown if arguments["format"] == TABLE else json.dumps(response, indent=2)
        # What is on stdout may be one JSON document of the callback.
        screen.display().display(text, stderr="json" in str(C.DEFAULT_STDOUT_CALLBACK))
        message = summary(statuses)
        path = plain(arguments["response_file"])
        if path and not self._task.check_mode:
            try:
                write(path, response)
            except OSError as exc:
                result["failed"] = True
                message += f" The response cannot be written to {path}: {exc.strerror}"
        return {**result, "changed": False, "msg": message, "response": response, "table": shown.splitlines()}


def _status(host: str, looked: t.Mapping[str, t.Any], hostvars: t.Any, now: int) -> AgentStatus:
    there = hostvars.raw_get(host)
    answer = json.loads(looked["answers"][host]) if host in looked["answers"] else there.get("agent_info_result", {})
    number, address = (_value(hostvars, host, name) for name in ("ocp_host_id", "ansible_host"))
    host_id = next(iter(known({host: number})), None)
    return AgentStatus(host, host_id, None if address is None else str(address), now, plain(answer))


def _value(hostvars: t.Any, host: str, name: str) -> t.Any:
    """The value of a variable of a host; None where it has none."""
    value = hostvars.raw_get(host).get(name)
    return plain(hostvars[host].get(name) if isinstance(value, str) and "{" in value else value)
