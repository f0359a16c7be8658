# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain, write
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import playbook
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    controller,
    handed_on,
    inventory,
    mistakes,
    requested_hosts,
    response_files,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.agent_looks import Looks
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.ask import OPTIONS as ASK_OPTIONS
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import settings
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import now_ms
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    CONFLICT,
    INVALID,
    SPELLINGS,
    OcpError,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request

ROLE = "HOST_VIEWER"
TIMEOUT = 30
ARGUMENT_SPEC: dict[str, t.Any] = {
    "host_ids": {"type": "raw"},
    "timeout": {"type": "raw"},
    "transport": {"type": "raw"},
    "fanout": {"type": "raw"},
    "response_file": {"type": "path"},
    **{name: ASK_OPTIONS[name] for name in ("role_bindings", "error_codes")},
}


class ActionModule(ControllerAction):
    """Looks at the agents of all hosts that are asked for, and leaves those that it cannot reach to tasks."""

    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        received = now_ms()
        spelling = self._task.args.get("error_codes")
        spelling = str(spelling) if spelling in SPELLINGS else SPELLINGS[0]
        request = Request(controller.trace_id(), controller.address(), received, spelling)
        path = None
        try:
            try:
                dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
            except AnsibleError as exc:
                raise OcpError(INVALID, " ".join(str(exc).split())) from exc
            path = self._claimed(plain(arguments["response_file"]))
            handed_on.check(variables, self._task)
            mistakes.check_extra(variables)
            if arguments["role_bindings"]:
                controller.authorize(controller.user(variables), ROLE, arguments["role_bindings"], "agent_status")
            transport = settings.transport(arguments["transport"])
            fanout = settings.fanout(arguments["fanout"])
            timeout = settings.timeouts({"status": arguments["timeout"] or ""}).get("status", TIMEOUT)
            hosts = self._hosts(arguments["host_ids"], variables)
        except OcpError as error:
            response = request.refuse(error)
            if path:
                with contextlib.suppress(OSError):
                    write(path, response)
            message = f"{response['status']} {response['error']['code']}: {error.message}"
            return {"failed": True, "msg": message, "response": response}
        looks = Looks(transport, timeout)
        looks.look(self, variables, hosts, fanout)
        return {
            "changed": False,
            # as texts, lest Ansible walk through them in every task that follows
            "answers": {host: json.dumps(answer) for host, answer in looks.answers.items()},
            "hosts": hosts,
            "request": json.dumps(request.dump()),
            "rest": looks.rest,
            "timeout": timeout,
        }

    def _claimed(self, path: str | None) -> str | None:
        """The response file, where this run is to write it. Raises OcpError (409) where another run writes it."""
        if not path or self._task.check_mode:
            return None
        other = response_files.claim(path, Executor.of(playbook.process(), ""))
        if other:
            raise OcpError(CONFLICT, f"{path} is the response file of {other}: give ocp_response_file another path")
        return path

    def _hosts(self, argument: object, variables: t.Mapping[str, t.Any]) -> list[str]:
        """The names of the hosts that are asked for; where none is named, all of the inventory that a limit leaves.

        Raises OcpError.
        """
        hostvars, limit = variables["hostvars"], variables.get("ansible_limit")
        asked = requested_hosts.ids(argument, variables)
        if asked is not None:
            return [target.host for target in inventory.find_hosts(self, variables, asked, force=True)]
        names = [name for name in hostvars if name != "localhost" or "ocp_host_id" in hostvars.raw_get(name)]
        reached = [name for name in names if not limit or name in variables["ansible_play_hosts_all"]]
        if not reached:
            raise OcpError(INVALID, "the inventory has no host to look at: give one with -i")
        inventory.check_variables(self, variables, reached)
        return reached
