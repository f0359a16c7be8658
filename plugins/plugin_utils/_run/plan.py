# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What a run in check mode would do."""

from __future__ import annotations

import typing as t

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import DAEMONS

from .._task.host_ids import Target
from .._task.task import ROLLBACK, Task


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
