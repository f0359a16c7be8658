# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OCP's asynchronous task as a value: subtasks, their graph, their states, and the effect of outcomes on them.

Nothing here does I/O or knows Ansible. The rules are those of OCP's task engine, as its open sibling ocp-express and
the public samples of OCP's API show them.
"""

from __future__ import annotations

import typing as t
from copy import copy
from dataclasses import asdict, dataclass, field, replace

from .errors import CANCELLED, INTERRUPTED, Code
from .host_ids import Target
from .operation import DEFINITIONS, PHASES, WAIT, Node, Operation
from .waves import Wave

PENDING, READY, RUNNING, CANCELING = "PENDING", "READY", "RUNNING", "CANCELING"
SUCCESSFUL, FAILED = "SUCCESSFUL", "FAILED"
EXECUTE, RETRY, ROLLBACK, SKIP, CANCEL = "EXECUTE", "RETRY", "ROLLBACK", "SKIP", "CANCEL"

_NEXT = {
    PENDING: {READY},
    READY: {RUNNING, FAILED, PENDING},
    RUNNING: {SUCCESSFUL, FAILED, CANCELING, PENDING},
    CANCELING: {SUCCESSFUL, FAILED, PENDING},
    FAILED: {READY, SUCCESSFUL, PENDING},
    SUCCESSFUL: {READY, PENDING},
}
DUE = (READY, RUNNING, CANCELING)  # it is its turn, or it is being worked on
_NOT_TOLD = (
    "it is not known whether the agent ran before the task. The rollback leaves it alone: bring it to the state that "
    "you want by hand"
)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a phase on one host.

    code, message: the cause of a failure; both None for a success. started, finished: ISO 8601 texts of the
    controller's clock, None if the host was never worked on. changed: whether the host was changed, None if unknown.
    home: of the agent. ran_as: how the agent ran before, from the host program. idle: whether the host program reports
    that the agent did not run before. log: pairs of seconds since started and a text.
    """

    code: str | None = None
    message: str | None = None
    started: str | None = None
    finished: str | None = None
    changed: bool | None = None
    home: str | None = None
    ran_as: t.Mapping[str, t.Any] | None = None
    idle: bool = False
    log: t.Sequence[tuple[float, str]] = ()

    @classmethod
    def failure(cls, code: Code, message: str, started: str | None = None, finished: str | None = None) -> Outcome:
        return cls(code.code, message, started, finished)


@dataclass
class Subtask:
    """One subtask. parallel_idx is the index of its host in the request, -1 for a subtask of all hosts."""

    id: int
    series_id: int
    phase: str
    timeout: int
    parallel_idx: int
    status: str = PENDING
    operation: str = EXECUTE
    run_time: int = 1
    started: str | None = None
    finished: str | None = None
    error: dict[str, str] | None = None
    undo_tried: bool = False  # in the current rollback

    @property
    def due(self) -> bool:
        """Whether it is its turn, or it is being worked on."""
        return self.status in DUE

    @property
    def ended(self) -> bool:
        return self.status in (SUCCESSFUL, FAILED)

    def become(self, status: str) -> None:
        if status not in _NEXT[self.status]:
            raise ValueError(f"subtask {self.id} cannot go from {self.status} to {status}")
        self.status = status

    def settle(self, outcome: Outcome) -> None:
        """End a due subtask with its outcome. An undone subtask is PENDING again."""
        if not self.due:
            raise ValueError(f"subtask {self.id} cannot go from {self.status} to an end")
        if outcome.started is None and not outcome.code:
            raise ValueError(f"subtask {self.id} cannot go to its end without having begun")
        if outcome.started is not None and self.status == READY:
            self.become(RUNNING)
        self.clear()
        if outcome.code:
            self.become(FAILED)
            self.error = {"code": outcome.code, "message": outcome.message or ""}
        else:
            self.become(PENDING if self.operation == ROLLBACK else SUCCESSFUL)
        if self.status != PENDING:
            self.started, self.finished = outcome.started, outcome.finished

    def clear(self) -> None:
        """Remove times and error of the last execution, which is in the log."""
        self.started = self.finished = self.error = None


