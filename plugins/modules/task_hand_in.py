#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_hand_in
short_description: Hand in the remaining outcomes of a slice, and end it
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Hands in the outcomes of a slice's last phase, and those that the store could not take before.
  - A host without a result has failed. An outcome that arrives after its barrier is refused and reported.
  - Takes the state of the run from C(ocp_run), as M(oceanbase.ocp.task_slice) or the wait node after it has registered
    it.
  - Runs on V(localhost).
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Reports the work, and stores nothing.
seealso:
  - module: oceanbase.ocp.task_slice
  - module: oceanbase.ocp.task_barrier
"""

EXAMPLES = r"""
- name: Hand in what is left, and end the slice
  oceanbase.ocp.task_hand_in:
  register: handed_in
"""

RETURN = r"""
msg:
  description: The work of the slice in one line, with every failed host.
  returned: success
  type: str
  sample: 'Batch stop OCP agent: task 31173, a slice: 20 hosts taken'
successful:
  description: Whether all work of the slice was done and handed in.
  returned: success
  type: bool
  sample: true
"""
