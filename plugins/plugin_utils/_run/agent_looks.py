# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""A look at the agents of hosts, all at once and outside of any task: what each answers, and who is left to a task."""

from __future__ import annotations

import traceback
import typing as t
from pathlib import Path

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import info_spec

from .._fan_out import carrier, client
from .._fan_out.client import Answer, Failure, Work
from .._fan_out.host_answer import AnswerError, checked
from .._ssh import routes
from .._ssh.task_variables import TaskVariables
from .._task.settings import FANOUT, TASK
from . import cancel, screen
from .fan_out_results import TRIED_BY_TASK, out_of_reach, unanswered
from .host_results import cancelled

PHASE = "info"
OPTIONS = {"home": "ocp_agent_home", "protect_unit": "ocp_protect_unit"}  # and the variables of a host that set them


class Looks:
    """The looks of one fan-out.

    answers: by host, what the host program has said, or a failure as an action registers it. rest: by host, why an
    ordinary task has to ask it.
    """

    def __init__(self, transport: str, timeout: int) -> None:
        self.answers: dict[str, dict[str, t.Any]] = {}
        self.rest: dict[str, str] = {}
        self._only = transport == FANOUT
        self._transport = transport
        self._timeout = timeout

    def look(self, action: ActionBase, task_vars: dict[str, t.Any], hosts: t.Sequence[str], at_once: int) -> None:
        """Look at hosts. action, task_vars: of the task that asks. at_once: how many hosts have their turn together."""
        if self._transport == TASK:
            self.rest.update(dict.fromkeys(hosts, ""))
            return
        try:
            works = list(self._works(action, task_vars, hosts))
            with client.engine(Path(C.DEFAULT_LOCAL_TMP)) as engine:
                answers = engine.carry_out(
                    works,
                    library=carrier.library([{"phase": PHASE}]),
                    at_once=at_once,
                    timeout=self._timeout,
                    keep=False,
                    begun=lambda _host: None,
                    cancelled=cancel.asked,
                )
                for host, answer in answers:
                    self._take(host, answer)
        except client.EngineGoneError as exc:
            self._leave_all(hosts, str(exc))
        except Exception as exc:  # whatever it is, Ansible's own way is still there
            screen.display().vvv("".join(traceback.format_exception(exc)))
            self._leave_all(hosts, f"the fan-out broke: {type(exc).__name__}: {exc}")

    def _works(
        self, action: ActionBase, task_vars: dict[str, t.Any], hosts: t.Sequence[str]
    ) -> t.Iterator[Work]:
        variables, validator = TaskVariables(action, task_vars), ArgumentSpecValidator(info_spec())
        for host, way in routes.routes(action, task_vars, hosts, carrier.resident, variables).items():
            if isinstance(way, str):
                self._leave(host, way)
                continue
            there = variables.of(host)
            try:
                given = {option: variables.value(host, name) for option, name in OPTIONS.items() if name in there}
            except AnsibleError as exc:
                self.answers[host] = {"failed": True, "reason": "invalid", "msg": str(exc)}
                continue
            found = validator.validate({"timeout": self._timeout, **given})
            if found.error_messages:
                self.answers[host] = {"failed": True, "reason": "invalid", "msg": "; ".join(found.error_messages)}
                continue
            request = {**found.validated_parameters, "phase": PHASE, "check_mode": True}
            yield Work(host=host, route=way.route, start=way.start, call=request)

    def _take(self, host: str, answer: Answer) -> None:
        failure, message = answer.failure, answer.message
        if failure is None:
            try:
                self.answers[host] = checked(answer.output or {}, PHASE)
                return
            except AnswerError as error:
                failure, message = Failure.NO_ANSWER, str(error)
        if failure is Failure.CANCELLED:
            self.answers[host] = cancelled()
        elif failure in TRIED_BY_TASK:
            self._leave(host, message)
        else:
            self.answers[host] = unanswered(failure, message, self._timeout, False)

    def _leave_all(self, hosts: t.Iterable[str], why: str) -> None:
        for host in hosts:
            if host not in self.answers and host not in self.rest:
                self._leave(host, why)

    def _leave(self, host: str, why: str) -> None:
        if self._only:
            self.answers[host] = out_of_reach(why)
        else:
            self.rest[host] = why
