# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What the requests have in common that a run makes for its plays: the user, the hosts, and how one is refused."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from .._files.document import plain, write
from .._process import playbook
from .._store.executor import Executor
from .._task.clock import now_ms
from .._task.errors import INVALID, SPELLINGS, OcpError, join
from .._task.response import Request
from . import controller, handed_on, mistakes, persistence, response_files, screen, shadow
from .run import Run

OPTIONS: dict[str, t.Any] = {
    "response_file": {"type": "path"},
    "role_bindings": {"type": "path"},
    "error_codes": {"type": "str", "default": SPELLINGS[0], "choices": list(SPELLINGS)},
    **persistence.OPTION,
}

_OF_THE_ANSWER = frozenset({"error_codes", "response_file", "task_store"})


@dataclass(frozen=True)
class Asked:
    """A request as a play makes it.

    action: which has asked. request: what its response repeats. arguments: of the action, checked. variables: of the
    action's task. url: of the task store, see persistence.chosen(). response_file: path of the file that is to get the
    response. held_by: the run that lives and writes that file; None where it is free.
    """

    action: ActionBase
    request: Request
    arguments: t.Mapping[str, t.Any]
    variables: t.Mapping[str, t.Any]
    check_mode: bool
    url: str | None
    response_file: str | None
    held_by: Executor | None

    @property
    def left_alone(self) -> str:
        """What is said of a response file that another run writes."""
        return f"{self.response_file} is left alone, it is the response file of {self.held_by}, which has not ended"

    def authorize(self, role: str, what: str) -> None:
        """Raises OcpError (403) where the user lacks a role. what: the name of what is asked for."""
        if self.arguments["role_bindings"]:
            controller.authorize(controller.user(self.variables), role, self.arguments["role_bindings"], what)


def carry_out(
    action: ActionBase,
    spec: t.Mapping[str, t.Any],
    variables: t.Mapping[str, t.Any],
    do: t.Callable[[Asked, Run], dict[str, t.Any] | None],
) -> dict[str, t.Any]:
    """Do what a request asks for, or refuse it with OCP's own answer. Returns the result of the action.

    spec: the action's arguments. variables: of its task. do: completes the run, and returns what the result has
    besides, None for nothing. It may raise OcpError.
    """
    received = now_ms()
    hidden = shadow.hidden_package()
    if hidden:
        screen.display().warning(hidden)
    arguments, wrong = _arguments(action, spec)
    forged = _forged(action, variables)
    asked = _asked(action, received, arguments, variables)
    run = Run(asked.request, None if asked.held_by else asked.response_file, asked.check_mode)
    result: dict[str, t.Any] = {}
    try:
        if forged:
            raise forged
        mistakes.check_extra(variables)
        if wrong:
            raise wrong
        result.update(do(asked, run) or {})
    except OcpError as error:
        if asked.held_by:
            error = OcpError(error.code, f"{error.message}. {asked.left_alone}", error.sub_errors)
        run.response = asked.request.refuse(error)
        with contextlib.suppress(OSError):  # the report writes it again, and tells
            write_response(run)
    if forged and run.response:  # no report: the plays would read what was given in place of this
        said = run.response
        result.update(failed=True, msg=f"{said['status']} {said['error']['code']}: {said['error']['message']}")
    return {**result, **screen.hidden(), "changed": False, "run": run.register()}


def write_response(run: Run) -> None:
    """Write the response, where one is wanted. Raises OSError."""
    if run.response_file and run.response and not run.check_mode:
        write(run.response_file, run.response)


def _asked(
    action: ActionBase, received: int, arguments: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]
) -> Asked:
    check_mode = action._task.check_mode
    url = persistence.chosen(plain(arguments["task_store"]))
    context = controller.job(variables)
    transient = None if check_mode else persistence.transient(url)
    if transient:
        context["task_store"] = transient
    request = Request(controller.trace_id(), controller.address(), received, arguments["error_codes"], context)
    path, held_by = plain(arguments.get("response_file")), None
    if path and not check_mode:
        held_by = response_files.claim(path, Executor.of(playbook.process(), ""))
    return Asked(action, request, arguments, variables, check_mode, url, path, held_by)


def _arguments(action: ActionBase, spec: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], OcpError | None]:
    """The arguments, and what is wrong with them; the answer to that follows those that are right."""
    try:
        dummy, arguments = action.validate_argument_spec(argument_spec=spec)
        return arguments, None
    except AnsibleError as exc:
        words = str(exc).replace("'", " ").split()
        names = [name for name in spec if name in words]
        hint = f" (variable {join([f'ocp_{name}' for name in names])} of the playbooks)" if names else ""
        arguments = {}
        for name in _OF_THE_ANSWER & spec.keys():
            given = {name: action._task.args[name]} if name in action._task.args else {}
            checked = ArgumentSpecValidator({name: spec[name]}).validate(given)
            value = None if checked.error_messages else checked.validated_parameters.get(name)
            arguments[name] = spec[name].get("default") if value is None else value
        return arguments, OcpError(INVALID, f"{' '.join(str(exc).split())}{hint}")


def _forged(action: ActionBase, variables: t.Mapping[str, t.Any]) -> OcpError | None:
    try:
        handed_on.check(variables, action._task)
    except OcpError as error:
        return error
    return None
