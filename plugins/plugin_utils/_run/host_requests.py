# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The requests of a fan-out to the host program, one a host. They have the same options as the roles' tasks."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import argument_spec

from .._ssh.task_variables import TaskVariables
from .._task.errors import INVALID, OcpError
from .._task.operation import BY_PHASE
from .host_results import Results
from .run import Run


class HostRequests:
    """The requests of a phase.

    phases: those of the operation, in order. run: the one that they belong to. variables: of the hosts.
    results: of earlier phases.

    The variables of a host are looked up once in a run, in its first phase, for all phases. That costs more than all
    other work for the host. The engine of the fan-out keeps the result as a note.
    """

    def __init__(
        self,
        phase: str,
        phases: t.Sequence[str],
        run: Run,
        variables: TaskVariables,
        results: Results,
        *,
        check_mode: bool,
    ) -> None:
        self._phase = phase
        self._phases = phases
        self._task = run.the_task
        self._due = run.due.get(phase, {})
        self._timeouts = self._task.timeouts
        self._variables = variables
        self._results = results
        self._check_mode = check_mode
        self._validator = ArgumentSpecValidator(argument_spec())
        self._valid: dict[tuple[str, str], dict[str, t.Any]] = {}

    def is_in(self, note: t.Mapping[str, t.Any] | None) -> bool:
        """Whether a note on a host has the request of this phase of this task."""
        return note is not None and note["task"] == self._task.id and self._phase in note["requests"]

    def note(self, host: str) -> dict[str, t.Any]:
        """Look up the requests of this phase and of those to come. Raises OcpError or AnsibleError for this phase."""
        requests = {self._phase: self._validated(self._phase, host)}
        for phase in self._phases[self._phases.index(self._phase) + 1 :]:
            try:
                requests[phase] = self._validated(phase, host)
            except (OcpError, AnsibleError):
                pass  # that phase looks them up again, and reports the error
        return {"task": self._task.id, "requests": requests}

    def of(self, host: str, note: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """The arguments of the host program's Request for a host. note: on it."""
        request = dict(note["requests"][self._phase])
        known = self._due[host]
        if known.get("home"):
            request["home"] = known["home"]
        if self._phase == "start" and known.get("ran_as"):
            request["ran_as"] = known["ran_as"]
        if self._phase == "finish":
            request.update(self._since(host))
        return request

    def _validated(self, phase: str, host: str) -> dict[str, t.Any]:
        given = given_on(host, BY_PHASE[phase].options, self._variables)
        key = phase, repr(given)
        if key not in self._valid:
            options = {"phase": phase, "timeout": self._timeouts[phase], **given}
            if BY_PHASE[phase].by_goal:
                options["goal"] = self._task.what.goal
            self._valid[key] = {**validated(self._validator, options), "check_mode": self._check_mode}
        return self._valid[key]

    def _since(self, host: str) -> dict[str, t.Any]:
        """The begin of the settle time, which is the end of Stop or Start of this task."""
        stop, start = (
            (self._results.of(phase, host) if phase in self._phases else None) or {} for phase in ("stop", "start")
        )
        return {
            "stopped_at": stop.get("stopped_at"),
            "ready_at": start.get("ready_at"),
            "boot_id": start.get("boot_id") or stop.get("boot_id"),
        }


def given_on(host: str, options: t.Mapping[str, str], variables: TaskVariables) -> dict[str, t.Any]:
    """The options of the host program that the variables of a host set. options: the variables, by option.

    Raises AnsibleError for a wrong template.
    """
    there = variables.of(host)
    return {option: variables.value(host, name) for option, name in options.items() if name in there}


def validated(validator: ArgumentSpecValidator, options: dict[str, t.Any]) -> dict[str, t.Any]:
    """The parameters of the host program from its options. Raises OcpError (400)."""
    found = validator.validate(options)
    if found.error_messages:
        raise OcpError(INVALID, "; ".join(found.error_messages))
    return t.cast("dict[str, t.Any]", found.validated_parameters)
