# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries of the task store, which need no host and no run of Ansible."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, cast, overload

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    controller,
    persistence,
    questions,
    report_file,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import now_ms
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request, in_words

from ._errors import OcpRunError
from ._types import PruneResponse, Response, SubtaskLogResponse, TaskDetailResponse, TaskPageResponse, TaskStatus


@overload
def task_info(task_id: int, *, task_store: str | None = None) -> TaskDetailResponse: ...


@overload
def task_info(
    task_id: None = None,
    *,
    name: str | None = None,
    status: TaskStatus | None = None,
    host_id: int | None = None,
    page: int = 1,
    size: int = 10,
    task_store: str | None = None,
) -> TaskPageResponse: ...


def task_info(
    task_id: int | None = None,
    *,
    name: str | None = None,
    status: TaskStatus | None = None,
    host_id: int | None = None,
    page: int = 1,
    size: int = 10,
    task_store: str | None = None,
) -> TaskDetailResponse | TaskPageResponse:
    """A task, or without its id a page of tasks, the newest first.

    name: only tasks whose name contains this text. status: only tasks in this status, `RUNNING`, `FAILED` or
    `SUCCESSFUL`. host_id: only tasks on this host. page: from 1. size: the number of tasks on a page. task_store: as in
    `submit`.

    Returns OCP's response. An unknown task, or a store that cannot be used, is a response with an error.
    """
    asked = {"task_id": task_id, "name": name, "status": status, "host_id": host_id, "page": page, "size": size}
    found = answer(questions.task_info, asked, task_store, read_only=True)
    return cast("TaskDetailResponse | TaskPageResponse", found.response)


def subtask_log(
    task_id: int, subtask_id: int | None = None, *, host_id: int | str | None = None, task_store: str | None = None
) -> SubtaskLogResponse:
    """The log of a subtask, as the text `["data"]["log"]` of OCP's response.

    host_id: the id of a host or its name in the task, instead of `subtask_id`, for the logs of all its subtasks one
    after another. task_store: as in `submit`. An unknown task, subtask or host is a response with an error.
    """
    asked = {"task_id": task_id, "subtask_id": subtask_id, "host_id": host_id}
    return cast("SubtaskLogResponse", answer(questions.subtask_log, asked, task_store, read_only=True).response)


def task_cancel(task_id: int, *, task_store: str | None = None) -> Response:
    """Cancel a task, on whatever machine its run is, and return at once.

    No other host begins, and hosts at work finish first. task_store: as in `submit`.

    Returns OCP's response with the present task. A task that is not RUNNING is a response with an error (409 TSK10007).
    """
    return cast("Response", answer(questions.task_cancel, {"task_id": task_id}, task_store, read_only=False).response)


def task_prune(
    older_than: str, *, keep: int = 100, check: bool = False, task_store: str | None = None
) -> PruneResponse:
    """Remove old tasks from the store, with their logs.

    older_than: the age since the last heartbeat of a run of a task, a number with `h`, `d` or `w` for hours, days or
    weeks, such as `"90d"`. keep: the number of the newest tasks that are kept at any age. check: whether to remove
    nothing and only return the ids. task_store: as in `submit`.

    Returns a response with the ids of the tasks, in `["data"]["taskIds"]`. RUNNING tasks are never removed.
    """
    asked = {"older_than": older_than, "keep": keep, "check_mode": check}
    return cast("PruneResponse", answer(questions.task_prune, asked, task_store, read_only=check).response)


def task_report(task_id: int, *, inventory: str | None = None, task_store: str | None = None) -> str:
    """The report of a task, as a page of HTML that loads nothing.

    inventory: a path for the commands on the page, which go on with the task. task_store: as in `submit`.

    Raises OcpRunError for an unknown task, or a store that cannot be used.
    """
    try:
        return html_of(task_id, [inventory] if inventory else [], task_store)
    except OcpError as error:
        raise OcpRunError(f"{error.code.code}: {error.message}") from error


def html_of(task_id: int, inventories: Sequence[str], task_store: str | None) -> str:
    """The report of a task, as HTML. Raises OcpError."""
    url = persistence.chosen(task_store)
    with persistence.open_store(url, read_only=True) as store:
        return report_file.of_stored(store, task_id, inventories, url, os.getcwd())


def answer(
    question: Callable[..., questions.Reply], asked: dict[str, Any], task_store: str | None, *, read_only: bool
) -> questions.Reply:
    """Ask a store. A refusal is an answer, too, without lines. task_store: as in `submit`."""
    request = Request(controller.trace_id(), controller.address(), now_ms())
    try:
        with persistence.open_store(persistence.chosen(task_store), read_only=read_only) as store:
            return question(store, request, **asked)
    except OcpError as error:
        response = request.refuse(error)
        return questions.Reply(response, in_words(response))