@dataclass
class Record:
    """The state of the agent on one host, as far as a task knows it.

    home: of the agent. ran: whether it ran before the task changed it, None if unknown.
    ran_as: how it ran then, without values of its environment. touched: the phases with an undo that have changed it,
    or may have.
    """

    home: str | None = None
    ran: bool | None = None
    ran_as: dict[str, t.Any] | None = None
    touched: list[str] = field(default_factory=list)

    def take(self, phase: str, outcome: Outcome) -> None:
        """Record one execution of a phase on the host. Call it before its changes are recorded."""
        if outcome.code is None:  # after a failure the next attempt may look elsewhere
            self.home = outcome.home or self.home
        # An agent that runs after a Stop with a lost answer ran before. One that does not run may have run before.
        trusted = not self.touched or (self.touched == [phase] == ["stop"] and outcome.ran_as is not None)
        if self.ran is None and trusted and (outcome.idle or outcome.ran_as is not None):
            self.ran = outcome.ran_as is not None
            self.ran_as = dict(outcome.ran_as) if outcome.ran_as is not None else None

    def known(self) -> dict[str, t.Any]:
        """C(home) and C(ran_as) of the agent, as far as the task knows them."""
        return {name: value for name, value in (("home", self.home), ("ran_as", self.ran_as)) if value}

    def must_undo(self, phase: str) -> bool | None:
        """Whether a rollback has to undo this phase here. It undoes only the task's changes, back to the former state.

        None if that is unknown.
        """
        if phase not in self.touched:
            return False
        if phase == "start" and "stop" in self.touched:
            return True
        return self.ran if phase == "stop" or self.ran is None else not self.ran


