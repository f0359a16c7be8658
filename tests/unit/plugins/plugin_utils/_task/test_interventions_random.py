# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random ways of a task through failures, cuts and interventions, with checks at every step and at the end.

The agents are a model that tells the truth: the effect of a phase on the agent of a host, and the answer of the host
program. Answers may be lost, runs cut off and cancelled.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    CANCELLED,
    INTERRUPTED,
    NO_CONNECTION,
    STILL_RUNNING,
    OcpError,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry, rollback, skip
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import OPERATIONS, PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import (
    CANCEL,
    EXECUTE,
    FAILED,
    PENDING,
    RETRY,
    ROLLBACK,
    RUNNING,
    SKIP,
    SUCCESSFUL,
    Outcome,
    Task,
)

STARTED, FINISHED = "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00"
RAN = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}
RUNS = 30  # for each operation


@dataclass
class World:
    """The hosts. runs: whether the agent runs, by host. trouble: how often a phase fails or an answer is lost."""

    random: random.Random
    runs: list[bool]
    trouble: float = 0.0
    asked: list[tuple[str, int]] = field(default_factory=list)

    def work(self, phase: str, host: int) -> Outcome:
        """Carry out a phase on a host. Returns what arrives of the host program's answer."""
        self.asked.append((phase, host))
        kind = self.random.choice(("no work", "refuses", "half", "lost")) if self.random.random() < self.trouble else ""
        if kind == "no work":
            return Outcome.failure(INTERRUPTED, "before its turn")
        ran_as = RAN if self.runs[host] else None
        if kind == "refuses":
            return self._answer(STILL_RUNNING.code, False, ran_as)
        wanted = {"stop": False, "start": True}.get(phase, self.runs[host])
        changed, self.runs[host] = wanted != self.runs[host], wanted
        if kind == "lost":
            return Outcome.failure(NO_CONNECTION, "lost", STARTED, FINISHED)
        return self._answer(STILL_RUNNING.code if kind == "half" else None, changed, ran_as)

    @staticmethod
    def _answer(code: str | None, changed: bool, ran_as: dict[str, object] | None) -> Outcome:
        idle = ran_as is None
        return Outcome(code, code and "why", STARTED, FINISHED, changed=changed, home="/h", ran_as=ran_as, idle=idle)


def check(task: Task) -> Task:
    """Check what holds at any moment. Returns the task as it comes back from the store."""
    phases = [node.phase for node in task.what.nodes]
    for subtask in task.subtasks:
        assert subtask.error or subtask.status != FAILED
        assert not subtask.error or subtask.status == FAILED
        assert subtask.operation in (EXECUTE, RETRY, ROLLBACK, SKIP, CANCEL)
        assert subtask.run_time >= 1
    goal = PENDING if task.operation == ROLLBACK else SUCCESSFUL
    everywhere = all(subtask.status == goal for subtask in task.subtasks)
    assert (task.status == SUCCESSFUL) <= everywhere
    assert (task.status == FAILED) <= bool(task.failures)
    assert (task.status == RUNNING) == (task.finished is None)
    if task.status != RUNNING:
        assert task.work() == {}
        assert not any(subtask.due for subtask in task.subtasks)
    for record in task.records:
        assert set(record.touched) <= {phase for phase in phases if task.what.node(phase).undo}
        assert len(set(record.touched)) == len(record.touched)
    _check_order(task)
    loaded = Task.load(json.loads(json.dumps(task.dump())))
    assert loaded == task
    return loaded


def _check_order(task: Task) -> None:
    """No subtask is due before its predecessors have ended (in a rollback: its successors)."""
    for position, stage in enumerate(task.stages):
        for subtask in stage:
            if not subtask.due or subtask.parallel_idx < 0:
                continue
            if task.operation == ROLLBACK:
                assert all(later.status == PENDING for below in task.stages[position + 1 :] for later in below)
                assert task.records[subtask.parallel_idx].must_undo(subtask.phase)
            elif position:
                assert task.stages[position - 1][0].status == SUCCESSFUL
                assert task.stages[position - 2][subtask.parallel_idx].status == SUCCESSFUL


