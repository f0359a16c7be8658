# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    accept,
    controller,
    mistakes,
    persistence,
    request_action,
    requested_hosts,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.request_action import Asked
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import interventions, settings
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task

ARGUMENT_SPEC: dict[str, t.Any] = {
    "intervention": {"type": "str", "required": True, "choices": ["retry", "rollback", "skip"]},
    "task_id": {"type": "raw", "required": True},
    "subtask_id": {"type": "raw"},
    **accept.OPTIONS,
}

_ROLE = "TASK_MANAGER"


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        return request_action.carry_out(self, ARGUMENT_SPEC, variables, _resume)


def _resume(asked: Asked, run: Run) -> dict[str, t.Any]:
    return accept.accept(asked, run, lambda executor: _taken_up(asked, run, executor), resumed=True)


def _taken_up(asked: Asked, run: Run, executor: Executor | None) -> Task:
    """The resumed task, begun. executor: None if it is not to be stored. Raises OcpError."""
    arguments = asked.arguments
    intervention = arguments["intervention"]
    asked.authorize(_ROLE, f"task_{intervention}")
    asked.inventory.check_controller()
    workflow = accept.workflow(asked, _ROLE)
    # A file of variables may name the hosts of the first request; the nodes of a workflow always get its variables.
    named = None if workflow else requested_hosts.ids(None, asked.variables, asked.inventory)
    for field, given in (("taskId", arguments["task_id"]), ("subtaskId", arguments["subtask_id"])):
        if given in (None, "") and (field == "taskId" or intervention == "skip"):
            mistakes.check_missing(field, asked.variables)
    (task_id,) = controller.read_ids(plain(arguments["task_id"]), "taskId", most=1)
    subtask_ids = controller.read_ids(plain(arguments["subtask_id"]), "subtaskId") if intervention == "skip" else []
    seconds = accept.timeouts(asked)
    given_share = arguments["max_fail_percentage"]
    share = None if given_share in (None, "") else settings.percentage(given_share)

    def intervene(task: Task) -> None:
        if intervention == "skip":
            interventions.skip(task, subtask_ids)
        else:
            {"retry": interventions.retry, "rollback": interventions.rollback}[intervention](task)

    with persistence.open_store(asked.url, read_only=executor is None) as store:
        task = store.load(task_id)
        intervene(task)
        host_ids = _unfinished_host_ids(task)
        if named is not None:
            requested_hosts.check_resumed(named, task.targets, host_ids)
        targets = asked.inventory.find(host_ids, force=arguments["force"])
        found = {target.host_id: target for target in targets}

        def take_up(task: Task) -> None:
            intervene(task)
            _renew(task, found, asked.request.server)
            task.max_fail_percentage = task.max_fail_percentage if share is None else share
            task.set_timeouts(seconds)
            accept.begin(asked, run, task)

        if executor:
            return store.take(task_id, take_up, executor, workflow)
        task = store.load(task_id)
        take_up(task)
        return task


def _unfinished_host_ids(task: Task) -> list[int]:
    """The ids of the hosts that are not done. The others need not be in the inventory any more."""
    indices = sorted({subtask.parallel_idx for subtask in task.subtasks if task.lies_ahead(subtask)} - {-1})
    return [task.targets[index].host_id for index in indices]


def _renew(task: Task, found: t.Mapping[int, Target], address: str) -> None:
    """Give the task the present names of its hosts in the inventory, and the present controller."""
    task.targets = [found.get(target.host_id, target) for target in task.targets]
    task.executor = address
