# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_cancel
short_description: Cancel a running task
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Asks the run that executes a task, on any machine, to end it. No other host is begun, and hosts at work finish
    first. The task is then FAILED, with the operation CANCEL, and can be retried or rolled back.
  - Returns as soon as the request is stored. The run checks for it every two seconds.
  - Fails with OCP's 404 for an unknown task, and with its 409 for a task that is not RUNNING.
  - With O(role_bindings), the user needs the role C(TASK_MANAGER).
  - Runs on V(localhost).
options:
  task_id:
    description: The id of the task.
    type: raw
    required: true
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._store.request
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Reports whether the task could be cancelled, and changes nothing.
seealso:
  - module: oceanbase.ocp.task_info
  - module: oceanbase.ocp.task_resume
"""

EXAMPLES = r"""
- name: Cancel a task
  oceanbase.ocp.task_cancel:
    task_id: 31173
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
response:
  description: The response of OCP's API, with C(data) or with C(error).
  returned: always
  type: dict
  sample:
    data: {id: 31173, name: Batch stop OCP agent, status: RUNNING}
    duration: 17
    server: 192.0.2.10
    status: 200
    successful: true
    timestamp: '2026-11-23T22:08:15.4+00:00'
    traceId: 688d3147a10b45e8
msg:
  description: A summary in one line.
  returned: always
  type: str
  sample: "task 31173 is being cancelled: no other host is begun, what runs ends first"
"""
