#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_barrier
short_description: Wait for the slices of a task that a workflow executes, and say what is due next
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - The wait node between two phases of a task, for slices. Waits until they have handed in the outcomes of all hosts,
    and then does what M(oceanbase.ocp.task_wait) does.
  - What a slice has taken that is gone, or that does not hand in before the timeout, has FAILED for that cause. So has
    what no slice has taken. It is not waited for what no slice can hand in any more.
  - Ends the task when nothing is due any more, and sets its hosts free.
  - A request that is refused is no failure of this module, as in M(oceanbase.ocp.task_create).
  - Runs on V(localhost).
options:
  task_id:
    description:
      - The id of the task, which M(oceanbase.ocp.task_create) has made for a workflow.
      - Required, but in check mode.
    type: raw
  last:
    description: Whether the workflow ends here. What is due then has FAILED.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait for slices.
      - Without it, or when it is empty, the C(wait) of O(oceanbase.ocp.task_create#module:timeouts) that the task has.
    type: raw
  response_file:
    description: Path of the file to write the response to, as in M(oceanbase.ocp.task_create).
    type: path
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._store.request
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Says how far the task is, and waits for nothing. Check mode makes no task; without one, it says so.
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
  description: How far the task has come, in a line.
  returned: when the request is not refused
  type: str
  sample: 'Batch stop OCP agent: task 31173 RUNNING, next stop on 200 of 200 hosts'
run:
  description: The state of the run behind the barrier, in the form of RV(oceanbase.ocp.task_create#module:run).
  returned: success
  type: dict
  sample: {goal: stopped}
"""
