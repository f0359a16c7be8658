# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of what goes in and out: keywords, and OCP's responses.

Responses are plain dictionaries with OCP's own JSON. Keys that are not always there are NotRequired: `data` is there in
a response that is `successful`, `error` in one that is not.
"""

# Without annotations of the future: as texts they would make every key of a TypedDict required at run time.

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from ._wire import Worker

HostIds = int | str | Iterable[int | str]
Source = str | os.PathLike[str] | Mapping[str, Any]
Inventory = Source | Sequence[Source]

OperationName = Literal[
    "batch_restart_agents", "batch_start_agents", "batch_stop_agents", "subtask_skip", "task_retry", "task_rollback"
]
TaskStatus = Literal["RUNNING", "SUCCESSFUL", "FAILED"]
SubtaskStatus = Literal["PENDING", "READY", "RUNNING", "CANCELING", "SUCCESSFUL", "FAILED"]
Intervention = Literal["EXECUTE", "RETRY", "ROLLBACK", "SKIP", "CANCEL"]

# Keywords


class RunnerOptions(TypedDict, total=False):
    """The keywords of `ansible_runner.run` that can be given. What they mean is ansible-runner's to say."""

    artifact_dir: str | None
    artifacts_handler: Callable[[str], object] | None
    cancel_callback: Callable[[], bool] | None
    check_job_event_data: bool
    cmdline: str | None
    debug: bool
    directory_isolation_base_path: str | None
    envvars: Mapping[str, str] | None
    event_handler: Callable[[dict[str, Any]], object] | None
    fact_cache: str | None
    fact_cache_type: str
    finished_callback: Callable[[Any], object] | None
    forks: int | None
    host_cwd: str | None
    ident: str | None
    ignore_logging: bool
    json_mode: bool
    keepalive_seconds: int | None
    limit: str | None
    logfile: str | None
    passwords: Mapping[str, str] | None
    private_data_dir: str | os.PathLike[str] | None
    project_dir: str | None
    quiet: bool
    remove_partials: bool
    roles_path: str | None
    rotate_artifacts: int
    settings: Mapping[str, Any] | None
    skip_tags: str | None
    ssh_key: str | None
    status_handler: Callable[..., object] | None
    suppress_ansible_output: bool
    suppress_output_file: bool
    tags: str | None
    timeout: int | None
    verbosity: int | None


class HostAtWork(TypedDict):
    """A host that a phase waits for. seconds: since its turn. at: what it is at, such as `SIGTERM 14 s ago, SIGKILL in
    6 s`; empty where it does not tell."""

    host: str
    seconds: float
    at: str


class ProgressEvent(TypedDict):
    """How far a phase is. hosts: how many it has. done: that have ended, failed ones included. working: that are at
    work. waiting: for their turn. cancelled: no other host gets its turn. slowest: the first 20 of those at work."""

    taskId: int
    phase: str
    hosts: int
    done: int
    failed: int
    working: int
    waiting: int
    cancelled: bool
    slowest: list[HostAtWork]


class TaskOptions(RunnerOptions, total=False):
    """The keywords of all operations; what they mean is said at `submit`."""

    inventory: Inventory | None
    extravars: Mapping[str, Any] | None
    response_file: str | os.PathLike[str] | None
    report_file: str | os.PathLike[str] | None
    max_fail_percentage: float | None
    task_store: str | None
    worker: Worker | None
    keep_events: bool
    progress: Callable[[ProgressEvent], object] | None


class HostOptions(TaskOptions, total=False):
    """The keywords of operations on hosts; what they mean is said at `submit`."""

    hosts: str | Sequence[str] | None


class LookOptions(RunnerOptions, total=False):
    """The keywords of `host_agent` and `host_agent_processes`; what they mean is said at `agent_info`."""

    inventory: Inventory | None
    extravars: Mapping[str, Any] | None
    response_file: str | os.PathLike[str] | None
    worker: Worker | None


# Responses


class SubError(TypedDict):
    """What is wrong with one value of a request."""

    object: str
    field: str
    rejectedValue: Any
    message: str


class Error(TypedDict):
    """Why a request was refused, or a subtask FAILED. code: an integer where the error codes are those of OCP 3.1."""

    code: str | int
    message: str
    subErrors: NotRequired[list[SubError]]


