# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain, write
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import journal, persistence, screen
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.hand_in import hand_in
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.outcomes import collect
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import subtask_log
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.barrier import pass_on
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso_now
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES

ARGUMENT_SPEC: dict[str, t.Any] = {
    "phase": {"type": "str", "required": True, "choices": list(PHASES)},
    **persistence.OPTION,
}


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        started = iso_now()
        dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        journal.join(patience=journal.TO_WRITE)
        run = Run.current(variables)
        if not run:
            return {"changed": False, "run": {}}
        run.response = None  # the request has its answer, which no later action needs
        # Behind a barrier that broke, or a request that was refused, there is nothing to wait for.
        if run.barrier_error or not run.task:
            return {**screen.hidden(), "changed": False, "run": run.register()}
        url = persistence.chosen(plain(arguments["task_store"]))
        passed = True
        result: dict[str, t.Any] = {}
        try:
            if run.slice:  # the barrier is another run's
                hand_in(run, [arguments["phase"]], url, variables["hostvars"])
            else:
                passed = self._pass(run, arguments["phase"], url, variables["hostvars"], started)
        except BaseException as exc:
            # Also the task's timeout, which is no Exception: the report needs the run whatever happened here, and no
            # host may go past a barrier that broke.
            run.barrier_error = f"{type(exc).__name__}: {exc}"
        if run.barrier_error:
            result.update(failed=True, msg=f"The barrier broke, no host goes on: {run.barrier_error}")
        elif not passed:
            result.update(skipped=True, msg="No host goes on")
        return {**result, **screen.hidden(), "changed": False, "run": run.register()}

    @staticmethod
    def _pass(run: Run, phase: str, url: str | None, hostvars: t.Any, started: str) -> bool:
        """Settle a phase, and let hosts go on. Returns whether some do, or all are done."""
        task = run.the_task.copy()
        settled = task.settle(phase, collect(task, phase, hostvars))
        run.task = task.copy()
        with contextlib.suppress(StoreError):  # saving tells
            run.cancelled = persistence.cancelled(url, run.executor, task.id)
        if run.check_mode and task.holds(phase):
            run.held = run.held or phase
            task.max_fail_percentage = 100  # nothing is changed, so hosts go on behind the barrier
        if not run.cancelled:
            settled += pass_on(task, [phase], started)
        request = run.request
        logs = subtask_log.blocks(task, settled, request.trace_id, request.context)
        problem = persistence.save(url, run.executor, task, logs)
        if problem:  # no host goes on without a record
            run.barrier_error = problem
        else:
            run.task = task
        if run.response_file:
            with contextlib.suppress(OSError):  # the report writes it again, and tells; hosts must not wait for a file
                write(run.response_file, request.respond(run.task))
        journal.note(run)
        return bool(run.due) or not (task.failures or run.cancelled)