def run(task: Task, world: World, *, cut: bool) -> Task:
    """One run of a playbook on a task that was begun or taken up."""
    task.begin()
    dice = world.random
    for phase in PHASES:
        due = task.work().get(phase, [])
        outcomes = {index: world.work(phase, index) for index in due if not cut or dice.random() < 0.9}
        if len(outcomes) < len(due) and dice.random() < 0.5:
            cancelled = dice.random() < 0.5
            task.settle(phase, outcomes, complete=False)
            if task.operation == ROLLBACK:
                task.unwind()
            cause = CANCELLED if cancelled else INTERRUPTED
            task.close(FINISHED, Outcome.failure(cause, "cut off"), cancelled=cancelled)
            return check(task)
        shown, before = phase in task.barriers(), task.dump()
        task.settle(phase, outcomes)
        task = check(task)
        task.pass_wait(phase, STARTED, FINISHED)
        task.begin()
        task = check(task)
        if phase != PHASES[-1]:  # the report settles the last one
            assert shown or task.dump() == before, "the play of a barrier that has something to do is not run"
    if task.operation == ROLLBACK:
        task.unwind()
    if cut and dice.random() < 0.2:  # between two phases
        task.close(FINISHED, Outcome.failure(CANCELLED, "cut off"), cancelled=True)
    else:
        task.close(FINISHED)
    return check(task)


def intervene(task: Task, dice: random.Random) -> set[str]:
    """Choose an intervention that OCP allows now. Returns the phases of the skipped subtasks."""
    failed = [subtask.id for subtask in task.failures]
    choice = dice.choice((RETRY, RETRY, SKIP, ROLLBACK)) if task.operation != ROLLBACK else ROLLBACK
    times = {subtask.id: subtask.run_time for subtask in task.subtasks}
    if choice == RETRY:
        retry(task)
        assert {s.id: s.run_time - times[s.id] for s in task.subtasks} == {s.id: s.id in failed for s in task.subtasks}
    elif choice == SKIP:
        skipped = dice.sample(failed, dice.randint(1, len(failed)))
        skip(task, skipped)
        return {subtask.phase for subtask in task.subtasks if subtask.id in skipped}
    else:
        rollback(task)
    return set()


def unknown(task: Task) -> bool:
    """Whether undoing fails only where the former state is unknown: Prepare was skipped, or an answer was lost."""
    for stage in reversed(task.stages) if task.operation == ROLLBACK else ():
        causes = [subtask.error["message"] for subtask in stage if subtask.error]
        if causes:
            return all("not known whether the agent ran" in cause for cause in causes)
    return False


def refuse_everything(task: Task) -> None:
    before = task.dump()
    for attempt in (retry, rollback, lambda task: skip(task, [task.subtasks[0].id])):
        with pytest.raises(OcpError):
            attempt(task)
    assert task.dump() == before


@pytest.mark.parametrize("definition", OPERATIONS)
def test_whatever_happens(new_task: Callable[..., Task], definition: str) -> None:
    ends: Counter[str] = Counter()
    for seed in range(RUNS):
        dice = random.Random(f"{definition} {seed}")
        hosts = dice.choice((1, 2, 3, 5))
        task = check(new_task(hosts, definition, max_fail_percentage=dice.choice((0, 0, 34, 100))))
        world = World(dice, [dice.random() < 0.8 for dummy in range(hosts)], trouble=dice.choice((0.02, 0.1, 0.4)))
        before = list(world.runs)
        wanted = OPERATIONS[definition].goal != "stopped"
        skipped: set[str] = set()
        task = run(task, world, cut=True)
        for attempt in range(60):
            if task.status == SUCCESSFUL or unknown(task):
                break
            skipped |= intervene(task, dice)
            task = check(task)
            world.trouble *= 0.9
            task = run(task, world, cut=attempt < 10)
        if unknown(task):
            assert "prepare" in skipped, f"seed {seed}: Prepare tells how the agent runs"
            continue
        assert task.status == SUCCESSFUL, seed
        refuse_everything(task)
        if task.operation == ROLLBACK:
            assert world.runs == before, f"seed {seed}: undone is as before"
        elif not skipped:
            assert world.runs == [wanted] * hosts, f"seed {seed}: done is what was asked for"
        ends[task.operation] += 1
    assert min(ends[EXECUTE], ends[RETRY], ends[ROLLBACK]) > 0, f"else it proves little: {ends}"


@pytest.mark.parametrize("definition", OPERATIONS)
def test_no_host_is_asked_again_for_what_it_has_done(new_task: Callable[..., Task], definition: str) -> None:
    for seed in range(RUNS):
        dice = random.Random(f"{definition} {seed}")
        task = new_task(3, definition, max_fail_percentage=dice.choice((0, 67)))
        world = World(dice, [True] * 3, trouble=0.2)
        task = run(task, world, cut=False)
        for dummy in range(30):
            if task.status == SUCCESSFUL:
                break
            done = {(s.phase, s.parallel_idx) for s in task.subtasks if s.status == SUCCESSFUL and s.parallel_idx >= 0}
            retry(task)
            world.asked.clear()
            world.trouble *= 0.9
            task = run(task, world, cut=False)
            assert not done.intersection(world.asked)
        assert task.status == SUCCESSFUL
