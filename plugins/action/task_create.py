# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    accept,
    caller,
    controller,
    mistakes,
    persistence,
    request_action,
    requested_hosts,
    retention,
    wave,
    waves,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.request_action import Asked
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.workflow import Workflow
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import waves as _waves
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
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
    "waves": {"type": "raw"},
    "waves_after": {"type": "raw"},
    "waves_max_fail_percentage": {"type": "raw"},
    **accept.OPTIONS,
}


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        return request_action.carry_out(self, ARGUMENT_SPEC, variables, _create)


@dataclass(frozen=True)
class _Wanted:
    """A checked request. seconds: time limits by phase. share: of the hosts that may fail, in percent."""

    operation: str
    targets: list[Target]
    seconds: dict[str, int]
    share: float
    workflow: Workflow | None

    @property
    def host_ids(self) -> list[int]:
        return [target.host_id for target in self.targets]


def _create(asked: Asked, run: Run) -> dict[str, t.Any]:
    wanted = _wanted(asked)
    run.waves = _in_waves(asked, wanted)
    if run.waves:
        left = {host_id for ids in run.waves.hosts for host_id in ids}
        wanted = replace(wanted, targets=[target for target in wanted.targets if target.host_id in left])
    if run.waves and not asked.check_mode:  # each makes a task at its turn
        accept.ways(asked)
        asked.check_files()
        _check_free(asked, wanted)
        waves.tell(run, [], going_on=True)
        return {}
    return accept.accept(asked, run, lambda executor: _new_task(asked, run, wanted, executor), resumed=False)


def _wanted(asked: Asked) -> _Wanted:
    """Check the request. Raises OcpError."""
    operation = asked.arguments["operation"]
    role = OPERATIONS[operation].role
    asked.authorize(role, operation)
    asked.inventory.check_controller()
    workflow = accept.workflow(asked, role)
    targets = asked.inventory.find(_host_ids(asked), force=asked.arguments["force"])
    share = percentage(asked.arguments["max_fail_percentage"])
    return _Wanted(operation, targets, accept.timeouts(asked), share, workflow)


def _in_waves(asked: Asked, wanted: _Wanted) -> _waves.Waves | None:
    """The requested waves; None if all hosts have one task. Raises OcpError (400)."""
    arguments = asked.arguments
    sizes, after = _waves.sizes(arguments["waves"]), arguments["waves_after"]
    share = percentage(arguments["waves_max_fail_percentage"], "ocp_waves_max_fail_percentage")
    if not sizes:
        if after not in (None, ""):
            raise OcpError(INVALID, "ocp_waves_after goes on with waves, and ocp_waves is missing: give it as before")
        return None
    if wanted.workflow:
        raise OcpError(
            INVALID, "a workflow has no waves: run the playbook of the operation with ocp_waves, or set it to ''"
        )
    return _waves.waves(wanted.host_ids, sizes, after=after, share=share)


def _new_task(asked: Asked, run: Run, wanted: _Wanted, executor: Executor | None) -> Task:
    """The new task, begun. executor: None if it is not to be stored. Raises OcpError."""
    user = controller.creator(asked.variables)
    place = wave.mine()
    # A wave is one of several tasks, whatever the request of all was.
    one_host = place is None and len(wanted.targets) == 1 and controller.asked_for_one_host()
    definition = for_one_host(wanted.operation) if one_host else wanted.operation

    def build(task_id: int, first_subtask_id: int) -> Task:
        task = Task.create(
            definition,
            wanted.targets,
            task_id=task_id,
            first_subtask_id=first_subtask_id,
            creator=user.name,
            creator_id=user.number,
            executor=asked.request.server,
            started=iso(asked.request.received),
            timeouts=wanted.seconds,
            max_fail_percentage=wanted.share,
            prohibit_rollback=asked.arguments["prohibit_rollback"],
            wave=place.wave if place else None,
        )
        return accept.begin(asked, run, task)

    if executor:
        with persistence.open_store(asked.url) as store:
            task = store.create(wanted.host_ids, definition, build, executor, wanted.workflow)
            retention.apply(store, asked)
            return task
    _check_free(asked, wanted)
    first = controller.first_id()
    return build(first, first + 1)


def _check_free(asked: Asked, wanted: _Wanted) -> None:
    """Raises OcpError (409) if another task works on a host."""
    if asked.url != persistence.NONE:
        with persistence.open_store(asked.url, read_only=True) as store:
            store.busy(wanted.host_ids)


def _host_ids(asked: Asked) -> list[int]:
    given = caller.asked().get("host_ids", asked.arguments["host_ids"])
    ids = requested_hosts.ids(given, asked.variables, asked.inventory)
    if ids is None:
        mistakes.check_missing("hostIds", asked.variables)
    return ids if ids is not None else controller.read_ids(None)
