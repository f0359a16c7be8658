# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process import playbook
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    accept,
    journal,
    persistence,
    request_action,
    supervisor,
    workflow_request,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.request_action import Asked
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target, known
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.slice import Slice
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import EXECUTE

ARGUMENT_SPEC: dict[str, t.Any] = {
    "task_id": {"type": "raw"},
    "phase": {"type": "raw"},
    "transport": {"type": "raw"},
    "fanout": {"type": "raw"},
    "progress": {"type": "raw"},
    **{name: option for name, option in request_action.OPTIONS.items() if name not in ("response_file", "report_file")},
}


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        return request_action.carry_out(self, ARGUMENT_SPEC, variables, _take)


def _take(asked: Asked, run: Run) -> None:
    run.transport, run.fanout, run.progress = accept.ways(asked)
    phases = _phases(asked.arguments["phase"])
    asked.inventory.check_controller()
    task_id = workflow_request.task_id(asked.arguments["task_id"], check_mode=asked.check_mode)
    if task_id is None:
        run.no_task = workflow_request.NO_TASK
        return
    executor = Executor.of(playbook.process(), asked.request.server)
    with persistence.open_store(asked.url, read_only=asked.check_mode) as store:
        asked.authorize(store.workflow(task_id).role, "task_slice")
        own = _own(asked, lambda ids: store.slices.due(task_id, phases, ids))
        job = asked.request.context.get("awx_job_id")
        name = f"job {job}" if job else ""
        share = store.slices.take(task_id, phases, own, executor, name, check_mode=asked.check_mode)
    run.task, run.executor, run.resumed = share.task, executor, share.task.operation != EXECUTE
    done, held, lost = (list(map(str, hosts)) for hosts in (share.done, share.held, share.lost))
    run.slice = Slice(done, held, lost)
    if not asked.check_mode:
        journal.note(run)
        supervisor.start(asked.url, executor, lambda store: store.slices.beat(task_id, executor.token))


def _phases(phase: object) -> list[str]:
    if phase in (None, ""):
        return list(PHASES)
    if phase not in PHASES:
        raise OcpError(INVALID, f"ocp_phase must be one of {', '.join(PHASES)}, not {phase!r}")
    return [str(phase)]


def _own(asked: Asked, due: t.Callable[[set[int]], list[int]]) -> list[Target]:
    """The hosts of this inventory on which a subtask is due. due: selects the due ones of a set of ids."""
    inventory = asked.inventory
    ids = {name: value for name, value in inventory.ids.items() if name in inventory.reached}
    targets = inventory.resolve(due(known(ids)), ids)
    inventory.check_variables(target.host for target in targets)
    return targets
