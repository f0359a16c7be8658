# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The plan of a run in check mode, for each host and as the last screen."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import DAEMONS

from .._task.alerts import of_stop
from .._task.host_ids import Target
from .._task.last_screen import compose, failures
from .._task.layout import COLUMNS, plural, ranges, wrap
from .._task.operation import title
from .._task.printable import in_line
from .._task.report import headline
from .._task.task import ROLLBACK, SUCCESSFUL, Task
from .._task.waves import Waves
from .._task.waves_report import plan as in_waves
from .._task.ways_on import Caller, Way, share_of, status_of

_GROUPS = 5
_NAMES = 2  # lines

Result = t.Callable[[str, str], t.Mapping[str, t.Any] | None]


@dataclass(frozen=True)
class Intention:
    """The plan for a host. text: with process ids. kind: without them, which is equal for similar hosts."""

    target: Target
    text: str
    kind: str


def intentions(task: Task, result: Result, names: t.Iterable[str] = ()) -> list[Intention]:
    """The plans of a run in check mode, for each host.

    result: gives the result of a phase on a host by their names. names: of hosts in the wanted order. Other hosts
    follow in the order of the request.
    """
    order = {name: index for index, name in enumerate(names)}
    targets = sorted(task.targets, key=lambda target: order.get(target.host, len(order)))
    return [
        Intention(target, _intention(task, target, result, _with_pid), _intention(task, target, result, _name))
        for target in targets
    ]


def plan(found: t.Iterable[Intention]) -> list[str]:
    """The plan of a run in check mode, one line for each host."""
    return [f"{one.target}: {one.text}" for one in found]


def message(task: Task, held: str | None) -> str:
    """The result of a run in check mode in one line. held: the phase whose barrier would hold hosts."""
    failed = f", {len(task.failures)} FAILED" if task.failures else ""
    said = f"check mode, nothing was changed: {headline(task)}{failed}"
    return f"{said}. {_held(task, held)}" if held else said


def screen(
    task: Task,
    found: t.Sequence[Intention],
    caller: Caller | None,
    *,
    held: str | None,
    resumed: bool,
    waves: Waves | None = None,
) -> list[str]:
    """The last screen of a run in check mode.

    found: from intentions(). caller: as in last_screen(). held: the phase whose barrier would hold hosts. resumed:
    whether the task has run before. waves: of the operation.
    """
    head = wrap(f"Check mode, nothing was changed: {task.name}, {plural(len(task.targets), 'host')}", COLUMNS, 2)
    failed = {subtask.parallel_idx for subtask in task.failures}
    broken = {task.targets[index].host for index in failed if index >= 0}
    kinds: dict[str, list[str]] = {}
    for one in found:
        if one.target.host not in broken:
            kinds.setdefault(one.kind, []).append(in_line(one.target.host))
    groups = sorted(kinds.items(), key=lambda item: -len(item[1]))
    if waves:
        said, held = _waves(task, waves, held=held is not None), None
        head += [line for text in said for line in wrap(text, COLUMNS, 3)]
    elif held:
        head += wrap(_held(task, held), COLUMNS, 2)
    if kinds:
        head += ["", "WITHOUT THEM IT WOULD DO" if held else "IT WOULD DO"]
    for kind, hosts in groups[:_GROUPS]:
        head += wrap(f"{plural(len(hosts), 'host')}: {kind}", COLUMNS, 2)
        head += [f"    {line}" for line in wrap(ranges(hosts), COLUMNS - 4, _NAMES)]
    if len(groups) > _GROUPS:
        others = [host for _kind, hosts in groups[_GROUPS:] for host in hosts]
        head.append(f"and {len(groups) - _GROUPS} other things on {plural(len(others), 'host')}: -v shows each")
    ways = _ways(task, broken, held)
    # No command knows the ids of a task that was not created.
    failed_now = failures(task) if resumed else [replace(failure, subtask=None) for failure in failures(task)]
    stops = task.what.goal == "stopped" and task.operation != ROLLBACK
    return compose(head, failed_now, ways, caller, [of_stop()] if stops and kinds else [])


def _ways(task: Task, broken: t.Collection[str], held: str | None) -> list[Way]:
    if task.status == SUCCESSFUL or (broken and not held and len(broken) < len(task.targets)):
        return [Way("Do it:", "", again=True, template="the same template as a run")]
    status = status_of([target.host_id for target in task.targets if target.host in broken])
    ways = []
    if held and 0 < len(broken) < len(task.targets):
        share = share_of(len(broken), len(task.targets))
        template = f"the same template as a run, hosts that may fail {share}"
        ways = [Way("Without them:", "", [f"ocp_max_fail_percentage={share}"], again=True, template=template)]
    return [*ways, status]


def _waves(task: Task, waves: Waves, *, held: bool) -> list[str]:
    """The waves, and the first one after which no other would begin. held: whether a failed host holds others."""
    found = [in_waves(waves)]
    failing = {task.targets[subtask.parallel_idx].host_id for subtask in task.failures if subtask.parallel_idx >= 0}
    names = {target.host_id: target.host for target in task.targets}
    for index, ids in enumerate(waves.hosts):
        failed = [names[one] for one in ids if one in failing]
        if failed and (held or 100 * len(failed) / len(ids) > waves.share):
            left = sum(map(len, waves.hosts[index + 1 :]))
            verb = "fails" if len(failed) == 1 else "fail"
            found.append(
                f"It would stop at wave {waves.first + index}: {ranges(failed)} {verb}, and "
                f"{plural(left, 'host')} after it would not be begun"
            )
            break
    return found


def _held(task: Task, held: str) -> str:
    """The number of hosts that would be held, and the hosts that fail. held: the phase whose barrier would hold."""
    failing = [task.targets[s.parallel_idx].host for s in task.failures if s.phase == held and s.parallel_idx >= 0]
    others = len(task.targets) - len(failing)
    word = title(held)
    if not others:
        return f"No host would be worked on: all fail in {word}"
    verb = "fail" if len(failing) != 1 else "fails"
    return f"{plural(others, 'host')} would be held: {ranges(failing)} {verb} in {word}"


def _intention(task: Task, target: Target, result: Result, named: t.Callable[[t.Mapping[str, t.Any]], str]) -> str:
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
    parts = [_signals({"processes": proxy}, named)] if proxy else []
    parts += [_signals(results["stop"], named)] if "stop" in came and (stops or len(came) == 1) else []
    if "start" in came:
        parts.append("start the agent" if starts else "nothing to start, the agent runs")
    return ", then ".join(parts)


def _signals(result: t.Mapping[str, t.Any], named: t.Callable[[t.Mapping[str, t.Any]], str]) -> str:
    daemons: list[str] = []
    others: list[str] = []
    for process in result["processes"]:
        (daemons if process["program"] in DAEMONS else others).append(named(process))
    steps = [f"SIGTERM to {', '.join(names)}" for names in (daemons, others) if names]
    return ", then, if it is left, ".join(steps) or "nothing, the agent is stopped"


def _with_pid(process: t.Mapping[str, t.Any]) -> str:
    return f"{process['program']} (pid {process['pid']})"


def _name(process: t.Mapping[str, t.Any]) -> str:
    return str(process["program"])
