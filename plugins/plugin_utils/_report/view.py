# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The content of the report of a task, as plain values.

Texts from hosts and people are made printable here. The templates escape markup in them.
"""

from __future__ import annotations

import math
import typing as t
from dataclasses import dataclass
from datetime import datetime

from .._task import how_far
from .._task.causes import by_cause
from .._task.last_screen import failures
from .._task.operation import title
from .._task.printable import in_line
from .._task.report import headline, skipped
from .._task.task import FAILED as STATUS_FAILED
from .._task.task import RUNNING as STATUS_RUNNING
from .._task.task import SUCCESSFUL, Subtask, Task
from .._task.ways_on import Caller, is_held, lines_of_shell, ways_on
from . import graph, log
from .axis import WIDTH, Axis, Tick, moment
from .words import DONE, FAILED, KINDS, RUNNING, SIGNS, UNDONE, WORDS, kind_of

MOST_LOGS = 2_500_000  # characters of all logs together
_MOST_LOG = 60_000  # of one subtask
_NARROWEST = 2.0  # of a bar, so that a short phase is visible


@dataclass(frozen=True)
class Page:
    """The parts of a page from its caller.

    changed: the number of changed hosts by phase; None without a run that has just ended. caller: the command line of
    ansible-playbook, for the commands on the page; None in AWX, which launches job templates. store: whether the task
    is kept. facts: further pairs of a label and a text. notes: lines. made: the time, as ISO 8601. trace_id: of the
    request of the run, empty without a run.
    """

    changed: t.Mapping[str, int] | None
    caller: Caller | None
    store: bool
    facts: t.Sequence[tuple[str, str]]
    notes: t.Sequence[str]
    made: str
    trace_id: str = ""


@dataclass(frozen=True)
class Bar:
    """A piece of work on the time axis."""

    x: float
    width: float
    phase: str
    kind: str


@dataclass(frozen=True)
class Cell:
    """A phase of a host. seconds: as a text, empty if it has not run. sort: seconds as a number, -1 for none."""

    kind: str
    sign: str
    word: str
    seconds: str
    sort: float


@dataclass(frozen=True)
class Block:
    """The log of a subtask.

    name: of its node. error: code and message, empty without a failure. left_out: the number of characters of the log
    that have no room.
    """

    subtask: int
    name: str
    kind: str
    word: str
    seconds: str
    error: str
    executions: t.Sequence[log.Execution]
    left_out: int


@dataclass(frozen=True)
class Host:
    """A host. words: its progress. begin: seconds after the begin of the task. seconds: of all its work, as a text.

    about: the agent before the task, as pairs of a label and a text.
    """

    index: int
    name: str
    host_id: int
    kind: str
    sign: str
    words: str
    begin: float
    seconds: str
    sort: float
    cells: t.Sequence[Cell]
    bars: t.Sequence[Bar]
    about: t.Sequence[tuple[str, str]]
    processes: t.Sequence[log.Process]
    blocks: t.Sequence[Block]


@dataclass(frozen=True)
class CauseRow:
    """Hosts that have failed for one cause. hosts: name, subtask id and index of each; no index for a wait node."""

    what: str
    text: str
    hosts: t.Sequence[tuple[str, int | None, int | None]]


@dataclass(frozen=True)
class View:
    """The content of the page. outcomes: count, words and kind of each group of hosts. phases: the columns of times."""

    title: str
    headline: str
    far: str
    kind: str
    sign: str
    status: str
    facts: t.Sequence[tuple[str, str]]
    outcomes: t.Sequence[tuple[int, str, str]]
    wide: graph.Graph
    narrow: graph.Graph
    causes: t.Sequence[CauseRow]
    failed: int
    ways: t.Sequence[tuple[str, str]]
    launches: t.Sequence[tuple[str, str]]
    notes: t.Sequence[str]
    phases: t.Sequence[tuple[str, str]]
    ticks: t.Sequence[Tick]
    hosts: t.Sequence[Host]
    barriers: t.Sequence[Block]
    task: int
    made: str


@dataclass(frozen=True)
class Refusal:
    """The content of the page of a refused request. message: the status, the code and the reason. errors: field, value
    and reason of each wrong value.
    """

    title: str
    message: str
    facts: t.Sequence[tuple[str, str]]
    errors: t.Sequence[tuple[str, str, str]]
    made: str


def refusal(
    message: str, facts: t.Sequence[tuple[str, str]], errors: t.Sequence[tuple[object, object, object]], made: str
) -> Refusal:
    """The content of the report of a refused request. The arguments are as in Refusal; made: ISO 8601."""
    return Refusal(
        "Refused, no host was contacted",
        in_line(message),
        [(label, in_line(text)) for label, text in facts],
        [(in_line(field), in_line(value), in_line(why)) for field, value, why in errors],
        _time(made),
    )


def view(task: Task, logs: t.Mapping[int, str], page: Page) -> View:
    """The content of the report of a task. logs: by subtask id, as subtask_log.py of _task makes them."""
    parsed = {subtask_id: log.parse(text) for subtask_id, text in logs.items()}
    begun = moment(task.started) or 0.0
    intervals = {s.id: between for s in task.subtasks if (between := _interval(s))}
    axis = Axis(intervals.values(), datetime.fromisoformat(task.started).tzinfo)
    by_host = task.by_host()
    words = _words(task, by_host)
    room = _Room(MOST_LOGS)
    barriers = [_block(task, s, parsed.get(s.id, []), intervals, room) for s in task.subtasks if s.parallel_idx < 0]
    order = sorted(range(len(by_host)), key=lambda n: all(s.status != STATUS_FAILED for s in by_host[n]))
    hosts = {n: _host(task, n, by_host[n], words[n], parsed, intervals, axis, begun, room) for n in order}
    found = by_cause(failures(task))
    index = {subtask.id: subtask.parallel_idx for subtask in task.failures if subtask.parallel_idx >= 0}
    ended = task.status != STATUS_RUNNING
    ways = ways_on(task, held=is_held(task), store=page.store) if ended else []
    kind = DONE if task.status == SUCCESSFUL else FAILED if ended else RUNNING
    return View(
        title=f"{task.name}: task {task.id} {task.status}",
        headline=headline(task, page.changed),
        far="" if ended else f"As of {_time(page.made)} the task has not ended",
        kind=kind,
        sign=SIGNS[kind],
        status=task.status,
        facts=[*_facts(task, parsed, axis, page.trace_id), *((label, in_line(text)) for label, text in page.facts)],
        outcomes=_outcomes([hosts[n] for n in range(len(by_host))]),
        wide=graph.wide(task),
        narrow=graph.narrow(task),
        causes=[
            CauseRow(
                cause.failures[0].what,
                cause.text,
                [(one.host, one.subtask, index.get(one.subtask or 0)) for one in cause.failures],
            )
            for cause in found
        ],
        failed=len(task.failures),
        ways=lines_of_shell(ways, page.caller) if page.caller else [],
        launches=[] if page.caller else [(way.label.rstrip(":"), way.template) for way in ways if way.template],
        notes=[in_line(note) for note in (skipped(task), *page.notes) if note],
        phases=[(stage[0].phase, title(stage[0].phase)) for stage in task.stages if stage[0].parallel_idx >= 0],
        ticks=axis.ticks(),
        hosts=[hosts[n] for n in range(len(by_host))],
        barriers=barriers,
        task=task.id,
        made=_time(page.made),
    )


def _facts(
    task: Task, parsed: t.Mapping[int, t.Sequence[log.Execution]], axis: Axis, trace_id: str
) -> list[tuple[str, str]]:
    begin, end = moment(task.started), moment(task.finished or "")
    took = [] if begin is None or end is None else [("Took", _seconds(end - begin))]
    if took and len(axis.sessions) > 1:
        took = [("At work", f"{_seconds(axis.seconds)} in {len(axis.sessions)} runs, {took[0][1]} in all")]
    requests = dict.fromkeys(
        [one.trace_id for executions in parsed.values() for one in executions if one.trace_id]
        + ([trace_id] if trace_id else [])
    )
    defaults = task.what.timeouts
    own = [f"{title(phase)} {seconds} s" for phase, seconds in task.timeouts.items() if seconds != defaults.get(phase)]
    return [
        ("Task", f"{task.id}, {task.name}"),
        ("Operation", task.operation),
        ("Hosts", str(len(task.targets))),
        ("Created by", f"{in_line(task.creator)} ({task.creator_id})"),
        ("Executed by", in_line(task.executor)),
        ("Begun", _time(task.started)),
        *([("Ended", _time(task.finished))] if task.finished else []),
        *took,
        ("Trace ids" if len(requests) > 1 else "Trace id", ", ".join(requests) or "none in the logs"),
        ("Hosts that may fail", f"{task.max_fail_percentage:g} %"),
        ("Rollback", "prohibited" if task.prohibit_rollback else "allowed"),
        ("Timeouts", ", ".join(own) if own else "OCP's own"),
    ]


def _words(task: Task, by_host: t.Sequence[t.Sequence[Subtask]]) -> list[str]:
    """The progress of each host."""
    told = how_far.of_hosts(task)
    found = []
    for index, subtasks in enumerate(by_host):
        busy = next((s for s in subtasks if kind_of(task, s) == RUNNING), None)
        failed = next((s for s in subtasks if s.status == STATUS_FAILED), None)
        if busy:
            found.append(f"at work in {title(busy.phase)}")
        elif told:
            found.append(told[index])
        elif failed:
            found.append(f"failed in {title(failed.phase)}, not undone")
        else:
            undone = all(kind_of(task, s) == UNDONE for s in subtasks)
            found.append("undone, as it was before" if undone else "not undone")
    return found


def _host(
    task: Task,
    index: int,
    subtasks: t.Sequence[Subtask],
    words: str,
    parsed: t.Mapping[int, t.Sequence[log.Execution]],
    intervals: t.Mapping[int, tuple[float, float]],
    axis: Axis,
    begun: float,
    room: _Room,
) -> Host:
    both = [(kind_of(task, subtask), subtask) for subtask in subtasks]
    kind = min((kind for kind, _subtask in both), key=KINDS.index)
    worked = [intervals[s.id] for s in subtasks if s.id in intervals]
    total = math.fsum(end - begin for begin, end in worked)
    target, record = task.targets[index], task.records[index]
    ran = record.ran_as or {}
    about = [
        ("Home", record.home),
        ("Agent before the task", "did not run" if record.ran is False else None),
        ("Generation", ran.get("generation")),
        ("User", ran.get("user")),
        ("Unit", ran.get("unit")),
        ("Programs", ", ".join(map(str, ran.get("programs") or ()))),
        ("Changed by the task in", ", ".join(map(title, record.touched))),
    ]
    return Host(
        index=index,
        name=in_line(target.host),
        host_id=target.host_id,
        kind=kind,
        sign=SIGNS[kind],
        words=words,
        begin=round(min((begin for begin, _end in worked), default=begun) - begun, 3),
        seconds=_seconds(total) if worked else "",
        sort=round(total, 3) if worked else -1,
        cells=[_cell(kind, s, intervals) for kind, s in both],
        bars=[_bar(kind, s, intervals[s.id], axis) for kind, s in both if s.id in intervals],
        about=[(label, in_line(text)) for label, text in about if text],
        processes=log.processes(one for s in subtasks for one in parsed.get(s.id, ())),
        blocks=[_block(task, s, parsed.get(s.id, []), intervals, room) for s in subtasks],
    )


def _cell(kind: str, subtask: Subtask, intervals: t.Mapping[int, tuple[float, float]]) -> Cell:
    found = intervals.get(subtask.id)
    seconds = found[1] - found[0] if found else None
    return Cell(
        kind,
        SIGNS[kind],
        WORDS[kind],
        "" if seconds is None else _seconds(seconds),
        -1 if seconds is None else round(seconds, 3),
    )


def _bar(kind: str, subtask: Subtask, interval: tuple[float, float], axis: Axis) -> Bar:
    begin, end = (axis.at(moment) for moment in interval)
    width = max(_NARROWEST, end - begin)
    return Bar(round(min(begin, WIDTH - width), 1), round(width, 1), subtask.phase, kind)


class _Room:
    """The number of characters of logs that still have room on the page."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def take(self, executions: t.Sequence[log.Execution]) -> tuple[list[log.Execution], int]:
        """The executions with the lines that have room, and the number of characters of the other lines."""
        kept: list[log.Execution] = []
        left_out, limit = 0, min(self._left, _MOST_LOG)
        for one in reversed(executions):  # the last one matters most
            lines: list[log.Line] = []
            for line in reversed(one.lines):  # and so do its last lines
                size = len(line.text) + 40
                if left_out or size > limit:
                    left_out += size
                    continue
                limit -= size
                self._left -= size
                lines.append(line)
            kept.append(log.Execution(one.operation, one.begun, one.trace_id, lines[::-1]))
        return kept[::-1], left_out


