# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service answers from the inventory and from the task store, while operations run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import persistence, questions
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso_now
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request as Asked

from . import reading
from .endpoint import Call
from .hosts import SORTED, Hosts

_MAX_SIZE = questions.MAX_SIZE
# What OCP finds tasks of clusters and tenants by; those of hosts belong to none. The third is OCP's own spelling.
_OF_CLUSTERS = ("clusterId", "clusterName", "cluterName", "tenantId", "tenantName")
_TYPE = "MANUAL"
_TASKS_SORTED = ("id", "createTime", "startTime")  # ids grow with time


def time(asked: Asked) -> dict[str, Any]:
    """GET /time: the service's clock, which signatures are made by."""
    return asked.success({"currentTime": iso_now()})


def healthz(asked: Asked) -> dict[str, Any]:
    """GET /healthz: that the service answers."""
    return asked.success({"status": "UP"})


class Queries:
    """The queries of a service. Each function takes a call, returns OCP's envelope, and raises OcpError."""

    def __init__(self, hosts: Hosts, task_store: str | None) -> None:
        self._hosts = hosts
        self._url = persistence.chosen(task_store)

    def list_hosts(self, call: Call) -> dict[str, Any]:
        """GET /compute/hosts"""
        number, size = reading.page(call.query, _MAX_SIZE)
        found = self._hosts.find(
            reading.several(call.query, "status"),
            reading.one(call.query, "keyword"),
            reading.several(call.query, "includedServiceType"),
            reading.several(call.query, "excludedServiceType"),
            reading.sort(call.query, SORTED, "id,asc"),
        )
        total = len(found)
        page = {"number": number, "size": size, "totalElements": total, "totalPages": -(-total // size)}
        return call.asked.success({"contents": found[(number - 1) * size : number * size], "page": page})

    def get_host(self, call: Call) -> dict[str, Any]:
        """GET /compute/hosts/{hostId}"""
        return call.asked.success(self._hosts.one(reading.number(call.path["hostId"], "hostId")))

    def list_tasks(self, call: Call) -> dict[str, Any]:
        """GET /tasks/instances"""
        number, size = reading.page(call.query, _MAX_SIZE)
        host_id = reading.one(call.query, "hostId")
        types = reading.several(call.query, "type")
        if any(reading.several(call.query, name) for name in _OF_CLUSTERS) or (types and _TYPE not in types):
            page = {"number": number, "size": size, "totalElements": 0, "totalPages": 0}
            return call.asked.success({"contents": [], "page": page})
        return self._ask(
            questions.task_info,
            call,
            name=reading.one(call.query, "name") or reading.one(call.query, "keyword"),
            status=",".join(reading.several(call.query, "status")) or None,
            newest_first=reading.sort(call.query, _TASKS_SORTED, "id,desc")[0][1],  # no two tasks are equal in any
            host_id=None if host_id is None else reading.number(host_id, "hostId"),
            page=number,
            size=size,
        )

    def get_task(self, call: Call) -> dict[str, Any]:
        """GET /tasks/instances/{taskId}"""
        return self._ask(questions.task_info, call, task_id=reading.number(call.path["taskId"], "taskId"))

    def get_subtask_log(self, call: Call) -> dict[str, Any]:
        """GET /tasks/instances/{taskId}/subtasks/{subtaskId}/log"""
        return self._ask(
            questions.subtask_log,
            call,
            task_id=reading.number(call.path["taskId"], "taskId"),
            subtask_id=reading.number(call.path["subtaskId"], "subtaskId"),
        )

    def _ask(self, question: Callable[..., questions.Reply], call: Call, **asked: Any) -> dict[str, Any]:
        with persistence.open_store(self._url, read_only=True) as store:
            return question(store, call.asked, **asked).response
