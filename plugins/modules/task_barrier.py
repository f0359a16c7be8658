#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_barrier
short_description: Wait for the slices of a workflow, and begin the next phase of its task
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Is the wait node between two phases of a task, for slices. It waits until they have handed in the outcomes of all
    hosts, and then works like M(oceanbase.ocp.task_wait).
  - Hosts of a slice that is gone, or that does not hand in before the timeout, are FAILED with that cause. So are
    hosts that no slice has taken. The barrier does not wait for outcomes that no slice can hand in any more.
  - Ends the task and releases its hosts if nothing is due any more.
  - A refused request does not fail this module, as in M(oceanbase.ocp.task_create).
  - Runs on V(localhost).
options:
  task_id:
    description:
      - The id of the task that M(oceanbase.ocp.task_create) has created for a workflow.
      - Required, except in check mode.
    type: raw
  last:
    description: Whether the workflow ends here. All subtasks that are still due are FAILED then.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait for slices.
      - Defaults to C(wait) of the task's O(oceanbase.ocp.task_create#module:timeouts).
    type: raw
  response_file:
    description: Path of the file to write the response to, as in M(oceanbase.ocp.task_create).
    type: path
  report_file:
    description: Path of the file to write the report to when the task has ended, as in M(oceanbase.ocp.task_create).
    type: path
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._store.request
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Reports how far the task is, without waiting. In check mode there may be no task, which is reported.
seealso:
  - module: oceanbase.ocp.task_slice
  - module: oceanbase.ocp.task_report
"""

EXAMPLES = r"""
- name: Wait for the slices
  oceanbase.ocp.task_barrier:
    task_id: 31173
    task_store: postgresql+psycopg://ocp@db/ocp
  register: barrier
"""

RETURN = r"""
msg:
  description: How far the task has come, in one line.
  returned: when the request is not refused
  type: str
  sample: 'Batch stop OCP agent: task 31173 RUNNING, next stop on 200 of 200 hosts'
run:
  description: The state of the run after the barrier, in the form of RV(oceanbase.ocp.task_create#module:run).
  returned: success
  type: dict
  sample: {goal: stopped}
"""
