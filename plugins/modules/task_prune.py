# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_prune
short_description: Remove old tasks from the task store
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Removes tasks that nobody has worked on for a while, with their subtasks and logs. They can no longer be asked for,
    retried or rolled back, and their ids are not used again.
  - The age of a task counts from the last sign of life of a run of it, by the database's clock. A retry makes it young.
  - A task that is RUNNING never goes, nor one that holds hosts, nor one of a workflow that may still go on with it
    without being asked. A task whose controller is gone is RUNNING until somebody asks for it.
  - The removal takes several short transactions. Runs and queries that use the store at the same time go on, and a
    removal that was interrupted is finished by the next one.
  - With O(role_bindings) it needs the role C(TASK_MANAGER).
  - Runs on V(localhost).
options:
  older_than:
    description: The age from which a task goes, a number with V(h), V(d) or V(w) for hours, days or weeks.
    type: str
    required: true
  keep:
    description: How many of the newest tasks of the store are kept, whatever their age.
    type: int
    default: 100
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._store.request
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Says which tasks would be removed, and changes nothing.
seealso:
  - module: oceanbase.ocp.task_info
  - module: oceanbase.ocp.task_create
"""

EXAMPLES = r"""
- name: Remove tasks of more than 90 days
  oceanbase.ocp.task_prune:
    older_than: 90d
    keep: 500
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
response:
  description: In the form of OCP's API, with C(data) or with C(error). OCP itself has no such call.
  returned: always
  type: dict
  sample:
    data: {taskIds: [1, 2, 3]}
    duration: 17
    server: 192.0.2.10
    status: 200
    successful: true
    timestamp: '2026-11-23T22:08:15.4+00:00'
    traceId: 688d3147a10b45e8
lines:
  description: How many tasks are removed, or would be in check mode, and their ids.
  returned: success
  type: list
  elements: str
  sample: ["3 tasks removed", "1 to 3"]
msg:
  description: The same in one line.
  returned: always
  type: str
  sample: 3 tasks removed
"""