def _block(
    task: Task,
    subtask: Subtask,
    executions: t.Sequence[log.Execution],
    intervals: t.Mapping[int, tuple[float, float]],
    room: _Room,
) -> Block:
    kept, left_out = room.take(executions)
    found, error = intervals.get(subtask.id), subtask.error
    kind = kind_of(task, subtask)
    return Block(
        subtask.id,
        task.what.node(subtask.phase).name,
        kind,
        WORDS[kind],
        _seconds(found[1] - found[0]) if found else "",
        in_line(f"{error['code']} {error['message']}") if error else "",
        kept,
        left_out,
    )


def _outcomes(hosts: t.Sequence[Host]) -> list[tuple[int, str, str]]:
    """The number of hosts by progress, the worst first."""
    counts: dict[tuple[str, str], int] = {}
    for host in hosts:
        counts[host.kind, host.words] = counts.get((host.kind, host.words), 0) + 1
    order = sorted(counts, key=lambda key: (KINDS.index(key[0]), -counts[key]))
    return [(counts[key], key[1], key[0]) for key in order]


def _interval(subtask: Subtask) -> tuple[float, float] | None:
    """Begin and end of the last execution of a subtask; None if it has not ended."""
    begin, end = moment(subtask.started or ""), moment(subtask.finished or "")
    return None if begin is None or end is None else (begin, max(begin, end))


def _seconds(seconds: float) -> str:
    """A length of time as a text: 0.42 s, 12.3 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def _time(text: str) -> str:
    """A time for the page, from an ISO 8601 text, to the second."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return in_line(text)
    return found.strftime("%Y-%m-%d %H:%M:%S ") + (found.strftime("%z") or "")
