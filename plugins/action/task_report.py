# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import json
import os
import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain, write
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import journal, persistence, screen
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller import in_awx
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.host_results import Results
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.outcomes import collect
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.plan import plan
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Ending, Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import statistic as _statistic
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.report import summary
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import RUNNING, SUCCESSFUL, Task

ARGUMENT_SPEC: dict[str, t.Any] = {**persistence.OPTION}


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        journal.join(patience=journal.TO_WRITE)
        run = Run.current(variables)
        if not run:
            raise AnsibleActionFail("there is no run to report: an action that takes a request has to come before")
        lines: list[str] = []
        if run.task:
            hostvars = variables["hostvars"]
            url = persistence.chosen(plain(arguments["task_store"]))
            if run.check_mode:
                lines = plan(run.task, Results(hostvars, run.task.id).of)
            response, message, successful = _close(run, url, hostvars)
        else:
            response, successful = run.response or {}, False
            error = response["error"]
            message = f"{response['status']} {error['code']}: {error['message']}"
        if run.response_file and not run.check_mode:
            try:
                write(run.response_file, response)
            except OSError as exc:
                successful = False
                message += (
                    f". The response cannot be written to {run.response_file}: {exc.strerror}; "
                    f"it is: {json.dumps(response)}"
                )
        journal.forget()
        return {
            "changed": False,
            "msg": message,
            "plan": plain(lines),
            "successful": successful,
            "response": response,
            "ansible_stats": {
                "data": {"ocp_response": _published(response, None if run.check_mode else run.response_file)},
                "per_host": False,
                "aggregate": False,
            },
        }


def _close(run: Run, url: str | None, hostvars: t.Any) -> tuple[dict[str, t.Any], str, bool]:
    task = run.the_task
    if task.status != RUNNING:  # a barrier of its workflow has ended it
        ending, problem = Ending(task, run.response or {}, {}), run.problem
    else:
        outcomes = {phase: collect(task, phase, hostvars) for phase in task.work()}
        with contextlib.suppress(StoreError):  # saving tells
            run.cancelled = run.cancelled or persistence.cancelled(url, run.executor, task.id)
        ending = run.end(outcomes)
        problem = persistence.save(url, run.executor, ending.task, ending.logs)
    if run.check_mode:
        message = f"check mode, nothing was changed: {summary(ending.task)}"
    else:
        message = summary(ending.task, _changed(ending.task, Results(hostvars, task.id)))
    transient = None if run.check_mode else persistence.transient(url)
    if transient:
        message += f". {transient[0].upper()}{transient[1:]}"
    if problem:
        message += f". The task could not be stored: {problem}"
    return ending.response, message, ending.task.status == SUCCESSFUL and not problem


def _changed(task: Task, results: Results) -> dict[str, int]:
    """On how many hosts each phase of this run has changed something."""
    answers = {phase: [results.of(phase, target.host) or {} for target in task.targets] for phase in PHASES}
    return {phase: sum(bool(answer.get("changed")) for answer in found) for phase, found in answers.items()}


def _published(response: dict[str, t.Any], response_file: str | None) -> dict[str, t.Any]:
    """What the statistic of the run shall be. Under ansible-runner, and so in AWX, a large response is told as a line.

    AWX drops results of more than 700,000 characters, and a file that a job of AWX writes is gone with its container.
    """
    by_awx = in_awx()
    if not by_awx and not os.environ.get("AWX_ISOLATED_DATA_DIR"):  # ansible-runner sets the latter
        return response
    in_file = response_file if not by_awx else None
    whole = in_file or f"the output of the job: JSON in the line that begins with {_statistic.PREFIX.strip()}"
    statistic = _statistic.statistic(response, whole)
    if statistic != response and not in_file:
        screen.display().display(_statistic.line(response), screen_only=True)
    return statistic
