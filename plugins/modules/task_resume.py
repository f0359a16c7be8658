# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_resume
short_description: Take up a task that has FAILED, to retry it, to skip subtasks of it, or to roll it back
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Loads a task from the store, does to it what an operator may do, and holds the hosts for it that still have to do
    with it. The plays of its phases then do what is due.
  - Only a task that has FAILED can be taken up. One whose rollback has begun can only be rolled back further.
  - A host that was done is not contacted, and need not be in the inventory any more.
  - A request that is refused is no failure of this module, as in M(oceanbase.ocp.task_create).
  - Runs on V(localhost).
options:
  intervention:
    description:
      - What to do.
      - V(retry) runs the FAILED subtasks once more, and then what was waiting for them.
      - V(skip) takes the subtasks O(subtask_id) for SUCCESSFUL, and lets the task go on.
      - V(rollback) undoes what the task has done, in reverse order. Agents that it has stopped are started as they ran
        before; those that it has started are stopped.
    type: str
    required: true
    choices: [retry, rollback, skip]
  task_id:
    description: The id of the task.
    type: raw
    required: true
  subtask_id:
    description: The id of the subtask to skip, or a list of them, in the forms that host ids may have.
    type: raw
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._store.request
  - oceanbase.ocp._store.accept
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Does the same, but writes no file and stores nothing.
seealso:
  - module: oceanbase.ocp.task_create
  - module: oceanbase.ocp.task_info
  - module: oceanbase.ocp.task_cancel
"""

EXAMPLES = r"""
- name: Retry a task
  oceanbase.ocp.task_resume:
    intervention: retry
    task_id: 31173
  delegate_to: localhost
  run_once: true
  register: resumed
"""

RETURN = r"""
alerts:
  description: Which alerts OCP raises for the hosts, in a line, where the task stops agents. Not in check mode.
  returned: when there are some
  type: str
  sample: "OCP raises alerts for these hosts within a minute of the stop: host_unavailable, agentd_process_stop"
run:
  description: The state of the run, in the form of RV(oceanbase.ocp.task_create#module:run).
  returned: success
  type: dict
  sample: {goal: stopped}
"""
