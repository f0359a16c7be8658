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
    M(oceanbase.ocp.agent_fan_out). Makes no task, asks no task store, and changes nothing.
  - A host that it cannot reach as Ansible would is left to an ordinary task, RV(rest).
  - With O(role_bindings) it takes the role C(HOST_VIEWER).
  - Runs on V(localhost), and registers C(ocp_status) for M(oceanbase.ocp.status_report).
options:
  host_ids:
    description:
      - Ids of the hosts in OCP, in any form that M(oceanbase.ocp.task_create) takes.
      - Without them, all hosts of the inventory that a limit leaves.
    type: raw
  timeout:
    description: Seconds that each host has. Without it, 30.
    type: raw
  transport:
    description: How the host program gets to the hosts, as of M(oceanbase.ocp.task_create).
    type: raw
  fanout:
    description: How many hosts are looked at at the same time. Without it, 500.
    type: raw
  response_file:
    description:
      - Path of the file to write RV(response) to when the request is refused, on the controller.
      - A file that another run writes is left alone, and the request is refused.
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
    description: Hosts that become another user by C(sudo). Others are left to an ordinary task.
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
  description: The names of the hosts that are looked at.
  returned: unless the request was refused
  type: list
  elements: str
  sample: [db001, db002]
answers:
  description: By host, what M(oceanbase.ocp.agent_info) returns for it, or why there is nothing, in JSON.
  returned: unless the request was refused
  type: dict
  sample: {}
rest:
  description: The hosts that are left to an ordinary task, and why.
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
