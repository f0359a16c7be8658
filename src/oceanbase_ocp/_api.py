# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations as functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

from ._arguments import Settings
from ._submission import Submission
from ._types import (
    HostIds,
    HostOptions,
    Inventory,
    OperationName,
    ProgressEvent,
    Response,
    RunnerOptions,
    TaskOptions,
)
from ._wire import Worker

BY_HOST_IDS = ("batch_stop_agents", "batch_start_agents", "batch_restart_agents")


def batch_stop_agents(host_ids: HostIds | None = None, **options: Unpack[HostOptions]) -> Response:
    """Stop the OCP Agent on hosts and wait for the end.

    host_ids: OCP's ids of the hosts, as in `submit`, which takes names by `hosts` in their place. options: the other
    keywords of `submit`.

    Returns OCP's final response. A FAILED task and a refused request are responses, too. Check `["successful"]`, and
    then `["data"]["status"]`.

    Raises OcpRunError if the run failed before it had accepted the request.
    """
    return _wait("batch_stop_agents", host_ids=host_ids, **options)


def batch_start_agents(host_ids: HostIds | None = None, **options: Unpack[HostOptions]) -> Response:
    """Start the OCP Agent on hosts and wait until it is ready. As `batch_stop_agents` in everything else."""
    return _wait("batch_start_agents", host_ids=host_ids, **options)


def batch_restart_agents(host_ids: HostIds | None = None, **options: Unpack[HostOptions]) -> Response:
    """Stop and start the OCP Agent on hosts and wait until it is ready. As `batch_stop_agents` in everything else."""
    return _wait("batch_restart_agents", host_ids=host_ids, **options)


def task_retry(task_id: int, **options: Unpack[TaskOptions]) -> Response:
    """Run the FAILED subtasks of a FAILED task once more, then what was waiting for them, and wait for the end.

    options: keywords of `submit`. Returns and raises what `batch_stop_agents` does; a task that cannot be retried is a
    response with an error (404 TSK10001, 409 TSK10007).
    """
    return _wait("task_retry", task_id=task_id, **options)


def task_rollback(task_id: int, **options: Unpack[TaskOptions]) -> Response:
    """Undo what a FAILED task has done, in reverse order, and wait for the end.

    As `task_retry`; a task that must not be rolled back is a response with an error (409 TSK10009).
    """
    return _wait("task_rollback", task_id=task_id, **options)


def subtask_skip(task_id: int, subtask_id: HostIds, **options: Unpack[TaskOptions]) -> Response:
    """Take FAILED subtasks of a FAILED task for SUCCESSFUL, let the task go on, and wait for the end.

    subtask_id: an id or a list of them. As `task_retry`; a subtask that cannot be skipped is a response with an error
    (409 TSK10010).
    """
    return _wait("subtask_skip", task_id=task_id, subtask_id=subtask_id, **options)


def submit(
    host_ids: HostIds | None = None,
    *,
    operation: OperationName = "batch_stop_agents",
    hosts: str | Sequence[str] | None = None,
    task_id: int | None = None,
    subtask_id: HostIds | None = None,
    inventory: Inventory | None = None,
    extravars: Mapping[str, Any] | None = None,
    response_file: str | os.PathLike[str] | None = None,
    report_file: str | os.PathLike[str] | None = None,
    max_fail_percentage: float | None = None,
    task_store: str | None = None,
    worker: Worker | None = None,
    keep_events: bool = True,
    progress: Callable[[ProgressEvent], object] | None = None,
    **runner_kwargs: Unpack[RunnerOptions],
) -> Submission:
    """Begin an operation, and return once OCP's answer to the request is there.

    At that moment the request is checked and the task RUNNING, and no host has been contacted yet.

    operation: the name of a playbook of the collection: `batch_stop_agents`, `batch_start_agents`,
        `batch_restart_agents`, which take `host_ids` or `hosts`, or `task_retry`, `task_rollback`, `subtask_skip`,
        which take `task_id`.
    host_ids: OCP's ids of the hosts: any iterable of integers, or whatever else the playbook takes. It is checked by
        the playbook; a text in it is data and never a template.
    hosts: in place of `host_ids`, a pattern of hosts of the inventory as Ansible has it, such as `"all:!db003"`, or a
        list of them. It is data, too.
    task_id, subtask_id: OCP's ids of a task, and of one of its subtasks or of several.
    inventory: as in ansible-runner: a path, a host list, a text, a mapping, or a list of paths and host lists.
        Relative paths are the caller's.
    extravars: more variables for the playbook, such as `ocp_agent_home`. They are not data, and may be templates.
    response_file: where the response is written as well, at once and again at the end.
    report_file: where the run writes its report, a page of HTML, on the machine that it runs on.
    max_fail_percentage: the share of hosts, 0 to 100, that may fail without holding the others up.
    task_store: URL of the database that keeps the tasks, or `none`; the user's own SQLite file without it.
    worker: the process that runs the playbook, instead of a child of this process. It is a command that becomes
        `ansible-runner worker` somewhere, such as `["ssh", "bastion", "ansible-runner", "worker"]`, or a socket that is
        connected to one. The run is streamed to it. It needs the collection, and files that the inventory names, such
        as SSH keys. The response file is written here.
    keep_events: whether ansible-runner keeps a file of each event among its artifacts. An `event_handler` that returns
        False drops single ones.
    progress: gets the progress of a phase within a second after each change, also from a worker. It counts the hosts of
        the fan-out; other hosts have events of their own, for an `event_handler`.
    runner_kwargs: keywords of `ansible_runner.run`, such as `private_data_dir`, `timeout` (seconds), `forks`, `limit`,
        `envvars` or `event_handler`. Handlers and callbacks are called in another thread.

    Raises OcpRunError if the run failed before it had accepted the request, or an inventory is missing; TypeError for a
    keyword that the operation does not take; ValueError for an unknown operation.
    """
    by_host: dict[str, Any] = {"host_ids": host_ids, "hosts": hosts}
    request: dict[str, Any]
    needless: dict[str, Any]
    if operation in BY_HOST_IDS:
        request = {"host_ids": host_ids} if hosts is None else {"ocp_hosts": hosts}
        needless = {"task_id": task_id, "subtask_id": subtask_id}
        if hosts is not None and host_ids is not None:
            raise TypeError("host_ids and hosts are given, which may differ: give one of them")
    elif operation in ("task_retry", "task_rollback"):
        request, needless = {"task_id": task_id}, {**by_host, "subtask_id": subtask_id}
    elif operation == "subtask_skip":
        request, needless = {"task_id": task_id, "subtask_id": subtask_id}, by_host
    else:
        raise ValueError(f"there is no operation {operation!r}")
    for name, value in needless.items():
        if value is not None:
            raise TypeError(f"{operation} has no use for {name}")
    settings = Settings(
        f"oceanbase.ocp.{operation}",
        request,
        inventory,
        extravars or {},
        response_file,
        max_fail_percentage,
        task_store,
        worker,
        keep_events,
        progress,
        report_file,
    )
    return Submission(settings, runner_kwargs).answered()


def _wait(operation: OperationName, **arguments: Any) -> Response:
    with submit(operation=operation, **arguments) as submission:
        return submission.wait()
