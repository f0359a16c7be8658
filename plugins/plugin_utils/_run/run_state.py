# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The state of a run: what its actions hand on to each other in a registered variable of localhost.

It is registered as a text: Ansible walks through whatever else a task registers, at every task that follows, and for
hundreds of hosts that costs more than the tasks. A dict in plain types with the keys C(request) (Request.dump()),
C(response_file), C(check_mode), C(executor) (of the store; None where the task is not kept), C(response) (the answer
to the request; from the first action only) and, unless the request was refused, C(task) (Task.dump()), C(due) (by
phase, then by inventory name, what the task knows of the host), C(barriers) (the phases behind which a barrier has
something to do), C(timeouts) (seconds by phase), C(goal), C(resumed) (whether the task has run before), C(cancelled),
and C(barrier_error) where a barrier broke.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from .._task import subtask_log
from .._task.clock import iso_now
from .._task.errors import CANCELLED, INTERRUPTED, Code
from .._task.how_far import how_far
from .._task.response import Request
from .._task.task import ROLLBACK, Outcome, Task

_VARIABLE = "wait_result"  # accepting a request registers it, too


def sealed(run: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What an action registers of the state: all of it as a text, C(state), and the little that plays ask for.

    C(task) (C(id), C(status), and the number of its C(hosts); no key without a task), C(timeouts), C(goal), C(resumed),
    C(answered) (whether there is a response to be told), C(due) (the phases that are due on hosts), C(barriers) (those
    behind which a barrier has something to do), C(heart) (the token of the executor whose heart beats, empty without
    one), and C(no_task) (why there is no task, where a slice says so).
    """
    found: dict[str, t.Any] = {
        "state": json.dumps(run),
        "timeouts": dict(run.get("timeouts", {})),
        "goal": run.get("goal", ""),
        "resumed": bool(run.get("resumed")),
        "answered": "response" in run,
        "heart": heart(run),
        "due": list(run.get("due", {})),
        "barriers": _barriers(run),
    }
    if "task" in run:
        task = run["task"]
        found["task"] = {"id": task["id"], "status": task["status"], "hosts": len(task["targets"])}
    if "no_task" in run:
        found["no_task"] = run["no_task"]
    return found


def heart(run: t.Mapping[str, t.Any]) -> str:
    """The token of the executor whose heart beats for a run, see heartbeat.py; empty without one. run: the state."""
    executor = run["slice"]["executor"] if "slice" in run else run.get("executor")
    return str(executor["token"]) if executor and not run.get("check_mode") else ""


def _barriers(run: t.Mapping[str, t.Any]) -> list[str]:
    """The phases whose plays wait: those of a slice hand in only what its hosts have answered."""
    if "barrier_error" in run:
        return []
    return list(run.get("due", {})) if "slice" in run else list(run.get("barriers", ()))


def opened(registered: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The state, from what an action has registered of it; empty where that is nothing."""
    return t.cast("dict[str, t.Any]", json.loads(registered["state"])) if "state" in registered else {}


def registered(variables: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """What the last action on a host has registered of the state, see sealed(); empty outside of a run.

    variables: of the host, with templates as they are. That is localhost, but for a request that is refused because a
    limit has left localhost out.
    """
    try:
        found = variables[_VARIABLE]["run"]
    except (KeyError, TypeError):
        return {}
    return found if isinstance(found, t.Mapping) else {}


def current(variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The state that the run is in; empty outside of a run. variables: as registered() has them."""
    return opened(registered(variables))


def known(run: t.Mapping[str, t.Any], phase: str, host: str) -> dict[str, t.Any]:
    """Where and as what the task has worked before on a host: C(home) and C(ran_as), as far as it knows them.

    run: the state, see current(); a host that is not due in the phase is not known.
    """
    found = run.get("due", {}).get(phase, {}).get(host, {})
    return {name: value for name, value in found.items() if value}


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
        "barriers": task.barriers(),
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
    far = how_far(task) if cause and not task.work() else ""  # the barrier's failure tells of all hosts
    failure = Outcome.failure(cause[0], f"{cause[1]}. {far}" if far else cause[1]) if cause else None
    cancelled = cause is not None and cause[0] == CANCELLED
    settled += task.close(iso_now(), failure, cancelled=cancelled, worked=bool(settled))
    # A plan must never be taken for the deed.
    context = {"check_mode": "true"} if run["check_mode"] else {}
    logs = subtask_log.blocks(task, settled, request.trace_id, request.context)
    return Ending(task, request.answer(task, context), logs)
