# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OCP's operations on the hosts themselves, from Python.

Everything public is here. The operations: `batch_stop_agents`, `batch_start_agents`, `batch_restart_agents`. What is
done to a task: `task_retry`, `task_rollback`, `subtask_skip`, `task_cancel`; to old ones: `task_prune`. What is asked
of it: `task_info`, `subtask_log`, `task_report`. In the background, or by a worker elsewhere: `submit`, `Submission`.
From the events of a run of one's own: `response_of`. The error: `OcpRunError`. The types of responses: `Response`,
`TaskDetailResponse`, `TaskPageResponse`, `SubtaskLogResponse`, `PruneResponse` and what is in them; the types of
keywords: `HostOptions`, `TaskOptions`, `RunnerOptions`; of `progress`: `ProgressEvent`.

What runs on hosts, without a task: `agent_info`, `host_agent`, `host_agent_processes`.
"""

from __future__ import annotations

from importlib.metadata import version

from ._api import (
    batch_restart_agents,
    batch_start_agents,
    batch_stop_agents,
    submit,
    subtask_skip,
    task_retry,
    task_rollback,
)
from ._errors import OcpRunError
from ._events import response_of
from ._status import agent_info, host_agent, host_agent_processes
from ._submission import Submission
from ._tasks import subtask_log, task_cancel, task_info, task_prune, task_report
from ._types import (
    AgentResponse,
    Error,
    HostAtWork,
    HostOptions,
    ListResponse,
    LookOptions,
    ProgressEvent,
    PruneResponse,
    Response,
    RunnerOptions,
    Subtask,
    SubtaskLogResponse,
    Task,
    TaskDetail,
    TaskDetailResponse,
    TaskOptions,
    TaskOverview,
    TaskPageResponse,
)

__version__ = version("oceanbase-ocp")

__all__ = [
    "AgentResponse",
    "Error",
    "HostAtWork",
    "HostOptions",
    "ListResponse",
    "LookOptions",
    "OcpRunError",
    "ProgressEvent",
    "PruneResponse",
    "Response",
    "RunnerOptions",
    "Submission",
    "Subtask",
    "SubtaskLogResponse",
    "Task",
    "TaskDetail",
    "TaskDetailResponse",
    "TaskOptions",
    "TaskOverview",
    "TaskPageResponse",
    "agent_info",
    "batch_restart_agents",
    "batch_start_agents",
    "batch_stop_agents",
    "host_agent",
    "host_agent_processes",
    "response_of",
    "submit",
    "subtask_log",
    "subtask_skip",
    "task_cancel",
    "task_info",
    "task_prune",
    "task_report",
    "task_retry",
    "task_rollback",
]
