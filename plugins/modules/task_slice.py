#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_slice
short_description: Take the subtasks of a workflow's task that are due on hosts of this inventory
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Takes the subtasks that are due on hosts of this run's inventory and that no other slice has taken. The plays of the
    phases then work on them, M(oceanbase.ocp.task_wait) hands in the outcomes of each phase, and
    M(oceanbase.ocp.task_hand_in) ends the slice.
  - Hosts of the task that are not in this inventory belong to other slices, and are no error. A host whose outcome was
    handed in before, or that another slice works on, is left alone.
  - Nothing is due in a task that has ended SUCCESSFUL, which is no error either. A FAILED task is refused (409).
  - A refused request does not fail this module, as in M(oceanbase.ocp.task_create).
  - Runs on V(localhost).
options:
  task_id:
    description:
      - The id of the task that M(oceanbase.ocp.task_create) has created for a workflow.
      - Required, except in check mode.
    type: raw
  phase:
    description:
      - Takes only subtasks of this phase, one of those of O(oceanbase.ocp.agent_processes#module:phase).
      - By default, or if empty, takes all subtasks that are due.
    type: raw
  transport:
    description: As in M(oceanbase.ocp.task_create).
    type: raw
  fanout:
    description: As in M(oceanbase.ocp.task_create).
    type: raw
  progress:
    description: As in M(oceanbase.ocp.task_create).
    type: raw
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._store.request
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Reports what it would take, and stores nothing. In check mode there may be no task, which is reported.
seealso:
  - module: oceanbase.ocp.task_create
  - module: oceanbase.ocp.task_hand_in
  - module: oceanbase.ocp.task_barrier
"""

EXAMPLES = r"""
- name: Take the part of a phase that is due here
  oceanbase.ocp.task_slice:
    task_id: 31173
    phase: stop
    task_store: postgresql+psycopg://ocp@db/ocp
  register: ocp_run
"""

RETURN = r"""
run:
  description: The state of the run, in the form of RV(oceanbase.ocp.task_create#module:run). Its task is the part
    that the slice has taken.
  returned: success
  type: dict
  sample: {goal: stopped}
"""
