# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The results of a fan-out. A host has a result as of agent_processes, or is left to the phase's ordinary task."""

from __future__ import annotations

import contextlib
import json
import traceback
import typing as t

from ansible.plugins.action import ActionBase

from .._fan_out import carrier
from .._fan_out.client import Answer, EngineGoneError, Failure
from .._fan_out.host_answer import AnswerError, checked
from .._ssh import routes
from .._ssh.task_variables import TaskVariables
from .._task.errors import join
from .._task.layout import plural
from .._task.operation import BY_PHASE
from .._task.printable import in_line, printable
from .._task.settings import FANOUT
from . import screen
from .host_results import cancelled, no_answer, overdue
from .run import Run

_SHOWN = 20
_TRIED_BY_TASK = (Failure.REFUSED, Failure.NO_ANSWER)  # ssh itself, or the ordinary module, may do better


def _unanswered(failure: Failure, message: str, timeout: float, changed: bool) -> dict[str, t.Any]:
    """The result of a host that will give no answer.

    message: of the failure. timeout: the time limit in seconds. changed: whether the host may have been changed.
    """
    if failure is Failure.OVERDUE:
        return overdue(timeout, changed)
    if failure is Failure.NOT_BECOME:
        return {"failed": True, "reason": "not_permitted", "msg": message}
    if failure is Failure.NO_ANSWER:
        return no_answer(message, changed)
    reason = {} if failure is Failure.LOST else {"reason": "not_connected"}
    return {"unreachable": True, "msg": message, **reason}


def _out_of_reach(why: str) -> dict[str, t.Any]:
    """The result of a host that the fan-out cannot reach as ssh would, if no ordinary task is to try it."""
    text = f"the fan-out does not reach it ({printable(why)}); ocp_transport=auto would leave it to a task of its own"
    return {"unreachable": True, "reason": "not_connected", "msg": text}


