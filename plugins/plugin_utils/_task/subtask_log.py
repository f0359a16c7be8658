# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The log of a subtask in OCP's format: a block per execution, with the events on the host in order."""

from __future__ import annotations

import os
import typing as t
from datetime import datetime, timedelta

from .clock import iso_now
from .task import RUNNING, Outcome, Subtask, Task


def block(
    task: Task, subtask: Subtask, outcome: Outcome, trace_id: str, context: t.Mapping[str, str] | None = None
) -> str:
    """The block of one ended execution.

    outcome: its log has times as seconds since the start on the host, so the host's clock does not matter. The host
    rounds them, so they are limited to the arrival of its answer.
    trace_id, context: of the request behind the execution.
    """
    begin = outcome.started or outcome.finished or iso_now()
    target = task.target(subtask)
    thread = f"{target.host if target else 'localhost'},{trace_id}"
    entries: list[tuple[str, str, str, str]] = [(begin, "INFO", "task", _run_line(task, subtask, begin, context or {}))]
    end = outcome.finished or begin
    started, finished = datetime.fromisoformat(begin), datetime.fromisoformat(end)
    for seconds, text in outcome.log:
        moment = min(started + timedelta(seconds=seconds), finished).isoformat(timespec="milliseconds")
        entries.append((moment, "INFO", "agent_processes", " ".join(text.split())))
    if outcome.code:
        # Other lines of the message are indented, so none of them can pass for a line or a block of the log.
        said = "\n    ".join((outcome.message or "").splitlines())
        entries.append((end, "ERROR", "task", f"{outcome.code} {said}"))
    state = f"Set state for subtask: {subtask.id}, current state: {RUNNING}, new state: {subtask.status}"
    entries.append((end, "INFO", "task", state))
    lines = [_line(moment, level, thread, f"oceanbase.ocp.{logger}", text) for moment, level, logger, text in entries]
    return f"############{{{subtask.operation}}}{{{begin}}}############\n" + "\n".join(lines)


def blocks(
    task: Task,
    settled: t.Iterable[tuple[Subtask, Outcome]],
    trace_id: str,
    context: t.Mapping[str, str] | None = None,
) -> dict[int, str]:
    """The blocks of ended subtasks, by their ids."""
    return {subtask.id: block(task, subtask, outcome, trace_id, context) for subtask, outcome in settled}


def _run_line(task: Task, subtask: Subtask, begin: str, more: t.Mapping[str, str]) -> str:
    target = task.target(subtask)
    context = {
        "prohibit_rollback": str(task.prohibit_rollback).lower(),
        "task_instance_id": task.id,
        "task_operation": task.operation.lower(),
        "latest_execution_start_time": begin,
        "sub_task_instance_id": subtask.id,
        **({"host_id": target.host_id} if target else {}),
        **more,
    }
    values = ", ".join(f"{key}={value}" for key, value in context.items())
    parallel_idx = -1 if task.what.one_host else subtask.parallel_idx
    shown = f"Context(parallelIdx={parallel_idx}, stringMap={{{values}}}, listMap={{}})"
    return f"Run subtask, id={subtask.id}, context={shown}, executor={task.executor}"


def _line(moment: str, level: str, thread: str, logger: str, text: str) -> str:
    shown = datetime.fromisoformat(moment).isoformat(" ", timespec="milliseconds")[:23]
    return f"{shown} {level:>5} {os.getpid()} --- [{thread}] {logger:<30} : {text}\n"
