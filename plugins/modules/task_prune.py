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
  - Removes tasks that no run has worked on for a while, with their subtasks and logs. They can no longer be shown,
    retried or rolled back, and their ids are not used again.
  - The age of a task counts from the last heartbeat of a run of it, by the clock of the database. A retry makes it
    young.
  - Never removes a task that is RUNNING or holds hosts, or whose workflow may still continue. A task whose controller
    is gone counts as RUNNING until it is shown.
  - The removal takes several short transactions. Runs and queries that use the store meanwhile go on. The next removal
    completes one that was interrupted.
  - With O(role_bindings), the user needs the role C(TASK_MANAGER).
  - Runs on V(localhost).
options:
  older_than:
    description: The age from which on a task is removed, a number with V(h), V(d) or V(w) for hours, days or weeks.
    type: str
    required: true
  keep:
    description: Number of the newest tasks that are kept at any age.
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
    description: Reports which tasks would be removed, and changes nothing.
seealso:
  - module: oceanbase.ocp.task_info
  - module: oceanbase.ocp.task_create
"""

EXAMPLES = r"""
- name: Remove tasks that are older than 90 days
  oceanbase.ocp.task_prune:
    older_than: 90d
    keep: 500
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
response:
  description: A response in the form of OCP's API, with C(data) or C(error). OCP itself has no such call.
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
  description: The number of removed tasks and their ids; in check mode, of those that would be removed.
  returned: success
  type: list
  elements: str
  sample: ["3 tasks removed", "1 to 3"]
msg:
  description: A summary in one line.
  returned: always
  type: str
  sample: 3 tasks removed
"""
