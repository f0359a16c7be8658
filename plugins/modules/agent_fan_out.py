#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: agent_fan_out
short_description: Carry out a phase on all of its hosts at once
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Does on all hosts of a phase what M(oceanbase.ocp.agent_processes) does on one. A single process keeps a connection
    to each host through all phases of a run.
  - Takes the SSH settings that Ansible has for a host, and asks OpenSSH for their meaning.
  - Leaves the hosts in RV(rest) to the ordinary task of the phase. Such a host has a setting that is not fully
    understood, a host key that is unknown or has changed, or another way of authentication.
  - A host that is lost in the middle of a change is left to that task as well, which asks the host again.
  - Takes the hosts from the state of the run, see M(oceanbase.ocp.task_create).
  - The process and its connections end with C(ansible-playbook). Hosts finish what they have begun.
  - Runs on V(localhost), before the play of the hosts in RV(rest).
options:
  phase:
    description: The phase to carry out. A phase that is not due has no hosts.
extends_documentation_fragment:
  - oceanbase.ocp._phase
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: The hosts report their plan and change nothing.
  diff_mode:
    support: full
    description: Shows the processes before and after, or the removed files, of each host.
  become:
    support: partial
    description: Supported for C(sudo). Hosts with another become plugin are left to the ordinary task of the phase.
  connection:
    support: partial
    description: Supported for C(ssh). Hosts with another connection are left to the ordinary task of the phase.
requirements:
  - asyncssh >= 2.21 on the controller; without it all hosts are left to the ordinary task of the phase
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
  description: The return value of M(oceanbase.ocp.agent_processes) for each host, with C(started_at) and
    C(finished_at), as JSON.
  returned: always
  type: dict
  sample:
    db001: '{"changed": true, "home": "/home/admin/ocp_agent", "processes": []}'
rest:
  description: The hosts that are left to the ordinary task of the phase. Each has the reason, C(why), and C(ran_as) and
    C(home) of the agent from earlier phases of the task.
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
