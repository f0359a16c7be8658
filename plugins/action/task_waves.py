# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    at_exit,
    invocation,
    persistence,
    published,
    request_action,
    screen,
    wave,
    waves,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller import in_awx
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import waves_report
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import OPERATIONS
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import SUCCESSFUL

ARGUMENT_SPEC: dict[str, t.Any] = {
    "operation": {"type": "str", "required": True, "choices": sorted(OPERATIONS)},
    **persistence.OPTION,
}


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        run = Run.current(variables)
        if not run or not run.waves or run.task:
            raise AnsibleActionFail("there are no waves to be carried out: task_create with waves has to come before")
        operation, url = arguments["operation"], persistence.chosen(plain(arguments["task_store"]))
        ended, why = waves.carry_out(self, variables, run, operation)
        response = run.response = waves_report.respond(run.request, run.waves, ended)
        message = waves_report.summary(operation, run.waves, ended, why)
        successful = response["data"]["status"] == SUCCESSFUL
        transient = persistence.transient(url)
        notes = [transient[0].upper() + transient[1:]] if transient else []
        unwritten = ""
        try:
            request_action.write_response(run)
        except OSError as exc:
            successful = False
            notes.append(f"The response cannot be written to {run.response_file}: {exc.strerror}")
            unwritten = f"; it is: {json.dumps(response)}"
        lines = waves_report.screen(
            operation,
            run.waves,
            ended,
            why,
            caller=None if in_awx() else invocation.current(store=url is not None and url != persistence.NONE),
            store=transient is None,
            notes=[*notes, *published.places(run.response_file, wave.report_file(run.report_file, "NUMBER"), url)],
        )
        return {
            **screen.hidden(),
            "changed": any(sum(one.changed.values()) for one in ended),
            "msg": ". ".join([message, *notes]) + unwritten,
            "screen": plain(lines),
            "shown": at_exit.leave(lines),
            "successful": successful,
            "response": response,
            **published.statistic(response, run.response_file),
        }
