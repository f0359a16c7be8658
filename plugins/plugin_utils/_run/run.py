# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""A run of a playbook as a value: the request, its task, and its progress.

Actions run in forked workers, so each of them takes the run from a registered variable of localhost, and registers it
again after a change. The variable has the run as a text. Ansible walks through any other registered value at every task
that follows, and for hundreds of hosts that costs more than the tasks.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import asdict, dataclass

from .._store.executor import Executor
from .._task import subtask_log
from .._task.clock import iso_now
from .._task.errors import CANCELLED, INTERRUPTED, Code
from .._task.how_far import how_far
from .._task.operation import BY_PHASE, PHASES
from .._task.response import Request
from .._task.settings import AUTO, DEFAULT_FANOUT, DEFAULT_PROGRESS
from .._task.slice import Slice
from .._task.task import ROLLBACK, Outcome, Task
from .._task.waves import Waves

_VARIABLE = "ocp_run"


@dataclass(frozen=True)
class Ending:
    """The end of a task: the task, its final response, and the log of each subtask that ended with it, by id."""

    task: Task
    response: dict[str, t.Any]
    logs: dict[int, str]


@dataclass
class Run:
    """A run of a playbook.

    response_file: path of the file for the response; None without one, in check mode, and if another run writes it.
    report_file: the same for the report. executor: the run in the store; None if the task is not kept. transport: see
    settings.py. fanout: the number of hosts at the same time. progress: seconds between lines about the progress of a
    phase. task: None for a refused request, and for a workflow in check mode. resumed: whether the task has run before.
    cancelled: whether the task was cancelled. response: to the request, only from the first action. slice: the state of
    a slice of a workflow; task is then only the part of the slice. barrier_error: the error of a broken barrier, behind
    which no host goes on. problem: the reason why the end of the task could not be stored. no_task: the reason why
    there is no task. held: the phase whose barrier would hold hosts, which go on in check mode. waves: of the
    operation; each of them is then a run of its own, and this run has no task, except in check mode.
    """

    request: Request
    response_file: str | None = None
    report_file: str | None = None
    check_mode: bool = False
    executor: Executor | None = None
    transport: str = AUTO
    fanout: int = DEFAULT_FANOUT
    progress: int = DEFAULT_PROGRESS
    task: Task | None = None
    resumed: bool = False
    cancelled: bool = False
    response: dict[str, t.Any] | None = None
    slice: Slice | None = None
    barrier_error: str | None = None
    problem: str | None = None
    no_task: str | None = None
    held: str | None = None
    waves: Waves | None = None

    @classmethod
    def current(cls, variables: t.Mapping[str, t.Any]) -> Run | None:
        """The run of a playbook; None outside of one. variables: as in registered()."""
        return cls.of(registered(variables))

    @classmethod
    def of(cls, registered: t.Mapping[str, t.Any]) -> Run | None:
        """The run, from the value that an action has registered; None if it has none. Raises ValueError."""
        if "state" not in registered:
            return None
        try:
            return cls.load(json.loads(registered["state"]))
        except (KeyError, TypeError, ValueError) as exc:
            raise ValueError(f"{_VARIABLE} of localhost is not what this collection registers: {exc!r}") from exc

    @classmethod
    def load(cls, data: t.Mapping[str, t.Any]) -> Run:
        """The run, from dump()."""
        executor, task, taken, waves = data["executor"], data["task"], data["slice"], data["waves"]
        return cls(
            **{
                **data,
                "request": Request(**data["request"]),
                "executor": Executor(**executor) if executor else None,
                "task": Task.load(task) if task else None,
                "slice": Slice.load(taken) if taken else None,
                "waves": Waves(**waves) if waves else None,
            }
        )

    def dump(self) -> dict[str, t.Any]:
        """The run in plain types, for load()."""
        return {
            **vars(self),
            "request": self.request.dump(),
            "executor": asdict(self.executor) if self.executor else None,
            "task": self.task.dump() if self.task else None,
            "slice": asdict(self.slice) if self.slice else None,
            "waves": asdict(self.waves) if self.waves else None,
        }

    def register(self) -> dict[str, t.Any]:
        """The value that an action registers: the whole run as a text, C(state), and the values that plays need.

        C(task) (C(id), C(status), and the number of its C(hosts); no key without a task), C(timeouts) (seconds by
        phase), C(goal), C(resumed), C(answered) (whether there is a response), C(due) (the phases that are due on
        hosts), C(names) (of Ansible tasks, by these phases), C(barriers) (the phases whose barrier has work), C(heart)
        (see token), and if present C(waves) (the number of runs) and C(no_task).
        """
        task = self.task
        found: dict[str, t.Any] = {
            "state": json.dumps(self.dump()),
            "timeouts": task.timeouts if task else {},
            "goal": task.what.goal if task else "",
            "resumed": self.resumed,
            "answered": self.response is not None,
            "heart": self.token,
            "due": (due := list(self.due)),
            "names": {phase: BY_PHASE[phase].task for phase in due},
            "barriers": self._barriers(),
        }
        if task:
            found["task"] = {"id": task.id, "status": task.status, "hosts": len(task.targets)}
        if self.waves and not task:
            found["waves"] = len(self.waves.hosts)
        if self.no_task:
            found["no_task"] = self.no_task
        return found

    @property
    def the_task(self) -> Task:
        """The task of a run that has one. Raises ValueError."""
        if self.task is None:
            raise ValueError("the run has no task")
        return self.task

    @property
    def token(self) -> str:
        """The token of the executor with a heartbeat, see heartbeat.py; empty without one."""
        return self.executor.token if self.executor and not self.check_mode else ""

    @property
    def due(self) -> dict[str, dict[str, dict[str, t.Any]]]:
        """The known C(home) and C(ran_as) of each host that is due, by phase, then by inventory name.

        Nothing is due behind a broken barrier.
        """
        if self.task is None or self.barrier_error or (self.slice and self.slice.problem):
            return {}
        records, targets = self.task.records, self.task.targets
        return {
            phase: {targets[index].host: records[index].known() for index in indices}
            for phase, indices in self.task.work().items()
        }

    def _barriers(self) -> list[str]:
        """The phases whose plays wait. In a slice these plays only hand in outcomes."""
        if self.task is None or self.barrier_error:
            return []
        return [phase for phase in self.due if phase != PHASES[-1]] if self.slice else self.task.barriers()

    def end(
        self, outcomes: t.Mapping[str, t.Mapping[int, Outcome]], cause: tuple[Code, str] | None = None
    ) -> Ending:
        """End the task.

        outcomes: of the hosts that were due, by phase, then by host index. Due hosts without an outcome have failed.
        cause: of an early end of the run, unless the run has it; it is the cause of failures without an outcome.
        """
        task = self.the_task
        if self.cancelled:
            cause = cause or (CANCELLED, "the task was cancelled")
        elif self.barrier_error:
            cause = cause or (INTERRUPTED, self.barrier_error)
        settled = [
            pair for phase, answers in outcomes.items() for pair in task.settle(phase, answers, complete=not cause)
        ]
        if task.operation == ROLLBACK:
            task.unwind()
        far = how_far(task) if cause and not task.work() else ""  # the barrier's failure tells of all hosts
        failure = Outcome.failure(cause[0], f"{cause[1]}. {far}" if far else cause[1]) if cause else None
        cancelled = cause is not None and cause[0] == CANCELLED
        settled += task.close(iso_now(), failure, cancelled=cancelled, worked=bool(settled))
        # A plan must never be taken for the deed.
        context = {"check_mode": "true"} if self.check_mode else {}
        logs = subtask_log.blocks(task, settled, self.request.trace_id, self.request.context)
        answered = task.copy()
        if self.held:
            answered.hold_back(self.held)
        return Ending(task, self.request.respond(answered, context), logs)


def registered(variables: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """The value that the last action on a host has registered, see Run.register(); empty outside of a run.

    variables: of the host, with templates as they are. The host is localhost, except for a request that is refused
    since a limit leaves localhost out.
    """
    try:
        found = variables[_VARIABLE]["run"]
    except (KeyError, TypeError):
        return {}
    return found if isinstance(found, t.Mapping) else {}
