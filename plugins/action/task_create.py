# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import yaml
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.oceanbase.ocp.plugins.plugin_utils import _controller, _unfinished
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._clock import iso, now_ms
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._document import plain, write
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._errors import INVALID, NOT_AUTHORIZED, SPELLINGS, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._host_ids import parse, resolve
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._operation import OPERATIONS
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._roles import User, authorize
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._settings import percentage, timeouts
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._states import check as check_states
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import Task

ARGUMENT_SPEC: dict[str, t.Any] = {
    "operation": {"type": "str", "required": True, "choices": sorted(OPERATIONS)},
    "host_ids": {"type": "raw"},
    "timeouts": {"type": "dict", "default": {}},
    "max_fail_percentage": {"type": "raw", "default": 0},
    "response_file": {"type": "path"},
    "role_bindings": {"type": "path"},
    "force": {"type": "bool", "default": False},
    "error_codes": {"type": "str", "default": SPELLINGS[0], "choices": list(SPELLINGS)},
}


_unfinished.watch()  # ansible-playbook itself loads this module before a worker runs it


class ActionModule(ActionBase):
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        received = now_ms()
        result = super().run(tmp, task_vars)
        del tmp
        variables = task_vars or {}
        dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        request = Request(_controller.trace_id(), _controller.address(), received, arguments["error_codes"])
        run: dict[str, t.Any] = {
            "request": request.dump(),
            "response_file": arguments["response_file"],
            "check_mode": self._task.check_mode,
        }
        try:
            task = _create(arguments, variables, request)
            run["max_fail_percentage"] = percentage(arguments["max_fail_percentage"])
        except OcpError as error:
            run["response"] = request.refuse(error)
        else:
            run["response"] = request.answer(task)
            run["task"] = task.dump()
            run["targets"] = [target.host for target in task.targets]
            run["timeouts"] = {subtask.phase: subtask.timeout for subtask in task.subtasks}
        if run["response_file"] and not run["check_mode"]:
            try:
                write(run["response_file"], run["response"])
            except OSError as exc:
                raise AnsibleActionFail(
                    f"The response cannot be written to {run['response_file']}: {exc.strerror}. No host was contacted: "
                    "give ocp_response_file a path that can be written."
                ) from exc
        if "task" in run:
            _unfinished.note(run)
        return {**result, "changed": False, "run": run}


def _create(arguments: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any], request: Request) -> Task:
    user = _controller.user(variables)
    if arguments["role_bindings"]:
        _authorize(user, arguments["operation"], arguments["role_bindings"])
    if "localhost" not in variables["ansible_play_hosts_all"]:
        raise OcpError(
            INVALID,
            f"--limit {variables.get('ansible_limit')} leaves out localhost, which keeps the task: add localhost to it",
        )
    hostvars = variables["hostvars"]
    given = {name: hostvars.raw_get(name).get("ocp_host_id") for name in hostvars}
    templated = {
        name: hostvars[name]["ocp_host_id"] if isinstance(value, str) else value
        for name, value in given.items()
        if value is not None
    }
    targets = resolve(parse(_host_ids(arguments, variables)), plain(templated), variables["groups"])
    if not arguments["force"]:
        check_states(targets, hostvars.raw_get)
    return Task.create(
        arguments["operation"],
        targets,
        first_id=_controller.first_id(),
        creator=user.name,
        executor=request.server,
        started=iso(request.received),
        timeouts=timeouts(arguments["timeouts"]),
    )


def _authorize(user: User, operation: str, path: str) -> None:
    """Check the user's role against the file. Raises OcpError (403), and logs it, also when the file is unusable."""
    try:
        try:
            with open(path, encoding="utf-8") as stream:
                bindings = yaml.safe_load(stream)
        except (OSError, UnicodeError, yaml.YAMLError) as exc:
            reason = " ".join(str(exc).split())
            raise OcpError(NOT_AUTHORIZED, f"the role bindings cannot be read: {reason}: nobody may") from exc
        authorize(user, OPERATIONS[operation].role, bindings)
    except OcpError as error:
        _controller.log_refusal(f"{operation} by {user.name}: {error.message}")
        raise


def _host_ids(arguments: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> t.Any:
    """The list as it was given: a request is data, and a template in it must be refused, not evaluated."""
    if arguments["host_ids"] is not None:
        return plain(arguments["host_ids"])
    given = {name: plain(variables[name]) for name in ("host_ids", "hostIds") if variables.get(name) not in (None, "")}
    if len(given) == 2 and given["host_ids"] != given["hostIds"]:
        raise OcpError(INVALID, "host_ids and hostIds are both given and differ: give one of them")
    return next(iter(given.values()), None)
