# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service counts, for Prometheus. No label has a value of the client's choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_METHODS = ("GET", "HEAD", "POST")
_OTHER = "other"
_REQUEST_SECONDS = (0.005, 0.02, 0.1, 0.5, 1, 2, 4, 8, 16, 32)
_OPERATION_SECONDS = (2, 5, 10, 20, 40, 80, 160, 320, 640, 1280)


class Metrics:
    """The counters of a service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        name = "ocp_agents"
        self._requests = Counter(
            f"{name}_http_requests", "Requests that were answered.", ["method", "path", "status"],
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            f"{name}_http_request_seconds", "Time to the answer.", ["path"], buckets=_REQUEST_SECONDS,
            registry=self._registry,
        )
        self._running = Gauge(f"{name}_operations_running", "Operations that run.", registry=self._registry)
        self._operations = Counter(
            f"{name}_operations", "Operations that have ended, by the status of their task.", ["operation", "status"],
            registry=self._registry,
        )
        self._operation_seconds = Histogram(
            f"{name}_operation_seconds", "Time that operations took.", ["operation"], buckets=_OPERATION_SECONDS,
            registry=self._registry,
        )
        self._hosts = Counter(
            f"{name}_hosts", "Hosts of operations that have ended, by what came of them.", ["operation", "outcome"],
            registry=self._registry,
        )

    def count_request(self, method: str, path: str | None, status: int, seconds: float) -> None:
        """path: as the service knows it, with the names of its parameters; None where it has no such path."""
        path = path or _OTHER
        self._requests.labels(method if method in _METHODS else _OTHER, path, str(status)).inc()
        self._request_seconds.labels(path).observe(seconds)

    def count_running(self, running: int) -> None:
        self._running.set(running)

    def count_operation(self, operation: str, response: Mapping[str, Any], seconds: float) -> None:
        """Count an operation that has ended. response: its last one, with a task or an error."""
        self._operation_seconds.labels(operation).observe(seconds)
        task = response.get("data")
        self._operations.labels(operation, task["status"] if task else "REFUSED").inc()
        for outcome in _outcomes(task["subtasks"]) if task else ():
            self._hosts.labels(operation, outcome).inc()

    def exposition(self) -> bytes:
        """The counters in Prometheus' text format."""
        return generate_latest(self._registry)


def _outcomes(subtasks: Iterable[Mapping[str, Any]]) -> list[str]:
    """What came of each host: successful, failed, or unfinished where it was held or undone. subtasks: as created."""
    by_host: dict[int, set[str]] = {}
    for subtask in subtasks:
        if not subtask["className"].endswith(".WaitNode"):
            by_host.setdefault(subtask["parallelIdx"], set()).add(subtask["status"])
    return [
        "failed" if "FAILED" in statuses else "successful" if statuses == {"SUCCESSFUL"} else "unfinished"
        for statuses in by_host.values()
    ]
