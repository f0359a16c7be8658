# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OCP's asynchronous task as a value: subtasks, their graph, their states, and what a phase's outcome does to them.

Nothing here does I/O or knows Ansible. The rules are those of OCP's task engine, as its open sibling ocp-express and
the public samples of OCP's API show them.
"""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass, field
from itertools import pairwise

from ._errors import CANCELLED, INTERRUPTED, Code
from ._host_ids import Target
from ._operation import OPERATIONS, WAIT, Node

PENDING, READY, RUNNING, SUCCESSFUL, FAILED = "PENDING", "READY", "RUNNING", "SUCCESSFUL", "FAILED"

_NEXT = {
    PENDING: {READY},
    READY: {RUNNING, FAILED},
    RUNNING: {SUCCESSFUL, FAILED},
}


@dataclass(frozen=True)
class Outcome:
    """What a phase did on one host.

    code, message: the cause of a failure; both None when it succeeded. started, finished: ISO 8601 texts of the
    controller's clock, None when the host was never worked on.
    """

    code: str | None = None
    message: str | None = None
    started: str | None = None
    finished: str | None = None

    @classmethod
    def failure(cls, code: Code, message: str, started: str | None = None, finished: str | None = None) -> Outcome:
        return cls(code.code, message, started, finished)


@dataclass
class Subtask:
    """One subtask. parallel_idx is the index of its host in the request, -1 for one that stands for all hosts."""

    id: int
    series_id: int
    phase: str
    name: str
    class_name: str
    timeout: int
    parallel_idx: int
    upstreams: list[int] = field(default_factory=list)
    downstreams: list[int] = field(default_factory=list)
    status: str = PENDING
    operation: str = "EXECUTE"
    run_time: int = 1
    started: str | None = None
    finished: str | None = None
    error: dict[str, str] | None = None

    @property
    def ended(self) -> bool:
        return self.status in (SUCCESSFUL, FAILED)

    def become(self, status: str) -> None:
        if status not in _NEXT.get(self.status, ()):
            raise ValueError(f"subtask {self.id} cannot go from {self.status} to {status}")
        self.status = status

    def settle(self, outcome: Outcome) -> None:
        """End a subtask that was READY as its outcome says."""
        self.started, self.finished = outcome.started, outcome.finished
        if outcome.started is not None:
            self.become(RUNNING)
        self.become(FAILED if outcome.code else SUCCESSFUL)
        if outcome.code:
            self.error = {"code": outcome.code, "message": outcome.message or ""}


@dataclass
class Task:
    """One task. stages: the subtasks by node, in the order of the graph."""

    id: int
    name: str
    creator: str
    executor: str
    started: str
    targets: list[Target]
    stages: list[list[Subtask]]
    status: str = RUNNING
    operation: str = "EXECUTE"
    finished: str | None = None

    @classmethod
    def create(
        cls,
        operation: str,
        targets: t.Sequence[Target],
        *,
        first_id: int,
        creator: str,
        executor: str,
        started: str,
        timeouts: t.Mapping[str, int] | None = None,
    ) -> Task:
        """A new task: every host's first subtask READY, all others PENDING.

        operation: key of OPERATIONS. first_id: the task's id; its subtasks take the ids that follow. timeouts: seconds
        by phase, "wait" included, where they differ from the operation's own.
        """
        definition = OPERATIONS[operation]
        seconds = {**definition.timeouts, **(timeouts or {})}
        plan: list[tuple[Node, list[int]]] = []
        for node in definition.nodes:
            if plan:
                plan.append((WAIT, [-1]))
            plan.append((node, list(range(len(targets)))))
        series = iter(range(sum(len(indices) for _node, indices in plan)))
        stages = [
            [
                Subtask(
                    id=first_id + 1 + (number := next(series)),
                    series_id=number,
                    phase=node.phase,
                    name=node.name,
                    class_name=node.class_name,
                    timeout=seconds[node.phase],
                    parallel_idx=parallel_idx,
                )
                for parallel_idx in indices
            ]
            for node, indices in plan
        ]
        for upper, lower in pairwise(stages):
            for subtask in upper:
                subtask.downstreams = [other.id for other in lower]
            for subtask in lower:
                subtask.upstreams = [other.id for other in upper]
        for subtask in stages[0]:
            subtask.become(READY)
        return cls(first_id, definition.name, creator, executor, started, list(targets), stages)

    @property
    def subtasks(self) -> list[Subtask]:
        return [subtask for stage in self.stages for subtask in stage]

    @property
    def failures(self) -> list[Subtask]:
        return [subtask for subtask in self.subtasks if subtask.status == FAILED]

    def due(self) -> tuple[str, list[int]] | None:
        """The phase whose turn it is and the indices of its hosts; None when no subtask is READY."""
        for stage in self.stages:
            ready = [subtask.parallel_idx for subtask in stage if subtask.status == READY]
            if ready:
                return stage[0].phase, ready
        return None

    def settle(self, outcomes: t.Mapping[int, Outcome]) -> None:
        """Take in the outcomes of the phase that is due, by host index. A READY host without one has failed as well."""
        missing = Outcome.failure(
            INTERRUPTED, "the host was not worked on: left out by --limit, or the run ended before it was its turn"
        )
        for stage in self.stages:
            ready = [subtask for subtask in stage if subtask.status == READY]
            for subtask in ready:
                subtask.settle(outcomes.get(subtask.parallel_idx, missing))
            if ready:
                return

    def pass_wait(self, started: str, finished: str, max_fail_percentage: float = 0) -> list[int]:
        """Pass the wait node behind the phase that has ended last, if its failures allow it.

        max_fail_percentage: the share of all hosts that may have failed so far, 0 to 100; as in Ansible it must be
        exceeded to stop the others. Returns the indices of the hosts that go on, none when the wait node stays PENDING.
        """
        position = max(index for index, stage in enumerate(self.stages) if any(subtask.ended for subtask in stage))
        survivors = [subtask.parallel_idx for subtask in self.stages[position] if subtask.status == SUCCESSFUL]
        failed_percentage = 100 * (len(self.targets) - len(survivors)) / len(self.targets)
        if not survivors or failed_percentage > max_fail_percentage:
            return []
        wait = self.stages[position + 1][0]
        wait.become(READY)
        wait.settle(Outcome(started=started, finished=finished))
        for subtask in self.stages[position + 2]:
            if subtask.parallel_idx in survivors:
                subtask.become(READY)
        return survivors

    def close(self, finished: str, barrier_error: str | None = None) -> None:
        """End the task: SUCCESSFUL when every subtask is, else FAILED, with a FAILED subtask that tells the cause.

        barrier_error: what broke a barrier, where one did.
        """
        done = all(subtask.status == SUCCESSFUL for subtask in self.subtasks)
        if barrier_error or not (done or self.failures):
            # Every phase that ran went well and yet the next one never began: then, too, it was the barrier that broke.
            stuck = next(stage[0] for stage in self.stages if stage[0].phase == WAIT.phase and not stage[0].ended)
            stuck.become(READY)
            stuck.settle(Outcome.failure(INTERRUPTED, barrier_error or "the barrier did not end"))
        self.status = SUCCESSFUL if done else FAILED
        self.finished = finished

    def interrupt(self, code: Code, message: str, finished: str) -> None:
        """End a task whose run ended before its report, once the phase that was due is settled.

        code, message: why it ended: the cause of the subtask that was next, where none has failed. A task that was
        CANCELLED, and its subtasks that were, get the operation CANCEL.
        """
        following = next((subtask for subtask in self.subtasks if subtask.status == PENDING), None)
        if following and not self.failures:
            following.become(READY)
            following.settle(Outcome.failure(code, message))
        self.close(finished)
        if code == CANCELLED and self.status == FAILED:
            self.operation = "CANCEL"
            for subtask in self.failures:
                if subtask.error and subtask.error["code"] == code.code:
                    subtask.operation = "CANCEL"

    def dump(self) -> dict[str, t.Any]:
        """The task in plain types, for load()."""
        return asdict(self)

    @classmethod
    def load(cls, data: t.Mapping[str, t.Any]) -> Task:
        return cls(
            **{
                **data,
                "targets": [Target(**target) for target in data["targets"]],
                "stages": [[Subtask(**subtask) for subtask in stage] for stage in data["stages"]],
            }
        )
