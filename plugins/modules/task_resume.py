# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_resume
short_description: Retry a FAILED task, skip subtasks of it, or roll it back
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Loads a task from the store, applies the intervention, and holds the hosts that are not done. The plays of the
    phases then do the work that is due.
  - Only a FAILED task can be resumed. A task whose rollback has begun can only be rolled back further.
  - A host that is done is not contacted, and need not be in the inventory any more.
  - A refused request does not fail this module, as in M(oceanbase.ocp.task_create).
  - Runs on V(localhost).
options:
  intervention:
    description:
      - V(retry) runs the FAILED subtasks again, and then the subtasks that waited for them.
      - V(skip) makes the subtasks O(subtask_id) SUCCESSFUL, and continues the task.
      - V(rollback) undoes the changes of the task in reverse order. Agents that it has stopped are started as they ran
        before, and agents that it has started are stopped.
    type: str
    required: true
    choices: [retry, rollback, skip]
  task_id:
    description: The id of the task.
    type: raw
    required: true
  subtask_id:
    description: The id of the subtask to skip, or several of them, in the forms of host ids.
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
    description: Works the same, but writes no file and stores nothing.
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
  description: The alerts that OCP raises for the hosts.
  returned: when the task stops agents, except in check mode
  type: str
  sample: "OCP raises alerts for these hosts within a minute of the stop: host_unavailable, agentd_process_stop"
run:
  description: The state of the run, in the form of RV(oceanbase.ocp.task_create#module:run).
  returned: success
  type: dict
  sample: {goal: stopped}
"""
