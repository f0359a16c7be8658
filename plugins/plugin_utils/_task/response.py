# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OCP's response: the envelope around a task or an error."""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass, field
from http import HTTPStatus

from .clock import iso, now_ms
from .errors import CATALOGUE, SPELLINGS, OcpError
from .task import Subtask, Task


@dataclass(frozen=True)
class Request:
    """The parts of a request that its response repeats.

    trace_id: 16 hex digits. server: address of the controller. received: milliseconds since the epoch. error_codes: the
    version of OCP for the spelling of error codes. context: texts to add to the stringMap of the task, such as the job
    of AWX.
    """

    trace_id: str
    server: str
    received: int
    error_codes: str = SPELLINGS[0]
    context: t.Mapping[str, str] = field(default_factory=dict)

    def dump(self) -> dict[str, t.Any]:
        return asdict(self)

    def envelope(self, status: HTTPStatus, body: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        completed = now_ms()
        return {
            **body,
            "duration": max(0, completed - self.received),
            "server": self.server,
            "status": int(status),
            "successful": status < HTTPStatus.BAD_REQUEST,
            "timestamp": iso(completed),
            "traceId": self.trace_id,
        }

    def success(self, data: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """The response of a successful request."""
        return self.envelope(HTTPStatus.OK, {"data": data})

    def respond(self, task: Task, context: t.Mapping[str, str] | None = None) -> dict[str, t.Any]:
        """The response that carries a task, in the form of OCP's create response.

        context: texts to add to the task's stringMap, beside those of the request.
        """
        return self.success(_created(task, {**self.context, **(context or {})}, self.error_codes))

    def detail(self, task: Task) -> dict[str, t.Any]:
        """The response to a query for one task (GET /tasks/instances/{id})."""
        return self.success(_detail(task, self.error_codes))

    def page(self, tasks: t.Sequence[Task], total: int, number: int, size: int) -> dict[str, t.Any]:
        """The response to a query for tasks (GET /tasks/instances). number: of the page, from 1."""
        page = {"number": number, "size": size, "totalElements": total, "totalPages": -(-total // size)}
        return self.success({"contents": [_overview(task) for task in tasks], "page": page})

    def refuse(self, error: OcpError) -> dict[str, t.Any]:
        """The response to a refused request."""
        body: dict[str, t.Any] = {"code": error.code.spelled(self.error_codes), "message": error.message}
        if error.sub_errors:
            body["subErrors"] = error.sub_errors
        return self.envelope(error.code.status, {"error": body})


def count_hosts(task: t.Mapping[str, t.Any]) -> int:
    """The number of hosts of a task. task: from its response, also in OCP's form for one host."""
    return 1 if "hostId" in task else len(task["context"]["listMap"]["host_ids"])


def in_words(refusal: t.Mapping[str, t.Any]) -> str:
    """The error of a refused request in one line. refusal: its response."""
    error = refusal["error"]
    return f"{refusal['status']} {error['code']}: {error['message']}"


def _common(task: Task) -> dict[str, t.Any]:
    """The fields of every form of a task."""
    shown: dict[str, t.Any] = {"id": task.id, "name": task.name, "startTime": task.started, "status": task.status}
    if task.finished:
        shown["finishTime"] = task.finished
    if task.what.one_host:
        shown["hostId"] = task.targets[0].host_id
    return shown


def _created(task: Task, context: t.Mapping[str, str], spelling: str) -> dict[str, t.Any]:
    host_ids = [str(target.host_id) for target in task.targets]
    one_host = task.what.one_host
    shown = {
        **_common(task),
        "context": {
            "listMap": {} if one_host else {"host_ids": host_ids},
            "parallel": False,
            "parallelIdx": -1,
            "stringMap": {
                **({"host_id": host_ids[0]} if one_host else {}),
                "prohibit_rollback": str(task.prohibit_rollback).lower(),
                **({"wave": str(task.wave)} if task.wave else {}),
                **context,
            },
        },
        "creator": task.creator,
        "executor": task.executor,
        "operation": task.operation,
        "subtasks": [
            {"className": task.what.node(subtask.phase).class_name, **shown}
            for subtask, shown in _subtasks(task, spelling)
        ],
        "taskDefinitionId": -1,
        "type": "MANUAL",
    }
    return dict(sorted(shown.items()))


def _detail(task: Task, spelling: str) -> dict[str, t.Any]:
    shown = {
        **_common(task),
        "createTime": task.created,
        "creator": {"id": task.creator_id, "name": task.creator},
        "executor": task.executor,
        "operation": task.operation,
        "prohibitRollback": task.prohibit_rollback,
        "subtasks": [{"createTime": task.created, **shown} for _subtask, shown in _subtasks(task, spelling)],
        "taskDefinitionId": -1,
        "type": "MANUAL",
    }
    return dict(sorted(shown.items()))


def _overview(task: Task) -> dict[str, t.Any]:
    shown = {
        **_common(task),
        "creator": {"id": task.creator_id, "name": task.creator},
        "subtasks": [
            {
                "description": task.what.node(subtask.phase).name,
                "id": subtask.id,
                "name": task.what.node(subtask.phase).name,
                "operation": subtask.operation,
                "status": subtask.status,
            }
            for subtask in task.subtasks
        ],
    }
    return dict(sorted(shown.items()))


def _subtasks(task: Task, spelling: str) -> t.Iterator[tuple[Subtask, dict[str, t.Any]]]:
    for subtask, upstreams, downstreams in task.neighbours():
        name = task.what.node(subtask.phase).name
        shown: dict[str, t.Any] = {
            "description": name,
            "downstreams": downstreams,
            "id": subtask.id,
            "name": name,
            "nodeType": "JAVA_TASK",
            "operation": subtask.operation,
            "parallelIdx": -1 if task.what.one_host else subtask.parallel_idx,
            "prohibitRollback": task.prohibit_rollback,
            "runTime": subtask.run_time,
            "seriesId": subtask.series_id,
            "status": subtask.status,
            "timeout": subtask.timeout,
            "upstreams": upstreams,
        }
        # OCP's create response has none of the following. A subtask gets them once it has run or failed.
        if subtask.ended:
            shown["executor"] = task.executor
        if subtask.started:
            shown["startTime"] = subtask.started
        if subtask.finished:
            shown["finishTime"] = subtask.finished
        if subtask.error:
            code = CATALOGUE[subtask.error["code"]].spelled(spelling)
            shown["error"] = {**subtask.error, "code": code}
        yield subtask, dict(sorted(shown.items()))
