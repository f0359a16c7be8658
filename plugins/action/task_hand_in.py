# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import journal, persistence
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.hand_in import end, hand_in
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.slice import Slice
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.workflow_report import of_slice

ARGUMENT_SPEC: dict[str, t.Any] = {**persistence.OPTION}


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        journal.join(patience=journal.TO_WRITE)
        run = Run.current(variables)
        if not run:
            raise AnsibleActionFail("there is no slice to hand in: task_slice has to come before")
        url = persistence.chosen(plain(arguments["task_store"]))
        hand_in(run, list(run.due), url, variables["hostvars"])
        if not run.check_mode:
            end(run, url)
        journal.forget()
        message, successful = of_slice(run.the_task, run.slice or Slice(), check_mode=run.check_mode)
        return {"changed": False, "msg": message, "successful": successful}
