# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The state of a run: what its actions hand on to each other in a registered variable of localhost.

A dict in plain types with the keys
C(request) (Request.dump()), C(response_file), C(check_mode), C(executor) (of the store; None where the task is not
kept), C(response) (the answer to the request; from the first action only) and, unless the request was refused, C(task)
(Task.dump()), C(due) (by phase, then by inventory name, what the task knows of the host), C(timeouts) (seconds by
phase), C(goal), C(resumed) (whether the task has run before), C(cancelled), and C(barrier_error) where a barrier broke.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from . import _subtask_log
from ._clock import iso_now
from ._errors import CANCELLED, INTERRUPTED, Code
from ._response import Request
from ._task import ROLLBACK, Outcome, Task

_VARIABLE = "wait_result"  # accepting a request registers it, too


def current(hostvars: t.Any) -> dict[str, t.Any]:
    """The state that the run is in, as the controller's last action has left it; empty outside of a run."""
    try:
        return t.cast("dict[str, t.Any]", hostvars.raw_get("localhost")[_VARIABLE]["run"])
    except (AttributeError, KeyError, TypeError):
        return {}


def holding(task: Task) -> dict[str, t.Any]:
    """The part of the state that follows from the task."""
    return {
        "task": task.dump(),
        "due": {
            phase: {
                task.targets[index].host: {"home": task.records[index].home, "ran_as": task.records[index].ran_as}
                for index in indices
            }
            for phase, indices in task.work().items()
        },
        "timeouts": task.timeouts,
        "goal": task.what.goal,
    }


@dataclass(frozen=True)
class Ending:
    """The end of a task: the task, its final response, and the log of each subtask that ended with it, by id."""

    task: Task
    response: dict[str, t.Any]
    logs: dict[int, str]


def end(
    run: t.Mapping[str, t.Any],
    outcomes: t.Mapping[str, t.Mapping[int, Outcome]],
    cause: tuple[Code, str] | None = None,
) -> Ending:
    """End the task of a run.

    outcomes: by phase, then by host index, what the hosts that were due have answered; others have failed. cause: why
    the run ended early, where it did and the state does not tell: what has no outcome has failed for this.
    """
    task = Task.load(run["task"])
    request = Request(**run["request"])
    if run["cancelled"]:
        cause = cause or (CANCELLED, "the task was cancelled")
    elif "barrier_error" in run:
        cause = cause or (INTERRUPTED, run["barrier_error"])
    settled = [pair for phase, answers in outcomes.items() for pair in task.settle(phase, answers, complete=not cause)]
    if task.operation == ROLLBACK:
        task.unwind()
    failure = Outcome.failure(*cause) if cause else None
    cancelled = cause is not None and cause[0] == CANCELLED
    settled += task.close(iso_now(), failure, cancelled=cancelled, worked=bool(settled))
    # A plan must never be taken for the deed.
    context = {"check_mode": "true"} if run["check_mode"] else {}
    logs = _subtask_log.blocks(task, settled, request.trace_id, request.context)
    return Ending(task, request.answer(task, context), logs)