class Subtask(TypedDict):
    """A subtask. upstreams, downstreams: ids. parallelIdx: the index of its host in the request, -1 for all hosts.

    timeout: seconds. className is there in a task that was created or carried out, createTime in one that was asked
    for; executor, startTime, finishTime when it was begun or is through, error when it is FAILED.
    """

    id: int
    seriesId: int
    name: str
    description: str
    nodeType: str
    status: SubtaskStatus
    operation: Intervention
    parallelIdx: int
    prohibitRollback: bool
    runTime: int
    timeout: int
    upstreams: list[int]
    downstreams: list[int]
    className: NotRequired[str]
    createTime: NotRequired[str]
    executor: NotRequired[str]
    startTime: NotRequired[str]
    finishTime: NotRequired[str]
    error: NotRequired[Error]


class TaskContext(TypedDict):
    """What a task was created with. listMap: `host_ids`, as texts."""

    listMap: dict[str, list[str]]
    stringMap: dict[str, str]
    parallel: bool
    parallelIdx: int


class Task(TypedDict):
    """A task, as OCP answers who creates it. hostId is there in OCP's form for one host.

    In place of subtasks, a response that is too large for AWX has a `summary` and `failedSubtasks`.
    """

    id: int
    name: str
    type: str
    status: TaskStatus
    operation: Intervention
    context: TaskContext
    creator: str
    executor: str
    taskDefinitionId: int
    startTime: str
    finishTime: NotRequired[str]
    hostId: NotRequired[int]
    subtasks: NotRequired[list[Subtask]]
    failedSubtasks: NotRequired[list[Subtask]]
    summary: NotRequired[dict[str, Any]]


class Creator(TypedDict):
    """Who has created a task."""

    id: int
    name: str


class TaskDetail(TypedDict):
    """A task, as OCP answers who asks for it."""

    id: int
    name: str
    type: str
    status: TaskStatus
    operation: Intervention
    creator: Creator
    executor: str
    prohibitRollback: bool
    taskDefinitionId: int
    createTime: str
    startTime: str
    finishTime: NotRequired[str]
    hostId: NotRequired[int]
    subtasks: list[Subtask]


class SubtaskOverview(TypedDict):
    """A subtask in a list of tasks."""

    id: int
    name: str
    description: str
    status: SubtaskStatus
    operation: Intervention


class TaskOverview(TypedDict):
    """A task in a list."""

    id: int
    name: str
    status: TaskStatus
    creator: Creator
    startTime: str
    finishTime: NotRequired[str]
    hostId: NotRequired[int]
    subtasks: list[SubtaskOverview]


class PageNumber(TypedDict):
    """Which page a list is. number: from 1."""

    number: int
    size: int
    totalElements: int
    totalPages: int


class TaskPage(TypedDict):
    """A page of tasks, the newest first."""

    contents: list[TaskOverview]
    page: PageNumber


class SubtaskLog(TypedDict):
    """The log of a subtask, or of all subtasks of a host, as one text."""

    log: str


class Envelope(TypedDict):
    """What every response has. duration: milliseconds. status: of HTTP."""

    duration: int
    server: str
    status: int
    successful: bool
    timestamp: str
    traceId: str
    error: NotRequired[Error]


class Response(Envelope):
    """The response of an operation, and of what is done to a task."""

    data: NotRequired[Task]


class TaskDetailResponse(Envelope):
    """The response that has a task which was asked for."""

    data: NotRequired[TaskDetail]


class TaskPageResponse(Envelope):
    """The response that has a page of tasks."""

    data: NotRequired[TaskPage]


class SubtaskLogResponse(Envelope):
    """The response that has a log."""

    data: NotRequired[SubtaskLog]


class PrunedTasks(TypedDict):
    """The tasks that were removed, the oldest first."""

    taskIds: list[int]


class PruneResponse(Envelope):
    """The response that has the tasks which were removed."""

    data: NotRequired[PrunedTasks]


class Contents(TypedDict):
    """A list of agents or of their processes, each as OCP has it. page is there in a list of processes."""

    contents: list[dict[str, Any]]
    page: NotRequired[PageNumber]


class ListResponse(Envelope):
    """The response that has agents, or processes."""

    data: NotRequired[Contents]


class AgentResponse(Envelope):
    """The response that has the agent of one host, as OCP has it."""

    data: NotRequired[dict[str, Any]]
