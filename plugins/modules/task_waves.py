#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_waves
short_description: Carry out an operation in waves
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Runs the playbook of an operation once for each wave, one after another. Each run creates a task of its own, on the
    hosts of its wave.
  - M(oceanbase.ocp.task_create) must come before, with O(oceanbase.ocp.task_create#module:waves), and be registered as
    C(ocp_run). It checks the request and divides the hosts.
  - The runs get the inventory, the options, the extra variables and the passwords of this run, and prompt for nothing.
    This run shows their output.
  - No other wave begins when more hosts of a wave are not done than
    O(oceanbase.ocp.task_create#module:waves_max_fail_percentage) allows, or the request of a wave is refused, or its
    task was cancelled.
  - Ctrl-C, SIGTERM and SIGHUP cancel the task of the present wave.
  - The response is OCP's envelope around a list of tasks. C(data) has the created tasks in C(contents), the C(status)
    of all waves together, and a list C(waves) with C(number), C(hostIds), C(status) and C(taskId) of each. The
    C(status) of a wave that was not begun is V(NOT_BEGUN).
  - Does not fail when a task has FAILED, since ansible-core drops the statistics of a task that fails. The task after
    it fails the run.
  - Runs on V(localhost).
options:
  operation:
    description: The operation to carry out.
    type: str
    required: true
    choices: [batch_restart_agents, batch_start_agents, batch_stop_agents]
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Is not called. In check mode M(oceanbase.ocp.task_create) creates one task for all hosts.
seealso:
  - module: oceanbase.ocp.task_create
  - module: oceanbase.ocp.task_report
"""

EXAMPLES = r"""
- name: Restart the agents in waves
  oceanbase.ocp.task_waves:
    operation: batch_restart_agents
  register: waves_result

- name: Fail the run when a wave failed
  ansible.builtin.fail:
    msg: "{{ waves_result.msg }}"
  when: not waves_result.successful
"""

RETURN = r"""
successful:
  description: Whether the tasks of all waves are SUCCESSFUL, and the response is written.
  returned: always
  type: bool
  sample: true
msg:
  description: How the waves ended, in one line.
  returned: always
  type: str
  sample: "Batch restart OCP agent in waves: SUCCESSFUL, 3 waves, 60 hosts"
screen:
  description: The lines of the last screen.
  returned: always
  type: list
  elements: str
  sample: ["Batch restart OCP agent in waves: SUCCESSFUL, 3 waves, 60 hosts"]
shown:
  description: Whether C(ansible-playbook) shows RV(screen) after the recap.
  returned: always
  type: bool
  sample: true
response:
  description: The response, as described above.
  returned: always
  type: dict
  sample: {successful: true, status: 200}
"""
