# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Reads the log of a subtask, see subtask_log.py of _task: its executions, and the processes of the agent."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from .._task.printable import printable

_HEAD = re.compile(r"#{12}\{(\w+)\}\{([^}]*)\}#{12}")
_LINE = re.compile(r"[-\d]{10} (\d\d:\d\d:\d\d\.\d{3}) +(\w+) \d+ --- \[(.*?),(\w+)\] oceanbase\.ocp\.\w+ +: (.*)")
_CONTEXT = re.compile(r"(Run subtask, id=\d+), context=Context\(.*\), (executor=)")
_FOUND = re.compile(r"found (\S+) \(pid (\d+)\) of user (.*?): (.*)")
_SIGNAL = re.compile(r"(SIG[A-Z]+) to (\S+) \(pid (\d+)\)")
_ENDED = re.compile(r"(\S+) \(pid (\d+)\) has ended")


@dataclass(frozen=True)
class Line:
    """A line of a log. time: of the day, with milliseconds; empty for a line of another form. level: empty for INFO."""

    time: str
    level: str
    text: str


@dataclass
class Execution:
    """An execution of a subtask. operation: of the task. begun: ISO 8601. trace_id: of its request."""

    operation: str
    begun: str
    trace_id: str = ""
    lines: list[Line] = field(default_factory=list)


@dataclass
class Process:
    """A process of the agent.

    signals: pairs of the name of a signal and its time of day. ended: the time of day when its end was seen, None if it
    was not.
    """

    program: str
    pid: int
    user: str = ""
    executable: str = ""
    signals: list[tuple[str, str]] = field(default_factory=list)
    ended: str | None = None

    @property
    def told(self) -> str:
        """A description in one line."""
        whose = f" of user {self.user}, {self.executable}" if self.executable else ""
        signals = [f"{name} at {time}" for name, time in self.signals] or ["no signal"]
        end = f"ended at {self.ended}" if self.ended else "its end was not seen"
        if self.signals and self.ended:
            begin, last = (_of_day(text) for text in (self.signals[0][1], self.ended))
            end += f", {(last - begin) % 86400:.2f} s after the first signal"
        return f"{self.program} (pid {self.pid}){whose}: {', '.join(signals)}; {end}"


def _of_day(text: str) -> float:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def parse(log: str) -> list[Execution]:
    """The executions of a log, the oldest first. Parts that every line repeats are left out."""
    found: list[Execution] = []
    for text in log.splitlines():
        head = _HEAD.fullmatch(text)
        if head:
            found.append(Execution(head[1], head[2]))
            continue
        if not text.strip():
            continue
        if not found:
            found.append(Execution("", ""))
        line = _LINE.fullmatch(text)
        if line:
            found[-1].trace_id = line[4]
            level = "" if line[2] == "INFO" else line[2]
            found[-1].lines.append(Line(line[1], level, printable(_CONTEXT.sub(r"\1, \2", line[5]))))
        else:
            found[-1].lines.append(Line("", "", printable(text)))
    return found


def processes(executions: t.Iterable[Execution]) -> list[Process]:
    """The processes that these executions have found, with their signals and ends, in the order of the logs."""
    found: dict[tuple[str, int], Process] = {}

    def process(program: str, pid: str) -> Process:
        return found.setdefault((program, int(pid)), Process(program, int(pid)))

    for line in (line for execution in executions for line in execution.lines):
        if match := _FOUND.fullmatch(line.text):
            one = process(match[1], match[2])
            one.user, one.executable = match[3], match[4]
        elif match := _SIGNAL.fullmatch(line.text):
            process(match[2], match[3]).signals.append((match[1], line.time))
        elif match := _ENDED.fullmatch(line.text):
            process(match[1], match[2]).ended = line.time
    return list(found.values())
