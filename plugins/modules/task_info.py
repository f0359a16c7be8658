# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_info
short_description: Show a task, or a list of tasks
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Shows a task in a few lines, with its unfinished hosts and its failures, or a list of tasks.
  - With O(whole), also returns the response of OCP to C(GET /tasks/instances/{taskId}) or C(GET /tasks/instances).
  - A task whose controller is gone is FAILED with the code TSK10015, and can be retried.
  - Fails with OCP's 404 for an unknown task.
  - With O(role_bindings), the user needs the role C(TASK_VIEWER).
  - Runs on V(localhost).
options:
  task_id:
    description: The id of a task. Without it, a list of tasks is shown, the newest first.
    type: raw
  name:
    description: Lists only tasks whose name contains this text. Case does not matter.
    type: str
  status:
    description: Lists only tasks in this status.
    type: str
    choices: [RUNNING, FAILED, SUCCESSFUL]
  host_id:
    description: Lists only tasks on the host with this id in OCP.
    type: raw
  page:
    description: Number of the page, from 1.
    type: int
    default: 1
  size:
    description: Number of tasks on a page, at most 2000.
    type: int
    default: 10
  whole:
    description: Whether to return OCP's response as well, which has every subtask of a task.
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
  - module: oceanbase.ocp.subtask_log
  - module: oceanbase.ocp.task_resume
"""

EXAMPLES = r"""
- name: Show a task
  oceanbase.ocp.task_info:
    task_id: 31173
  delegate_to: localhost
  run_once: true

- name: Get a task as OCP's API returns it
  oceanbase.ocp.task_info:
    task_id: 31173
    whole: true
  delegate_to: localhost
  run_once: true
  register: answer

- name: Show its failed subtasks
  ansible.builtin.debug:
    msg: "{{ answer.response.data.subtasks | selectattr('status', 'equalto', 'FAILED') }}"

- name: List the last failed tasks on a host
  oceanbase.ocp.task_info:
    host_id: 1001
    status: FAILED
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
response:
  description: The response of OCP's API, with C(data) or with C(error).
  returned: with O(whole), and on failure
  type: dict
  sample:
    data: {id: 31173, name: Batch stop OCP agent, status: FAILED}
    duration: 17
    server: 192.0.2.10
    status: 200
    successful: true
    timestamp: '2026-11-23T22:08:15.4+00:00'
    traceId: 688d3147a10b45e8
lines:
  description: The task in a few lines with at most 20 failures, or a table of tasks.
  returned: success
  type: list
  elements: str
  sample:
    - "task 31173: Batch stop OCP agent: FAILED"
    - "begun 2026-11-23T22:08:05+00:00 by alice, ended 2026-11-23T22:08:15+00:00"
    - "2 hosts: db001, db002. 1 host stopped and verified; 1 host failed in Stop"
msg:
  description: A summary in one line.
  returned: always
  type: str
  sample: "task 31173 Batch stop OCP agent: FAILED"
"""
