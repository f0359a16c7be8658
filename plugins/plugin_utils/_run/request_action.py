# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What the requests have in common that a run makes for its plays: who asks, on which hosts, and how one is refused."""

from __future__ import annotations

import contextlib
import functools
import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from .._files.document import plain, write
from .._process import playbook
from .._store.executor import Executor
from .._task import states
from .._task.clock import now_ms
from .._task.errors import INVALID, SPELLINGS, OcpError, join
from .._task.response import Request
from . import controller, handed_on, persistence, response_files, screen, shadow
from .run import Run

OPTIONS: dict[str, t.Any] = {
    "response_file": {"type": "path"},
    "role_bindings": {"type": "path"},
    "error_codes": {"type": "str", "default": SPELLINGS[0], "choices": list(SPELLINGS)},
    **persistence.OPTION,
}

_OF_THE_ANSWER = frozenset({"error_codes", "response_file", "task_store"})

_ID = "ocp_host_id"


class RequestAction(ActionBase):
    """An action that does what a request asks for, or refuses it with OCP's own answer. spec: its arguments."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    spec: t.ClassVar[dict[str, t.Any]]

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        received = now_ms()
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        del tmp
        hidden = shadow.hidden_package()
        if hidden:
            screen.display().warning(hidden)
        self.variables: t.Mapping[str, t.Any] = task_vars or {}
        self.check_mode = self._task.check_mode
        wrong = self._take_arguments()
        self.url = persistence.chosen(plain(self.arguments["task_store"]))
        context = controller.job(self.variables)
        transient = None if self.check_mode else persistence.transient(self.url)
        if transient:
            context["task_store"] = transient
        self.request = Request(
            controller.trace_id(), controller.address(), received, self.arguments["error_codes"], context
        )
        run = Run(self.request, None if self.held_by else self._response_file, self.check_mode)
        forged = self._forged()
        try:
            if forged or wrong:
                raise forged or wrong  # type: ignore[misc]
            self._do(run, result)
        except OcpError as error:
            if self.held_by:
                error = OcpError(error.code, f"{error.message}. {self.left_alone}", error.sub_errors)
            run.response = self.request.refuse(error)
            with contextlib.suppress(OSError):  # the report writes it again, and tells
                self.write(run)
        if forged and run.response:  # no report: the plays would read what was given in place of this
            said = run.response
            result.update(failed=True, msg=f"{said['status']} {said['error']['code']}: {said['error']['message']}")
        return {**result, "changed": False, "run": run.register()}

    def _take_arguments(self) -> OcpError | None:
        """Check the arguments. Returns what is wrong with them; the answer to that follows those that are right."""
        try:
            dummy, self.arguments = self.validate_argument_spec(argument_spec=self.spec)
            return None
        except AnsibleError as exc:
            words = str(exc).replace("'", " ").split()
            names = [name for name in self.spec if name in words]
            hint = f" (variable {join([f'ocp_{name}' for name in names])} of the playbooks)" if names else ""
            self.arguments = {}
            for name in _OF_THE_ANSWER & self.spec.keys():
                given = {name: self._task.args[name]} if name in self._task.args else {}
                checked = ArgumentSpecValidator({name: self.spec[name]}).validate(given)
                value = None if checked.error_messages else checked.validated_parameters.get(name)
                self.arguments[name] = self.spec[name].get("default") if value is None else value
            return OcpError(INVALID, f"{' '.join(str(exc).split())}{hint}")

    def _forged(self) -> OcpError | None:
        try:
            handed_on.check(self.variables, self._task)
        except OcpError as error:
            return error
        return None

    @functools.cached_property
    def _response_file(self) -> str | None:
        return t.cast("str | None", plain(self.arguments.get("response_file")))

    @functools.cached_property
    def held_by(self) -> Executor | None:
        """The run that lives and writes the response file of this one; None where it is free."""
        if self.check_mode or not self._response_file:
            return None
        return response_files.claim(self._response_file, Executor.of(playbook.process(), ""))

    @property
    def left_alone(self) -> str:
        """What is said of a response file that another run writes."""
        return f"{self._response_file} is left alone, it is the response file of {self.held_by}, which has not ended"

    def _do(self, run: Run, result: dict[str, t.Any]) -> None:
        """Do what is asked for. run: to be completed. result: of the action.

        Raises OcpError.
        """
        raise NotImplementedError

    # For the actions

    def authorize(self, role: str, what: str) -> None:
        """Raises OcpError (403) where the user lacks a role. what: the name of what is asked for."""
        if self.arguments["role_bindings"]:
            controller.authorize(controller.user(self.variables), role, self.arguments["role_bindings"], what)

    def write(self, run: Run) -> None:
        """Write the response, where one is wanted. Raises OSError."""
        if run.response_file and run.response and not run.check_mode:
            write(run.response_file, run.response)

    def check_controller(self) -> None:
        """Raises OcpError (400) when a limit has left out the controller, whose plays Ansible would skip in silence."""
        if "localhost" not in self.variables["ansible_play_hosts_all"]:
            raise OcpError(
                INVALID,
                f"--limit {self.variables.get('ansible_limit')} leaves out localhost, which keeps the task: add "
                "localhost to it",
            )

    @functools.cached_property
    def hosts(self) -> dict[str, dict[str, t.Any]]:
        """What a request asks of each host of the inventory: the variables of its id and its states, as far as it has
        them, with templates as they are. Looked up once: a millisecond a host.
        """
        hostvars = self.variables["hostvars"]
        found = {}
        for name in hostvars:
            there = hostvars.raw_get(name)
            found[name] = {variable: there[variable] for variable in (_ID, *states.VARIABLES) if variable in there}
        return found

    def ids_of_hosts(self) -> dict[str, t.Any]:
        """The variable C(ocp_host_id) of the hosts of the inventory that have it, by their names, in plain types."""
        found = {
            name: self.variables["hostvars"][name][_ID] if isinstance(there[_ID], str) else there[_ID]
            for name, there in self.hosts.items()
            if there.get(_ID) is not None
        }
        ids: dict[str, t.Any] = plain(found)
        return ids
