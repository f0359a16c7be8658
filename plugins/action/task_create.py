# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import accept, controller, persistence
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.extra_vars import as_written
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import parse
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import OPERATIONS
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.settings import percentage, timeouts
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task

ARGUMENT_SPEC: dict[str, t.Any] = {
    "operation": {"type": "str", "required": True, "choices": sorted(OPERATIONS)},
    "host_ids": {"type": "raw"},
    "prohibit_rollback": {"type": "bool", "default": False},
    **accept.OPTIONS,
}


class ActionModule(accept.AcceptAction):
    spec = ARGUMENT_SPEC

    def _accept(self, executor: Executor | None) -> Task:
        operation = self.arguments["operation"]
        role = OPERATIONS[operation].role
        self.authorize(role, operation)
        self.check_controller()
        workflow = self.workflow(role)
        targets = self.find_hosts(parse(self._host_ids()))
        seconds = timeouts(self.arguments["timeouts"])
        share = percentage(self.arguments["max_fail_percentage"])
        user = controller.user(self.variables)
        host_ids = [target.host_id for target in targets]

        def build(task_id: int, first_subtask_id: int) -> Task:
            return self.answer(
                Task.create(
                    operation,
                    targets,
                    task_id=task_id,
                    first_subtask_id=first_subtask_id,
                    creator=user.name,
                    creator_id=user.number,
                    executor=self.request.server,
                    started=iso(self.request.received),
                    timeouts=seconds,
                    max_fail_percentage=share,
                    prohibit_rollback=self.arguments["prohibit_rollback"],
                )
            )

        if executor:
            with persistence.open_store(self.url) as store:
                return store.create(host_ids, operation, build, executor, workflow)
        if self.url != persistence.NONE:
            with persistence.open_store(self.url, read_only=True) as store:
                store.busy(host_ids)
        first = controller.first_id()
        return build(first, first + 1)

    def _host_ids(self) -> t.Any:
        """The list as it was given: a request is data, and a template in it must be refused, not evaluated.

        Raises OcpError (400).
        """
        if self.arguments["host_ids"] is not None:
            return plain(self.arguments["host_ids"])
        given = {
            name: plain(self.variables[name])
            for name in ("host_ids", "hostIds")
            if self.variables.get(name) not in (None, "")
        }
        if len(given) == 2 and given["host_ids"] != given["hostIds"]:
            raise OcpError(INVALID, "host_ids and hostIds are both given and differ: give one of them")
        for name in (name for name, value in given.items() if not isinstance(value, str)):
            written = as_written(name)
            if written is not None:
                parse(written)  # where Ansible has made an id of what is none
        return next(iter(given.values()), None)
