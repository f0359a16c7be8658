# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service does: operations on hosts, and what is done to a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import persistence
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import interventions
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import TASK_STATE, UNKNOWN_TASK, OcpError, join
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import FAILED, RUNNING, Task

from .._types import OperationName
from . import reading
from .endpoint import Call
from .running import Running

_AT_WORK = ("READY", "RUNNING", "CANCELING")


class Operations:
    """The operations of a service. Each function takes a call, returns OCP's envelope, and raises OcpError."""

    def __init__(self, running: Running, task_store: str | None) -> None:
        self._running = running
        self._url = persistence.chosen(task_store)

    def batch_stop_agents(self, call: Call) -> dict[str, Any]:
        """POST /compute/hosts/batchStopAgents"""
        return self._on_hosts("batch_stop_agents", call, reading.host_ids(call.body))

    def batch_restart_agents(self, call: Call) -> dict[str, Any]:
        """POST /compute/hosts/batchRestartAgents"""
        return self._on_hosts("batch_restart_agents", call, reading.host_ids(call.body))

    def batch_start_agents(self, call: Call) -> dict[str, Any]:
        """POST /compute/hosts/batchStartAgents, which OCP does not have."""
        return self._on_hosts("batch_start_agents", call, reading.host_ids(call.body))

    def stop_agent(self, call: Call) -> dict[str, Any]:
        """POST /compute/hosts/{hostId}/agent/stop"""
        return self._on_one_host("batch_stop_agents", call)

    def restart_agent(self, call: Call) -> dict[str, Any]:
        """POST /compute/hosts/{hostId}/agent/restart"""
        return self._on_one_host("batch_restart_agents", call)

    def retry_task(self, call: Call) -> dict[str, Any]:
        """POST /tasks/instances/{taskId}/retry"""
        reading.fields(call.body)
        return self._resume("task_retry", call, self._check(call, interventions.retry))

    def rollback_task(self, call: Call) -> dict[str, Any]:
        """POST /tasks/instances/{taskId}/rollback"""
        reading.fields(call.body)
        return self._resume("task_rollback", call, self._check(call, interventions.rollback))

    def cancel_task(self, call: Call) -> dict[str, Any]:
        """POST /tasks/instances/{taskId}/cancel, which OCP has for a subtask only."""
        reading.fields(call.body)
        return self._cancel(call)

    def retry_subtask(self, call: Call) -> dict[str, Any]:
        """POST /tasks/instances/{taskId}/subtasks/{subtaskId}/retry: answers with the subtask, the only FAILED one."""
        subtask_id = self._subtask_id(call)

        def retry(task: Task) -> None:
            _subtask(task, subtask_id)
            failed = [subtask.id for subtask in task.subtasks if subtask.status == FAILED]
            interventions.retry(task)
            if failed != [subtask_id]:
                raise OcpError(
                    TASK_STATE,
                    f"a retry runs all FAILED subtasks of a task once more, and those of task {task.id} are "
                    f"{join(failed, 20)}: retry the task, or skip the others first",
                )

        response = self._resume("task_retry", call, self._check(call, retry))
        if "data" in response:
            response["data"] = next(found for found in response["data"]["subtasks"] if found["id"] == subtask_id)
        return response

    def skip_subtask(self, call: Call) -> dict[str, Any]:
        """POST /tasks/instances/{taskId}/subtasks/{subtaskId}/skip. Answers without data."""
        subtask_id = self._subtask_id(call)
        task = self._check(call, lambda task: interventions.skip(task, [subtask_id]))
        return _without_data(self._begin("subtask_skip", call, task_id=task.id, subtask_id=subtask_id))

    def cancel_subtask(self, call: Call) -> dict[str, Any]:
        """POST /tasks/instances/{taskId}/subtasks/{subtaskId}/cancel: the task ends with it. Answers without data."""
        subtask_id = self._subtask_id(call)
        task = self._load(call)
        subtask = _subtask(task, subtask_id)
        if task.status != RUNNING or subtask.status not in _AT_WORK:
            raise OcpError(
                TASK_STATE,
                f"subtask {subtask_id} of task {task.id}, which is {task.status}, is {subtask.status}: only one that "
                "is at work can be cancelled",
            )
        return _without_data(self._cancel(call))

    def _on_hosts(self, operation: OperationName, call: Call, host_ids: list[int]) -> dict[str, Any]:
        return self._begin(operation, call, host_ids=host_ids)

    def _on_one_host(self, operation: OperationName, call: Call) -> dict[str, Any]:
        reading.fields(call.body)
        host_id = reading.number(call.path["hostId"], "hostId")
        return self._begin(operation, call, host_ids=[host_id], one_host=True)

    def _resume(self, operation: OperationName, call: Call, task: Task) -> dict[str, Any]:
        return _detailed(self._begin(operation, call, task_id=task.id), task)

    def _begin(self, operation: OperationName, call: Call, **request: Any) -> dict[str, Any]:
        """Begin an operation. The envelope is that of this request: the run has one of its own."""
        answer = self._running.begin(operation, call.asked, call.user, **request)
        body: dict[str, Any] = {name: answer[name] for name in ("data", "error") if name in answer}
        return call.asked.envelope(HTTPStatus(answer["status"]), body)

    def _cancel(self, call: Call) -> dict[str, Any]:
        with persistence.open_store(self._url) as store:
            return call.asked.detail(store.cancel(reading.number(call.path["taskId"], "taskId")))

    def _check(self, call: Call, intervene: Callable[[Task], None]) -> Task:
        """The task, where this can be done to it as it is now. Raises OcpError as the playbook would."""
        task = self._load(call)
        intervene(task.copy())
        return task

    def _load(self, call: Call) -> Task:
        with persistence.open_store(self._url, read_only=True) as store:
            return store.load(reading.number(call.path["taskId"], "taskId"))

    def _subtask_id(self, call: Call) -> int:
        reading.fields(call.body)
        return reading.number(call.path["subtaskId"], "subtaskId")


def _subtask(task: Task, subtask_id: int) -> Any:
    """A subtask of a task. Raises OcpError (404)."""
    for subtask in task.subtasks:
        if subtask.id == subtask_id:
            return subtask
    raise OcpError(UNKNOWN_TASK, f"task {task.id} has no subtask {subtask_id}")


def _detailed(response: dict[str, Any], task: Task) -> dict[str, Any]:
    """The response of a run that has taken a task up, in the form of a query for the task, as OCP has it.

    task: as it was before. The run alone knows it as it is now: it may have come after another one.
    """
    if "data" not in response:
        return response
    asked = {
        "createTime": task.created,
        "creator": {"id": task.creator_id, "name": task.creator},
        "prohibitRollback": task.prohibit_rollback,
        "subtasks": [
            dict(sorted({**_without(subtask, "className"), "createTime": task.created}.items()))
            for subtask in response["data"]["subtasks"]
        ],
    }
    return {**response, "data": dict(sorted({**_without(response["data"], "context"), **asked}.items()))}


def _without_data(response: dict[str, Any]) -> dict[str, Any]:
    return _without(response, "data")


def _without(mapping: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}
