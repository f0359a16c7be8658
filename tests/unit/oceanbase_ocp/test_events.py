# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The response of a run that the caller started without this package."""

from __future__ import annotations

from typing import Any

import pytest

from oceanbase_ocp import OcpRunError, response_of

from .test_progress import DONE, REQUEST, event, new_task, run


def begun() -> list[dict[str, Any]]:
    """The events of a run on two hosts during Prepare. One host has finished it."""
    task = new_task(2)
    response = REQUEST.respond(task)
    task.begin()
    return [
        {"event": "verbose", "stdout": "a warning"},
        event("task_create", "localhost", {"run": run(task, response=response)}),
        event("agent_processes", "db1", kind="start"),
        event("agent_processes", "db2", kind="start"),
        event("agent_processes", "db1", DONE),
    ]


def stats(response: dict[str, Any] | None) -> dict[str, Any]:
    data = {"artifact_data": {"ocp_response": response}} if response else {}
    return {"event": "playbook_on_stats", "event_data": data}


@pytest.mark.parametrize("status", ["unstarted", "starting", "running"])
def test_a_run_that_goes_on(status: str) -> None:
    assert response_of(begun(), status)["data"]["status"] == "RUNNING"


@pytest.mark.parametrize(
    ("status", "code", "operation"),
    [
        ("canceled", "TSK10014", "CANCEL"),
        ("timeout", "TSK10012", "EXECUTE"),
        ("failed", "TSK10013", "EXECUTE"),
        ("error", "TSK10013", "EXECUTE"),
    ],
)
def test_a_run_that_ended_early(status: str, code: str, operation: str) -> None:
    task = response_of(iter(begun()), status)["data"]
    assert (task["status"], task["operation"]) == ("FAILED", operation)
    first, second = task["subtasks"][:2]
    assert first["status"] == "SUCCESSFUL"
    assert second["error"]["code"] == code


def test_the_whole_comes_before_the_summary() -> None:
    whole, summary = {"data": {"subtasks": []}}, {"data": {"summary": {}}}
    report = event("task_report", "localhost", {"response": whole})
    assert response_of([*begun(), report, stats(summary)], "successful") == whole
    dropped = event("task_report", "localhost")
    assert response_of([dropped, stats(summary)], "successful") == summary, "the event's result was too large"


@pytest.mark.parametrize("events", [[], [stats(None)], [{"event": "verbose"}]])
def test_events_without_a_response(events: list[dict[str, Any]]) -> None:
    with pytest.raises(OcpRunError, match="no response") as caught:
        response_of(events, "failed")
    assert caught.value.status == "failed"