class FanOutResults:
    """The hosts of one fan-out.

    phase: of the host program. transport: see settings.py. timeout: seconds for each host. changing: whether the phase
    may change a host. patient: whether a locked agent is left to the ordinary task, which waits for the lock.

    answers: results by host. rest: the hosts that are left to the ordinary task of the phase, each with the reason
    (C(why)). A host that was lost in the middle also has the begin of its work (C(started_at)) and the message
    (C(lost)). A host that has refused the connection has the message (C(said)). warnings: pairs of host and text.
    halted: the answer for hosts that do not begin, see halt.py. told: hosts whose failures have been shown.
    """

    def __init__(
        self, phase: str, transport: str, timeout: float, *, changing: bool = False, patient: bool = False
    ) -> None:
        self.phase = phase
        self.answers: dict[str, dict[str, t.Any]] = {}
        self.rest: dict[str, dict[str, t.Any]] = {}
        self.warnings: list[tuple[str, str]] = []
        self.halted: dict[str, t.Any] | None = None
        self.told: set[str] = set()
        self._timeout = timeout
        self._changing = changing
        self._patient = patient
        self._only = transport == FANOUT

    @classmethod
    def of_phase(cls, phase: str, run: Run, *, check_mode: bool) -> FanOutResults:
        """The results of a phase of the task of a run."""
        timeout, changing = run.the_task.timeouts[phase], BY_PHASE[phase].changes and not check_mode
        return cls(phase, run.transport, timeout, changing=changing, patient=run.resumed)

    @contextlib.contextmanager
    def fallen_back(self, hosts: t.Sequence[str]) -> t.Iterator[None]:
        """Leave hosts without a result to the ordinary task of the phase if the fan-out breaks."""
        try:
            yield
        except EngineGoneError as exc:
            self.refuse(hosts, str(exc))
        except Exception as exc:  # a fault of the fan-out must not cost the phase
            screen.display().vvv("".join(traceback.format_exception(exc)))
            self.refuse(hosts, f"the fan-out broke: {type(exc).__name__}: {exc}")

    def ways(
        self, action: ActionBase, task_vars: dict[str, t.Any], hosts: t.Sequence[str], shared: TaskVariables
    ) -> t.Iterator[tuple[str, routes.Way]]:
        """The routes to the hosts that the fan-out reaches as ssh would. The others are left to the ordinary task."""
        for host, way in routes.routes(action, task_vars, hosts, carrier.resident, shared).items():
            if isinstance(way, str):
                self.refuse([host], way)
            else:
                yield host, way

    def leave(self, hosts: t.Iterable[str], why: str = "") -> None:
        """Leave hosts without a result to the ordinary task of the phase."""
        entry = {"why": in_line(why)}
        self.rest.update({host: dict(entry) for host in hosts if host not in self.answers and host not in self.rest})

    def refuse(self, hosts: t.Iterable[str], why: str) -> None:
        """Note hosts without a result that the fan-out cannot reach as ssh would."""
        if not self._only:
            self.leave(hosts, why)
            return
        for host in hosts:
            if host not in self.answers and host not in self.rest:
                self.answers[host] = _out_of_reach(why)

    def lose(self, hosts: t.Iterable[str], why: str, started: str) -> None:
        """Note hosts without a result that may have been at work since started."""
        if self._changing:  # their tasks ask them again, as hosts that they have lost themselves
            missing = [host for host in hosts if host not in self.answers and host not in self.rest]
            text = in_line(why)
            self.rest.update({host: {"why": text, "lost": text, "started_at": started} for host in missing})
        else:
            self.refuse(hosts, why)

    def take(self, host: str, answer: Answer) -> dict[str, t.Any] | None:
        """Note the answer or failure of a host. Returns its result, None if the host is left to the ordinary task."""
        result = self._result(host, answer)
        if result is None:
            return None
        at = {"started_at": answer.started, "finished_at": answer.finished}
        self.answers[host] = result if answer.failure is Failure.CANCELLED else {**result, **at}
        return self.answers[host]

    def _result(self, host: str, answer: Answer) -> dict[str, t.Any] | None:
        failure, message = answer.failure, answer.message
        if failure is None:
            try:
                return self._answered(host, checked(answer.output or {}, self.phase))
            except AnswerError as error:
                failure, message = Failure.NO_ANSWER, str(error)
        if failure is Failure.CANCELLED:
            return self.halted or cancelled()
        if self._changing and (failure is Failure.LOST or (failure is Failure.NO_ANSWER and answer.sent)):
            # The phase may be done, under way or cut off. Its task asks the host again, as one that it has lost itself.
            self.lose([host], message, answer.started)
            return None
        if failure is Failure.NOT_CONNECTED and self._changing:
            self.leave([host], message)  # its task tries for a while: the host was there a moment ago
            return None
        if failure in _TRIED_BY_TASK and not self._only:
            self.rest[host] = {"why": message, "said": message}
            return None
        return _unanswered(failure, message, self._timeout, self._changing and answer.sent)

    def _answered(self, host: str, output: dict[str, t.Any]) -> dict[str, t.Any] | None:
        if output.get("reason") == "locked" and self._patient:
            self.leave([host], str(output.get("msg")))  # its task waits: it may be the last run's program
            return None
        self.warnings += [(host, warning) for warning in output.pop("warnings", [])]
        return output

    # For the screen, and for later actions

    @property
    def worked(self) -> bool:
        """Whether the fan-out had a host, and not only hosts that are left to ordinary tasks or did not begin."""
        return any(answer.get("reason") not in ("cancelled", "disowned") for answer in self.answers.values())

    def result(self, run: Run) -> dict[str, t.Any]:
        """The result of the fan-out's own Ansible task in a run."""
        known = run.due.get(self.phase, {})
        return {
            "changed": any(answer.get("changed") for answer in self.answers.values()),
            "task": run.the_task.id,
            "phase": self.phase,
            # Texts, since Ansible walks through other values at every task that follows.
            "answers": {host: json.dumps(answer) for host, answer in self.answers.items()},
            "rest": {host: {**known.get(host, {}), **entry} for host, entry in self.rest.items()},
            "msg": self.summary(),
        }

    def failures(self) -> list[str]:
        """A line for each failed host that was not shown yet."""
        return [
            failure_line(host, answer)
            for host, answer in self.answers.items()
            if is_failure(answer) and host not in self.told
        ]

    def summary(self) -> str:
        """The number of hosts in the fan-out, and those that are left to ordinary tasks with the reasons."""
        parts = []
        if self.answers or not self.rest:
            parts.append(f"{self.phase}: {plural(len(self.answers), 'host')} in one fan-out")
        by_reason: dict[str, list[str]] = {}
        for host, entry in self.rest.items():
            by_reason.setdefault(entry["why"], []).append(host)
        for why, hosts in by_reason.items():
            text = f"{plural(len(hosts), 'host')} by task: {join(hosts, _SHOWN)}" + (f" ({why})" if why else "")
            parts.append(text if parts else f"{self.phase}: {text}")
        return join(parts, _SHOWN, "; ")


def is_failure(result: t.Mapping[str, t.Any]) -> bool:
    """Whether a host has failed or was not reached, by its result."""
    return bool(result.get("failed") or result.get("unreachable"))


def failure_line(host: str, result: t.Mapping[str, t.Any]) -> str:
    """The line about a failed host."""
    return f"{'unreachable' if result.get('unreachable') else 'failed'}: [{host}] {in_line(result.get('msg'))}"
