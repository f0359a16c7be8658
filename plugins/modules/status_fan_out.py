#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: status_fan_out
short_description: Look at the agents of all hosts at once
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Does on all hosts what M(oceanbase.ocp.agent_info) does on one, over the connections of
    M(oceanbase.ocp.agent_fan_out). Creates no task, uses no task store, and changes nothing.
  - Leaves a host that cannot be reached as Ansible would reach it to an ordinary task, see RV(rest).
  - With O(role_bindings), the user needs the role C(HOST_VIEWER).
  - Runs on V(localhost), and registers C(ocp_status) for M(oceanbase.ocp.status_report).
options:
  host_ids:
    description:
      - Ids of the hosts in OCP, in any form that M(oceanbase.ocp.task_create) takes.
      - Without them, all hosts of the inventory that a limit leaves.
    type: raw
  timeout:
    description: Time limit in seconds for each host. Defaults to 30.
    type: raw
  transport:
    description: How the host program gets to the hosts, as in M(oceanbase.ocp.task_create).
    type: raw
  fanout:
    description: Number of hosts at the same time. Defaults to 500.
    type: raw
  response_file:
    description:
      - Path of a file on the controller that RV(response) is written to when the request is refused.
      - The request is refused if another run writes this file, which is left alone.
    type: path
extends_documentation_fragment:
  - oceanbase.ocp._store.request
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Changes nothing in any case.
  become:
    support: partial
    description: Supported for C(sudo). Hosts with another become plugin are left to an ordinary task.
seealso:
  - module: oceanbase.ocp.agent_info
  - module: oceanbase.ocp.status_report
"""

EXAMPLES = r"""
- name: Look at the agents of all hosts
  oceanbase.ocp.status_fan_out:
  delegate_to: localhost
  run_once: true
  register: ocp_status
"""

RETURN = r"""
hosts:
  description: The names of the hosts.
  returned: unless the request was refused
  type: list
  elements: str
  sample: [db001, db002]
answers:
  description: The return value of M(oceanbase.ocp.agent_info) for each host, or its failure, as JSON.
  returned: unless the request was refused
  type: dict
  sample: {}
rest:
  description: The hosts that are left to an ordinary task, each with the reason.
  returned: unless the request was refused
  type: dict
  sample: {db002: the connection is local}
response:
  description: OCP's answer to a request that is refused.
  returned: when the request was refused
  type: dict
  sample:
    error: {code: IAM11000, message: the user alice does not have the role HOST_VIEWER}
    status: 403
    successful: false
"""
