#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_slice
short_description: Take what is due on the hosts of this run's inventory, in a task that a workflow executes
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Takes the subtasks that are due on hosts of this run's inventory, and that no other slice has taken. The plays of
    the phases then work on them, M(oceanbase.ocp.task_wait) hands the outcomes of each phase in, and
    M(oceanbase.ocp.task_hand_in) ends the slice.
  - Hosts of the task that are not in this run's inventory are other slices', and no error. A host that has been handed
    in before, or that another slice works on, is left alone.
  - Of a task that has ended SUCCESSFUL nothing is due, which is no error either. One that has FAILED is refused (409).
  - A request that is refused is no failure of this module, as in M(oceanbase.ocp.task_create).
  - Runs on V(localhost).
options:
  task_id:
    description:
      - The id of the task, which M(oceanbase.ocp.task_create) has made for a workflow.
      - Required, but in check mode.
    type: raw
  phase:
    description:
      - Take what is due in this phase only, one of those of O(oceanbase.ocp.agent_processes#module:phase).
      - Without it, or when it is empty, everything that is due.
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
    description: Says what it would take, and stores nothing. Check mode makes no task; without one, it says so.
seealso:
  - module: oceanbase.ocp.task_create
  - module: oceanbase.ocp.task_hand_in
  - module: oceanbase.ocp.task_barrier
"""

EXAMPLES = r"""
- name: Take this slice's part of a phase
  oceanbase.ocp.task_slice:
    task_id: 31173
    phase: stop
    task_store: postgresql+psycopg://ocp@db/ocp
  register: ocp_run
"""

RETURN = r"""
run:
  description: The state of the run, in the form of RV(oceanbase.ocp.task_create#module:run). Its task is what the slice
    has taken.
  returned: success
  type: dict
  sample: {goal: stopped}
"""
