# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    accept,
    controller,
    mistakes,
    persistence,
    request_action,
    requested_hosts,
    retention,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.request_action import Asked
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import (
    OPERATIONS,
    for_one_host,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.settings import percentage
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task

ARGUMENT_SPEC: dict[str, t.Any] = {
    "operation": {"type": "str", "required": True, "choices": sorted(OPERATIONS)},
    "host_ids": {"type": "raw"},
    "prohibit_rollback": {"type": "bool", "default": False},
    "retention": {"type": "raw"},
    **accept.OPTIONS,
}


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        return request_action.carry_out(self, ARGUMENT_SPEC, variables, _create)


def _create(asked: Asked, run: Run) -> dict[str, t.Any]:
    return accept.accept(asked, run, lambda executor: _new_task(asked, run, executor), resumed=False)


def _new_task(asked: Asked, run: Run, executor: Executor | None) -> Task:
    """The task that is asked for, begun. executor: None where it is not to be stored. Raises OcpError."""
    operation = asked.arguments["operation"]
    role = OPERATIONS[operation].role
    asked.authorize(role, operation)
    asked.inventory.check_controller()
    workflow = accept.workflow(asked, role)
    targets = asked.inventory.find(_host_ids(asked), force=asked.arguments["force"])
    seconds = accept.timeouts(asked)
    share = percentage(asked.arguments["max_fail_percentage"])
    user = controller.creator(asked.variables)
    host_ids = [target.host_id for target in targets]
    definition = for_one_host(operation) if len(targets) == 1 and controller.asked_for_one_host() else operation

    def build(task_id: int, first_subtask_id: int) -> Task:
        task = Task.create(
            definition,
            targets,
            task_id=task_id,
            first_subtask_id=first_subtask_id,
            creator=user.name,
            creator_id=user.number,
            executor=asked.request.server,
            started=iso(asked.request.received),
            timeouts=seconds,
            max_fail_percentage=share,
            prohibit_rollback=asked.arguments["prohibit_rollback"],
        )
        return accept.begin(asked, run, task)

    if executor:
        with persistence.open_store(asked.url) as store:
            task = store.create(host_ids, definition, build, executor, workflow)
            retention.apply(store, asked)
            return task
    if asked.url != persistence.NONE:
        with persistence.open_store(asked.url, read_only=True) as store:
            store.busy(host_ids)
    first = controller.first_id()
    return build(first, first + 1)


def _host_ids(asked: Asked) -> list[int]:
    ids = requested_hosts.ids(asked.arguments["host_ids"], asked.variables, asked.inventory)
    if ids is None:
        mistakes.check_missing("hostIds", asked.variables)
    return ids if ids is not None else controller.read_ids(None)
