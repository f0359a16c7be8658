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
    """The keywords of `ansible_runner.run` that can be given, see the documentation of ansible-runner."""

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
    """A host that a phase waits for. seconds: since its turn. at: its present step, such as `SIGTERM 14 s ago, SIGKILL
    in 6 s`; empty if unknown."""

    host: str
    seconds: float
    at: str


class ProgressEvent(TypedDict):
    """The progress of a phase. hosts, done, failed, working, waiting: numbers of hosts. done: includes failed hosts.
    waiting: hosts before their turn. cancelled: no other host gets its turn. slowest: the first 20 hosts at work."""

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
    """The keywords of all operations, see `submit`."""

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
    """The keywords of operations on hosts, see `submit`."""

    hosts: str | Sequence[str] | None


class LookOptions(RunnerOptions, total=False):
    """The keywords of `host_agent` and `host_agent_processes`, see `agent_info`."""

    inventory: Inventory | None
    extravars: Mapping[str, Any] | None
    response_file: str | os.PathLike[str] | None
    worker: Worker | None


# Responses


class SubError(TypedDict):
    """An error about one value of a request."""

    object: str
    field: str
    rejectedValue: Any
    message: str


class Error(TypedDict):
    """The cause of a refused request or a FAILED subtask. code: an integer with the error codes of OCP 3.1."""

    code: str | int
    message: str
    subErrors: NotRequired[list[SubError]]


class Subtask(TypedDict):
    """A subtask. upstreams, downstreams: ids. parallelIdx: the index of its host in the request, -1 for all hosts.

    timeout: seconds. className: in the response of an operation. createTime: in the response of a query. executor,
    startTime, finishTime: after the begin or the end. error: if it is FAILED.
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
    """The parameters of a task. listMap: `host_ids`, as texts."""

    listMap: dict[str, list[str]]
    stringMap: dict[str, str]
    parallel: bool
    parallelIdx: int


class Task(TypedDict):
    """A task in the response of an operation. hostId: only in OCP's form for one host.

    A response that is too large for AWX has a `summary` and `failedSubtasks` instead of subtasks.
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
    """The creator of a task."""

    id: int
    name: str


class TaskDetail(TypedDict):
    """A task in the response of a query."""

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
    """The fields of every response. duration: milliseconds. status: of HTTP."""

    duration: int
    server: str
    status: int
    successful: bool
    timestamp: str
    traceId: str
    error: NotRequired[Error]


class Response(Envelope):
    """The response of an operation or an intervention."""

    data: NotRequired[Task]


class TaskDetailResponse(Envelope):
    """The response of a query for a task."""

    data: NotRequired[TaskDetail]


class TaskPageResponse(Envelope):
    """The response of a query for tasks."""

    data: NotRequired[TaskPage]


class SubtaskLogResponse(Envelope):
    """The response with a log."""

    data: NotRequired[SubtaskLog]


class PrunedTasks(TypedDict):
    """The tasks that were removed, the oldest first."""

    taskIds: list[int]


class PruneResponse(Envelope):
    """The response with removed tasks."""

    data: NotRequired[PrunedTasks]


class Contents(TypedDict):
    """A list of agents or of their processes, in the form of OCP. page: only for processes."""

    contents: list[dict[str, Any]]
    page: NotRequired[PageNumber]


class ListResponse(Envelope):
    """The response with agents or processes."""

    data: NotRequired[Contents]


class AgentResponse(Envelope):
    """The response with the agent of one host, in the form of OCP."""

    data: NotRequired[dict[str, Any]]
