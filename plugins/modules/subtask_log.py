# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: subtask_log
short_description: Show the log of a subtask, or of all subtasks of a host
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Shows the steps of a subtask on its host, in order and with times. These are the processes that were found, the
    signals that were sent, the ends of processes, and the failure. Each execution has a block of its own.
  - With O(whole), also returns the response of OCP to C(GET /tasks/instances/{taskId}/subtasks/{subtaskId}/log).
  - Fails with OCP's 404 for an unknown subtask.
  - With O(role_bindings), the user needs the role C(TASK_VIEWER).
  - Runs on V(localhost).
options:
  task_id:
    description: The id of the task.
    type: raw
    required: true
  subtask_id:
    description: The id of the subtask. Either this or O(host_id) is required.
    type: raw
  host_id:
    description:
      - The id in OCP of a host of the task, or its name there. Returns the logs of all its subtasks one after another.
    type: raw
  whole:
    description: Whether to return OCP's response as well, which has the log as one text.
    type: bool
    default: false
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._store.request
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Changes nothing in any case.
seealso:
  - module: oceanbase.ocp.task_info
"""

EXAMPLES = r"""
- name: Show the steps of a subtask
  oceanbase.ocp.subtask_log:
    task_id: 31173
    subtask_id: 32857
  delegate_to: localhost
  run_once: true

- name: Show the steps of a task on one host
  oceanbase.ocp.subtask_log:
    task_id: 31173
    host_id: 1001
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
response:
  description: The response of OCP's API, with C(data) or with C(error).
  returned: with O(whole), and on failure
  type: dict
  sample:
    data: {log: "############{EXECUTE}{2026-11-23T22:08:05.982+00:00}############"}
    duration: 17
    server: 192.0.2.10
    status: 200
    successful: true
    timestamp: '2026-11-23T22:08:15.4+00:00'
    traceId: 688d3147a10b45e8
lines:
  description: The log, line by line.
  returned: success
  type: list
  elements: str
  sample: ["############{EXECUTE}{2026-11-23T22:08:05.982+00:00}############"]
msg:
  description: A summary in one line.
  returned: always
  type: str
  sample: "subtask 32857: 12 lines"
"""
