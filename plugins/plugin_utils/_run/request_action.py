# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""A request by an action of a play: its arguments, its user, its files, and its refusal."""

from __future__ import annotations

import contextlib
import os
import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from .._files.document import plain, write
from .._process import playbook
from .._store.executor import Executor
from .._task.clock import now_ms
from .._task.errors import CONFLICT, INVALID, SPELLINGS, OcpError, join
from .._task.response import Request, in_words
from . import controller, handed_on, mistakes, persistence, report_file, response_files, screen, shadow
from .inventory import Inventory
from .run import Run

OPTIONS: dict[str, t.Any] = {
    "response_file": {"type": "path"},
    "report_file": {"type": "path"},
    "role_bindings": {"type": "path"},
    "error_codes": {"type": "str", "default": SPELLINGS[0], "choices": list(SPELLINGS)},
    **persistence.OPTION,
}

_UNATTENDED = (
    "Ctrl-C and other signals end ansible-playbook at once, and do not cancel the task. The play of the request "
    "does not take its hosts from the lookup oceanbase.ocp.controller, as the playbooks of this collection do: give it "
    "hosts: \"{{ lookup('oceanbase.ocp.controller') }}\""
)
_OF_THE_ANSWER = frozenset({"error_codes", "response_file", "report_file", "task_store"})


@dataclass(frozen=True)
class Asked:
    """A request by an action.

    action: of the request. request: the parts that its response repeats. arguments: of the action, checked. variables:
    of the action's task. inventory: of the request. url: of the task store, see persistence.chosen(). response_file:
    path of the file for the response; None without one, and in check mode. held_by: the living run that owns this file;
    None if it is free. report_file, report_held_by: the same for the report. forged, wrong: the refusals of variables
    and arguments, for check(); None if they are right.
    """

    action: ActionBase
    request: Request
    arguments: t.Mapping[str, t.Any]
    variables: t.Mapping[str, t.Any]
    inventory: Inventory
    check_mode: bool
    url: str | None
    response_file: str | None
    held_by: Executor | None
    report_file: str | None
    report_held_by: Executor | None
    forged: OcpError | None
    wrong: OcpError | None

    @property
    def left_alone(self) -> str:
        """The message about a response file of another run."""
        return f"{self.response_file} is left alone, it is the response file of {self.held_by}, which has not ended"

    @property
    def own_file(self) -> str | None:
        """The response file of this run, None if it writes none."""
        return None if self.held_by else self.response_file

    @property
    def own_report(self) -> str | None:
        """The report file of this run, None if it writes none."""
        return None if self.report_held_by or self._is_one_file else self.report_file

    @property
    def _is_one_file(self) -> bool:
        both = (self.response_file, self.report_file)
        return all(both) and len({os.path.realpath(path) for path in both if path}) == 1

    def check(self) -> None:
        """Raises OcpError (400) for wrong variables or arguments."""
        if self.forged:
            raise self.forged
        mistakes.check_extra(self.variables)
        mistakes.check_settings(self.variables, self.action._templar.template)
        if self.wrong:
            raise self.wrong

    def check_files(self) -> None:
        """Raises OcpError: 400 if response and report are one file, 409 if another run writes one of them."""
        if self._is_one_file:
            raise OcpError(INVALID, "response and report cannot be one file: give ocp_report_file another path")
        for kind, other in (("response", self.held_by), ("report", self.report_held_by)):
            if other:
                raise OcpError(CONFLICT, f"two runs cannot write one {kind} file: give ocp_{kind}_file another path")

    def authorize(self, role: str, what: str) -> None:
        """Raises OcpError (403) for a user without the role. what: the name of the request."""
        if self.arguments["role_bindings"]:
            controller.authorize(controller.user(self.variables), role, self.arguments["role_bindings"], what)

    def refuse(self, error: OcpError) -> dict[str, t.Any]:
        """Refuse the request. Writes response and report to their files, if it can. Returns the response."""
        if self.held_by:
            error = OcpError(error.code, f"{error.message}. {self.left_alone}", error.sub_errors)
        response = self.request.refuse(error)
        if self.own_file:
            with contextlib.suppress(OSError):
                write(self.own_file, response)
        if self.own_report:
            with contextlib.suppress(OSError):
                report_file.write_refused(self.own_report, self.request, response)
        return response


def carry_out(
    action: ActionBase,
    spec: t.Mapping[str, t.Any],
    variables: t.Mapping[str, t.Any],
    do: t.Callable[[Asked, Run], dict[str, t.Any] | None],
) -> dict[str, t.Any]:
    """Carry out a request, or refuse it with OCP's error. Returns the result of the action.

    spec: the action's arguments. variables: of its task. do: completes the run, and returns further keys of the result,
    None for none. It may raise OcpError.
    """
    for warning in (shadow.hidden_package(), None if playbook.is_entered() else _UNATTENDED):
        if warning:
            screen.display().warning(warning)
    asked = receive(action, spec, variables)
    run = Run(asked.request, asked.own_file, asked.own_report, asked.check_mode)
    result: dict[str, t.Any] = {}
    try:
        asked.check()
        result.update(do(asked, run) or {})
    except OcpError as error:
        run.response = asked.refuse(error)  # the report writes it again, and reports errors
    if asked.forged and run.response:  # no report, which would read the forged variable
        result.update(failed=True, msg=in_words(run.response))
    return {**result, **screen.hidden(), "changed": False, "run": run.register()}


def write_response(run: Run) -> None:
    """Write the response if the request named a file. Raises OSError."""
    if run.response_file and run.response:
        write(run.response_file, run.response)


def receive(action: ActionBase, spec: t.Mapping[str, t.Any], variables: t.Mapping[str, t.Any]) -> Asked:
    """The request of an action. spec: the action's arguments. variables: of its task."""
    received = now_ms()
    arguments, wrong = _arguments(action, spec)
    check_mode = action._task.check_mode
    url = persistence.chosen(plain(arguments.get("task_store")))
    context = controller.job(variables)
    transient = None if check_mode else persistence.transient(url)
    if transient:
        context["task_store"] = transient
    request = Request(controller.trace_id(), controller.address(), received, arguments["error_codes"], context)
    path, report = (None if check_mode else plain(arguments.get(name)) for name in ("response_file", "report_file"))
    return Asked(
        action=action,
        request=request,
        arguments=arguments,
        variables=variables,
        inventory=Inventory(action, variables),
        check_mode=check_mode,
        url=url,
        response_file=path,
        held_by=_claim(path),
        report_file=report,
        report_held_by=_claim(report),
        forged=_forged(action, variables),
        wrong=wrong,
    )


def _claim(path: str | None) -> Executor | None:
    """Make this run the owner of a file that it writes. Returns another run that owns it, or None."""
    return response_files.claim(path, Executor.of(playbook.process(), "")) if path else None


def _arguments(action: ActionBase, spec: t.Mapping[str, t.Any]) -> tuple[dict[str, t.Any], OcpError | None]:
    """The arguments, and the refusal of wrong ones, whose response needs those of _OF_THE_ANSWER."""
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
