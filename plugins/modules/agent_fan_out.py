#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: agent_fan_out
short_description: Carry a phase out on all of its hosts at once
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Does on all hosts of a phase what M(oceanbase.ocp.agent_processes) does on one, from one process that keeps a
    connection to each host through the phases of a run.
  - It takes the SSH settings that Ansible has for a host, and asks OpenSSH for their meaning. The hosts in RV(rest) are
    left to the phase's ordinary task. They have a setting that it does not fully understand, a key that is not known or
    has changed, or another way of authentication.
  - A host that was lost in the middle of a change is left to that task, too, which asks it again.
  - The state of the run has the hosts and their way, see M(oceanbase.ocp.task_create).
  - That process ends with C(ansible-playbook), and its connections with it. Hosts finish what they have begun.
  - Runs on V(localhost), before the play of the hosts in RV(rest).
options:
  phase:
    description: The phase. One that is not due has no hosts.
extends_documentation_fragment:
  - oceanbase.ocp._phase
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: The hosts tell their plan, and change nothing.
  diff_mode:
    support: full
    description: Shows the processes before and after, or the removed files, of every host.
  become:
    support: partial
    description: Hosts that become another user by C(sudo). Others are left to the phase's task.
  connection:
    support: partial
    description: Hosts of the connection C(ssh). Others are left to the phase's task.
requirements:
  - asyncssh >= 2.21 on the controller; without it all hosts are left to the phase's task
seealso:
  - module: oceanbase.ocp.agent_processes
  - module: oceanbase.ocp.task_create
  - module: oceanbase.ocp.task_wait
"""

EXAMPLES = r"""
- name: Stop the agents of all hosts that are due
  oceanbase.ocp.agent_fan_out:
    phase: stop
  ignore_errors: true
  register: stop_fan_out
"""

RETURN = r"""
answers:
  description: By host, what M(oceanbase.ocp.agent_processes) returns for it, with C(started_at) and C(finished_at), in
    JSON.
  returned: always
  type: dict
  sample:
    db001: '{"changed": true, "home": "/home/admin/ocp_agent", "processes": []}'
rest:
  description: The hosts that are left to the phase's task. By host, the reason, C(why), and as what and where
    the task has worked on it before, C(ran_as) and C(home).
  returned: always
  type: dict
  sample:
    db002: {why: the connection is local}
task:
  description: The id of the task that the phase belongs to.
  returned: when hosts are due
  type: int
  sample: 31173
"""
