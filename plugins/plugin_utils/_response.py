# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OCP's response: the envelope around a task or an error."""

from __future__ import annotations

import typing as t
from dataclasses import asdict, dataclass
from http import HTTPStatus

from ._clock import iso, now_ms
from ._errors import CATALOGUE, SPELLINGS, OcpError
from ._task import Subtask, Task


@dataclass(frozen=True)
class Request:
    """What a response has to repeat of its request.

    trace_id: 16 hex digits. server: address of the controller. received: milliseconds since the epoch. error_codes: the
    version of OCP whose spelling error codes have.
    """

    trace_id: str
    server: str
    received: int
    error_codes: str = SPELLINGS[0]

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

    def answer(self, task: Task, context: t.Mapping[str, str] | None = None) -> dict[str, t.Any]:
        """The response that carries a task. context: texts to add to the task's stringMap."""
        return self.envelope(HTTPStatus.OK, {"data": self._task(task, context or {})})

    def refuse(self, error: OcpError) -> dict[str, t.Any]:
        """The response that refuses a request."""
        body: dict[str, t.Any] = {"code": error.code.spelled(self.error_codes), "message": error.message}
        if error.sub_errors:
            body["subErrors"] = error.sub_errors
        return self.envelope(error.code.status, {"error": body})

    def _task(self, task: Task, context: t.Mapping[str, str]) -> dict[str, t.Any]:
        shown: dict[str, t.Any] = {
            "context": {
                "listMap": {"host_ids": [str(target.host_id) for target in task.targets]},
                "parallel": False,
                "parallelIdx": -1,
                "stringMap": {"prohibit_rollback": "false", **context},
            },
            "creator": task.creator,
            "executor": task.executor,
            "id": task.id,
            "name": task.name,
            "operation": task.operation,
            "startTime": task.started,
            "status": task.status,
            "subtasks": [self._subtask(task, subtask) for subtask in task.subtasks],
            "taskDefinitionId": -1,
            "type": "MANUAL",
        }
        if task.finished:
            shown["finishTime"] = task.finished
        return shown

    def _subtask(self, task: Task, subtask: Subtask) -> dict[str, t.Any]:
        shown: dict[str, t.Any] = {
            "className": subtask.class_name,
            "description": subtask.name,
            "downstreams": subtask.downstreams,
            "id": subtask.id,
            "name": subtask.name,
            "nodeType": "JAVA_TASK",
            "operation": subtask.operation,
            "parallelIdx": subtask.parallel_idx,
            "prohibitRollback": False,
            "runTime": subtask.run_time,
            "seriesId": subtask.series_id,
            "status": subtask.status,
            "timeout": subtask.timeout,
            "upstreams": subtask.upstreams,
        }
        # The page's answer has none of the rest: a subtask gets it when it has run or failed.
        if subtask.ended:
            shown["executor"] = task.executor
        if subtask.started:
            shown["startTime"] = subtask.started
        if subtask.finished:
            shown["finishTime"] = subtask.finished
        if subtask.error:
            code = CATALOGUE[subtask.error["code"]].spelled(self.error_codes)
            shown["error"] = {**subtask.error, "code": code}
        return shown
