#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: status_report
short_description: Show the status of the agents of hosts
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Takes the result of M(oceanbase.ocp.status_fan_out) from C(ocp_status), and those of M(oceanbase.ocp.agent_info) on
    the remaining hosts from C(agent_info_result).
  - Shows a table, with odd hosts first and equal ones in one line. Below it are the findings, each with the action of a
    stop.
  - A host that is unreachable, or has no agent, is in the table like any other, and is no failure.
  - Runs on V(localhost).
options:
  format:
    description: Whether to show the table, or RV(response) as JSON.
    type: str
    choices: [table, json]
    default: table
  response_file:
    description: Path of a file on the controller that RV(response) is written to. Nothing is written in check mode.
    type: path
extends_documentation_fragment:
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Does the same, but writes no file.
seealso:
  - module: oceanbase.ocp.status_fan_out
  - module: oceanbase.ocp.agent_info
"""

EXAMPLES = r"""
- name: Show the status as JSON
  oceanbase.ocp.status_report:
    format: json
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
response:
  description:
    - A list in OCP's envelope. Each item of C(data.contents) has the fields of OCP's C(GET /compute/hosts/{id}/agent);
      those that only OCP's database has are null.
    - It also has the fields C(host) (the name in the inventory), C(state), C(ready), C(generation), C(generations),
      C(lock), C(units), C(findings) and C(plan), and for each process C(executable), C(memory), C(parentPid), C(state)
      and C(unit).
  returned: always
  type: dict
  sample:
    data: {contents: [], page: {number: 1, size: 0, totalElements: 0, totalPages: 1}}
    duration: 512
    server: 192.0.2.10
    status: 200
    successful: true
    timestamp: '2026-11-28T03:08:15.4+00:00'
    traceId: 688d3147a10b45e8
table:
  description: The lines of the table.
  returned: always
  type: list
  elements: str
  sample: []
msg:
  description: A summary in one line.
  returned: always
  type: str
  sample: "60 hosts: 58 ready, 2 unreachable. A stop would fail on 2 of them before it signals anybody."
"""