@dataclass
class Task:
    """One task.

    definition: key of DEFINITIONS. creator, creator_id: the user's name and number. executor: the controller's address.
    created, started, finished: ISO 8601 texts. targets: the hosts in the order of the request; records: one for each
    target. max_fail_percentage: the share of the hosts, 0 to 100, that may fail without holding the others. stages:
    the subtasks by node, in the order of the graph. wave: which wave of its request it is; None for one without waves.
    """

    id: int
    definition: str
    creator: str
    creator_id: int
    executor: str
    created: str
    started: str
    targets: list[Target]
    records: list[Record]
    stages: list[list[Subtask]]
    max_fail_percentage: float = 0
    prohibit_rollback: bool = False
    status: str = RUNNING
    operation: str = EXECUTE
    finished: str | None = None
    wave: Wave | None = None

    @classmethod
    def create(
        cls,
        definition: str,
        targets: t.Sequence[Target],
        *,
        task_id: int,
        first_subtask_id: int,
        creator: str,
        executor: str,
        started: str,
        creator_id: int = 0,
        timeouts: t.Mapping[str, int] | None = None,
        max_fail_percentage: float = 0,
        prohibit_rollback: bool = False,
        wave: Wave | None = None,
    ) -> Task:
        """A new task. Every host's first subtask is READY, all others are PENDING.

        first_subtask_id: the subtasks take this id and the following ones. timeouts: seconds by phase, "wait"
        included, if they differ from the operation's own.
        """
        operation = DEFINITIONS[definition]
        seconds = {**operation.timeouts, **(timeouts or {})}
        plan: list[tuple[Node, list[int]]] = []
        for node in operation.nodes:
            if plan:
                plan.append((WAIT, [-1]))
            plan.append((node, list(range(len(targets)))))
        series = iter(range(count_subtasks(definition, len(targets))))
        stages = [
            [
                Subtask(first_subtask_id + (number := next(series)), number, node.phase, seconds[node.phase], index)
                for index in indices
            ]
            for node, indices in plan
        ]
        for subtask in stages[0]:
            subtask.become(READY)
        return cls(
            task_id,
            definition,
            creator,
            creator_id,
            executor,
            started,
            started,
            list(targets),
            [Record() for _target in targets],
            stages,
            max_fail_percentage,
            prohibit_rollback,
            wave=wave,
        )

    # Description

    @property
    def what(self) -> Operation:
        return DEFINITIONS[self.definition]

    @property
    def name(self) -> str:
        return self.what.name

    @property
    def subtasks(self) -> list[Subtask]:
        return [subtask for stage in self.stages for subtask in stage]

    @property
    def failures(self) -> list[Subtask]:
        return [subtask for subtask in self.subtasks if subtask.status == FAILED]

    @property
    def timeouts(self) -> dict[str, int]:
        """Seconds by phase that hosts run, and "wait"."""
        return {**self.what.timeouts, **{self._executes(stage): stage[0].timeout for stage in self.stages}}

    def set_timeouts(self, seconds: t.Mapping[str, int]) -> None:
        """Change the time limits of subtasks, by phase that hosts run, and "wait"."""
        for stage in self.stages:
            for subtask in stage:
                subtask.timeout = seconds.get(self._executes(stage), subtask.timeout)

    def target(self, subtask: Subtask) -> Target | None:
        """The host of a subtask, None for a subtask of all hosts."""
        return self.targets[subtask.parallel_idx] if subtask.parallel_idx >= 0 else None

    def neighbours(self) -> t.Iterator[tuple[Subtask, list[int], list[int]]]:
        """Every subtask with the ids of its upstreams and of its downstreams, in the order of the graph."""
        ids = [[], *([subtask.id for subtask in stage] for stage in self.stages), []]
        for position, stage in enumerate(self.stages, start=1):
            for subtask in stage:
                yield subtask, ids[position - 1], ids[position + 1]

    def lies_ahead(self, subtask: Subtask) -> bool:
        """Whether a subtask may still need to contact its host."""
        if self.operation != ROLLBACK:
            return subtask.status != SUCCESSFUL
        return subtask.parallel_idx >= 0 and self.records[subtask.parallel_idx].must_undo(subtask.phase) is True

    @property
    def phases(self) -> list[str]:
        """The phases that a host may have to run, in the order of the playbooks. In a rollback they undo others."""
        own = {node.undo if self.operation == ROLLBACK else node.phase for node in self.what.nodes}
        return [phase for phase in PHASES if phase in own]

    def by_host(self) -> list[list[Subtask]]:
        """The subtasks of each host, in the order of the request."""
        found: list[list[Subtask]] = [[] for _target in self.targets]
        for subtask in self.subtasks:
            if subtask.parallel_idx >= 0:
                found[subtask.parallel_idx].append(subtask)
        return found

    # Progress

    def work(self) -> dict[str, list[int]]:
        """The phases that are due on hosts, each with the indices of its hosts."""
        found: dict[str, list[int]] = {}
        for phase, subtask in self.due():
            found.setdefault(phase, []).append(subtask.parallel_idx)
        return found

    def due(self) -> t.Iterator[tuple[str, Subtask]]:
        """The subtasks that are due on hosts, each with the phase that its host has to run."""
        for stage in self.stages:
            for subtask in stage:
                if subtask.due and subtask.parallel_idx >= 0:
                    yield self._executes(stage), subtask

    def _executes(self, stage: list[Subtask]) -> str:
        """The phase that hosts run for a stage. In a rollback this is the undoing phase."""
        phase = stage[0].phase
        return self.what.node(phase).undo or phase if self.operation == ROLLBACK else phase

    def begin(self) -> None:
        """Make every READY subtask RUNNING."""
        for subtask in self.subtasks:
            if subtask.status == READY:
                subtask.become(RUNNING)

    def settle(
        self, phase: str, outcomes: t.Mapping[int, Outcome], complete: bool = True
    ) -> list[tuple[Subtask, Outcome]]:
        """Settle a phase with its outcomes, by host index.

        complete: whether a due host without an outcome has failed; otherwise it stays due. Returns the
        subtasks that ended, each with its outcome.
        """
        missing = Outcome.failure(
            INTERRUPTED, "the host was not worked on: left out by --limit, or the run ended before it was its turn"
        )
        settled = []
        for stage in self.stages:
            if stage[0].parallel_idx < 0 or self._executes(stage) != phase:
                continue
            for subtask in stage:
                if subtask.due and (complete or subtask.parallel_idx in outcomes):
                    outcome = outcomes.get(subtask.parallel_idx, missing)
                    subtask.settle(outcome)
                    self._note(subtask, outcome)
                    settled.append((subtask, outcome))
        return settled

    def _note(self, subtask: Subtask, outcome: Outcome) -> None:
        record = self.records[subtask.parallel_idx]
        if subtask.operation != ROLLBACK:
            record.take(subtask.phase, outcome)
            if outcome.started is not None and outcome.changed is not False:
                self._touch(subtask)
        elif subtask.status == PENDING:
            record.touched.remove(subtask.phase)

    def _touch(self, subtask: Subtask) -> None:
        """Note that a subtask has changed its host, or may have, where that can be undone."""
        touched = self.records[subtask.parallel_idx].touched
        if self.what.node(subtask.phase).undo and subtask.phase not in touched:
            touched.append(subtask.phase)

    def holds(self, phase: str) -> bool:
        """Whether the wait node behind a phase that has been settled holds the hosts that have done it."""
        if self.operation == ROLLBACK:
            return False
        position = next((n for n, stage in enumerate(self.stages) if stage[0].phase == phase), len(self.stages))
        return position + 1 < len(self.stages) and self._holds(position)

    def hold_back(self, phase: str) -> None:
        """Reset the wait node behind a phase and all later subtasks, as if the hosts had been held there."""
        position = next(n for n, stage in enumerate(self.stages) if stage[0].phase == phase)
        for subtask in (subtask for stage in self.stages[position + 1 :] for subtask in stage):
            subtask.clear()
            subtask.status = PENDING

    def pass_wait(self, phase: str, started: str, finished: str) -> tuple[Subtask, Outcome] | None:
        """Pass the wait node behind a phase if the failures so far allow it; hosts that did the phase go on.

        As in Ansible, the others are held if more than max_fail_percentage have failed. In a rollback the subtasks
        above are undone. Returns the wait node with its outcome if it has ended here.
        """
        if self.operation == ROLLBACK:
            self.unwind()
            return None
        position = next((n for n, stage in enumerate(self.stages) if stage[0].phase == phase), len(self.stages))
        if position + 1 >= len(self.stages) or any(subtask.due for subtask in self.stages[position]):
            return None
        wait, passed = self.stages[position + 1][0], None
        if self._holds(position):
            if wait.due:
                wait.become(PENDING)
            return None
        if wait.status != SUCCESSFUL:
            if wait.status == PENDING:
                wait.become(READY)
            passed = (wait, Outcome(started=started, finished=finished))
            wait.settle(passed[1])
        for subtask in self._let_go(position):
            subtask.become(READY)
        return passed

    def barriers(self) -> list[str]:
        """The phases whose barrier has something to do now: hosts are due, or can continue.

        After a retry or a skip this may be a phase without due hosts.
        """
        found = []
        for position, stage in enumerate(self.stages[:-1]):
            if stage[0].parallel_idx < 0:
                continue
            wait = self.stages[position + 1][0]
            if any(subtask.due for subtask in stage) or (
                self.operation != ROLLBACK
                and (wait.due or (not self._holds(position) and (wait.status == PENDING or self._let_go(position))))
            ):
                found.append(self._executes(stage))
        return found

    def _holds(self, position: int) -> bool:
        """Whether the wait node behind a stage holds the hosts of that stage."""
        wait = self.stages[position + 1][0]
        if wait.status == SUCCESSFUL:
            return False
        survivors = sum(subtask.status == SUCCESSFUL for subtask in self.stages[position])
        failed_percentage = 100 * (len(self.targets) - survivors) / len(self.targets)
        return not survivors or wait.status == FAILED or failed_percentage > self.max_fail_percentage

    def _let_go(self, position: int) -> list[Subtask]:
        """The next subtasks, behind the wait node, of the hosts that have completed a stage."""
        survivors = {subtask.parallel_idx for subtask in self.stages[position] if subtask.status == SUCCESSFUL}
        following = self.stages[position + 2]
        return [subtask for subtask in following if subtask.parallel_idx in survivors and subtask.status == PENDING]

    def unwind(self) -> None:
        """Undo subtasks from the end of the graph upwards, until one needs its host or cannot be undone."""
        for stage in reversed(self.stages):
            for subtask in stage:
                if subtask.status == PENDING or subtask.due or subtask.undo_tried:
                    continue
                undo = subtask.parallel_idx >= 0 and self.records[subtask.parallel_idx].must_undo(subtask.phase)
                subtask.clear()
                subtask.become(PENDING if undo is False else READY)
                subtask.undo_tried = subtask.status == READY
                if undo is None:
                    subtask.settle(Outcome.failure(INTERRUPTED, f"{self.target(subtask)}: {_NOT_TOLD}"))
            if any(subtask.status != PENDING for subtask in stage):
                return

    def close(
        self, finished: str, cause: Outcome | None = None, *, cancelled: bool = False, worked: bool = False
    ) -> list[tuple[Subtask, Outcome]]:
        """End the task. It is SUCCESSFUL if all is done (in a rollback: undone), else FAILED with a failed subtask.

        cause: the reason of an early end. Due subtasks fail for it. Without due and failed ones, the next barrier
        fails for it. cancelled: the task was cancelled, and subtasks that failed for that say so. worked: outcomes
        were settled just before, so that their failures are reason enough. Returns the subtasks that ended here, each
        with its outcome.
        """
        early = cause is not None and not worked
        cause = cause or Outcome.failure(INTERRUPTED, "the barrier did not end")
        ended = [subtask for subtask in self.subtasks if subtask.due]
        for subtask in ended:
            if subtask.status != READY and subtask.parallel_idx >= 0 and subtask.operation != ROLLBACK:
                self._touch(subtask)
        goal = PENDING if self.operation == ROLLBACK else SUCCESSFUL
        left = [subtask for subtask in self.subtasks if subtask.status != goal]
        told = {subtask.error["code"] for subtask in self.failures if subtask.error}
        if left and not ended and (not told or (early and cause.code not in told)):
            ended = self._next()
            for subtask in ended:
                subtask.become(READY)
        settled = []
        for subtask in ended:
            target = self.target(subtask)
            settled.append((subtask, replace(cause, message=f"{target}: {cause.message}") if target else cause))
            subtask.settle(settled[-1][1])
        self.status = FAILED if left else SUCCESSFUL
        self.finished = finished
        for subtask in self.failures if cancelled else ():
            if subtask.error and subtask.error["code"] == CANCELLED.code:
                subtask.operation = CANCEL
                self.operation = ROLLBACK if self.operation == ROLLBACK else CANCEL
        return settled

    def _next(self) -> list[Subtask]:
        """The next subtask of a task that is cut off between two phases, as a list of one or none."""
        if self.operation == ROLLBACK:
            return [subtask for subtask in self.subtasks if subtask.status == SUCCESSFUL][-1:]
        waits = [stage[0] for stage in self.stages if stage[0].parallel_idx < 0 and stage[0].status == PENDING]
        clear = [
            after
            for before, behind in zip(self.stages[::2], self.stages[2::2], strict=False)
            for subtask, after in zip(before, behind, strict=True)
            if subtask.status == SUCCESSFUL and after.status == PENDING
        ]
        return (waits or clear)[:1]

    def dump(self) -> dict[str, t.Any]:
        """The task in plain types, for load().

        asdict() would copy deeply, which for 1,000 hosts takes ten times as long.
        """
        return {
            **vars(self),
            "wave": asdict(self.wave) if self.wave else None,
            "targets": [dict(vars(target)) for target in self.targets],
            "records": [{**vars(record), "touched": list(record.touched)} for record in self.records],
            "stages": [[dict(vars(subtask)) for subtask in stage] for stage in self.stages],
        }

    def copy(self) -> Task:
        """An independent copy of the task."""
        records = [replace(record, touched=list(record.touched)) for record in self.records]
        stages = [[copy(subtask) for subtask in stage] for stage in self.stages]
        return replace(self, targets=list(self.targets), records=records, stages=stages)

    @classmethod
    def load(cls, data: t.Mapping[str, t.Any]) -> Task:
        return cls(
            **{
                **data,
                "wave": Wave(**data["wave"]) if data.get("wave") else None,
                "targets": [Target(**target) for target in data["targets"]],
                "records": [Record(**{**record, "touched": list(record["touched"])}) for record in data["records"]],
                "stages": [[Subtask(**subtask) for subtask in stage] for stage in data["stages"]],
            }
        )


def count_subtasks(definition: str, hosts: int) -> int:
    """The number of subtasks of a task with so many hosts."""
    nodes = len(DEFINITIONS[definition].nodes)
    return nodes * hosts + nodes - 1
