# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What an operator reads at the end of a run."""

from __future__ import annotations

import typing as t

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import DAEMONS

from .errors import join
from .host_ids import Target
from .how_far import how_far
from .task import CANCEL, FAILED, RETRY, ROLLBACK, SKIP, SUCCESSFUL, Task

_MOST = 20  # failures that a line names
_PREFIX = {RETRY: "Retry of ", ROLLBACK: "Rollback of "}


def summary(task: Task, changed: t.Mapping[str, int] | None = None) -> str:
    """One line: how the task ended, what was done, every failure with its subtask, code and cause, how far all came.

    changed: by phase, on how many hosts this run has changed something; None where it was to change nothing.
    """
    head = f"{_PREFIX.get(task.operation, '')}{task.name}: task {task.id} {task.status}"
    how = f" ({task.operation})" if task.operation in (ROLLBACK, CANCEL) else ""
    done = f": {_done(task, changed)}" if changed is not None else ""
    head = f"{head}{how}, {_hosts(len(task.targets))}{done}"
    node = task.what.node
    skipped = [f"[{node(s.phase).name}] {task.target(s) or ''}".strip() for s in task.subtasks if s.operation == SKIP]
    tail = f". Skipped, and taken for done: {join(skipped, _MOST)}" if skipped else ""
    if task.status != SUCCESSFUL:
        causes = [f"[{node(s.phase).name}] {s.error['code']} {s.error['message']}" for s in task.failures if s.error]
        far = how_far(task)
        told = not far or any(cause.endswith(far) for cause in causes)
        tail = f", {len(task.failures)} {FAILED}: {join(causes, _MOST)}{tail}{'' if told else f'. {far}'}"
    return " ".join(f"{head}{tail}".split())


def _done(task: Task, changed: t.Mapping[str, int]) -> str:
    """What a run has done to agents: each phase that changed some, and on how many hosts."""
    again = " again" if task.operation == ROLLBACK else ""
    words = {"restart_pos_proxy": "with pos proxy restarted", "stop": f"stopped{again}", "start": f"started{again}"}
    parts = [
        f"{count} agent{'' if count == 1 else 's'} {words[phase]}"
        for phase, count in changed.items()
        if count and phase in words
    ]
    return ", ".join(parts) or "no agent was stopped or started"


def plan(task: Task, result: t.Callable[[str, str], t.Mapping[str, t.Any] | None]) -> list[str]:
    """What a run in check mode would do: one line a host.

    result: gives what a phase says that it would do, by the phase and the name of the host.
    """
    return [f"{target}: {_intentions(task, target, result)}" for target in task.targets]


def _intentions(task: Task, target: Target, result: t.Callable[[str, str], t.Mapping[str, t.Any] | None]) -> str:
    operation = task.what
    phases = [node.phase for node in operation.nodes if node.undo]
    if task.operation == ROLLBACK:
        phases = [operation.node(phase).undo or phase for phase in reversed(phases)]
    results = {phase: result(phase, target.host) or {} for phase in phases}
    came = [phase for phase in phases if "processes" in results[phase]]
    if not came:
        done = {subtask.phase for subtask in task.subtasks if task.target(subtask) == target and subtask.ended}
        if task.operation == ROLLBACK or phases[0] in done:
            return "nothing is left to do"
        return f"nothing, {phases[0].capitalize()} would not come to it"
    stops = "stop" in came and bool(results["stop"]["processes"])
    starts = "start" in came and (stops or bool(results["start"].get("changed")))
    proxy = (result("restart_pos_proxy", target.host) or {}).get("processes")
    parts = [_signals({"processes": proxy})] if proxy else []
    parts += [_signals(results["stop"])] if "stop" in came and (stops or len(came) == 1) else []
    if "start" in came:
        parts.append("start the agent" if starts else "nothing to start, the agent runs")
    return ", then ".join(parts)


def _signals(result: t.Mapping[str, t.Any]) -> str:
    daemons: list[str] = []
    others: list[str] = []
    for process in result["processes"]:
        name = f"{process['program']} (pid {process['pid']})"
        (daemons if process["program"] in DAEMONS else others).append(name)
    steps = [f"SIGTERM to {', '.join(names)}" for names in (daemons, others) if names]
    return ", then, if it is left, ".join(steps) or "nothing, the agent is stopped"



def _hosts(count: int) -> str:
    return f"{count} host{'' if count == 1 else 's'}"
