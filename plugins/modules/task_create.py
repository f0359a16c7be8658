#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_create
short_description: Accept a request and open its task
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Validates the host ids of a request, finds their hosts in the inventory, and opens the asynchronous task with all
    its subtasks.
  - The answer is that of OCP's API. It is ready, and in O(response_file), before any host is contacted.
  - A request that is refused is no failure of this module. RV(run.response) then holds OCP's error, and RV(run.task)
    is missing;
    M(oceanbase.ocp.task_report) ends the run.
  - Runs on V(localhost).
options:
  operation:
    description: The operation to carry out.
    type: str
    required: true
    choices: [batch_stop_agents]
  host_ids:
    description:
      - The ids of the hosts in OCP, as a list, a single id, or a text
        with a JSON list, with ids separated by commas, or with one or more lines of them.
      - Without it, the variable C(host_ids) or C(hostIds) of the run is taken just as it was given. A template in it
        is refused and
        not evaluated.
    type: raw
  timeouts:
    description:
      - Seconds that a subtask may take, by C(prepare), C(stop), C(finish) and C(wait).
      - What is left out is as OCP has it. 60 for C(prepare), 600 for C(stop), 60 for C(finish), 30 for C(wait).
    type: dict
    default: {}
  max_fail_percentage:
    description:
      - How many of the hosts, in percent, may have failed before the others are kept from going on. As in a play's
        C(max_fail_percentage), the share must be exceeded.
      - With V(0) one failed host keeps every other one where it is. That is OCP's own rule.
    type: raw
    default: 0
  response_file:
    description:
      - Path of the file to write the response to. It is replaced as a whole each time, at the beginning, at every
        barrier
        and at the end.
      - Nothing is written in check mode.
    type: path
  role_bindings:
    description:
      - Path of a YAML file that says who may do what. A mapping of OCP's roles C(HOST_MANAGER), C(HOST_VIEWER),
        C(TASK_MANAGER),
        C(TASK_VIEWER) to C(users) and C(groups), which are lists of names. The operation takes C(HOST_MANAGER).
      - The user is the one who launched the job in AWX, else the login user, behind sudo too. Groups are those of the
        controller's system; they do not apply to a user whom AWX names.
      - Who lacks the role is refused with 403 before anything else is looked at, and the system log is told.
      - Without this, nobody is refused.
    type: path
  force:
    description:
      - Take hosts, too, whose variable C(ocp_host_status) is V(DELETING) or whose C(ocp_agent_status) is
        V(REINSTALLING). OCP refuses those.
    type: bool
    default: false
  error_codes:
    description:
      - The version of OCP whose spelling the error codes of the response have. V(4.x) has texts as C(CMP07005),
        V(3.1) integers as C(7005).
      - A code for which the documentation of 3.1 has no integer stays as it is.
    type: str
    choices: ['4.x', '3.1']
    default: '4.x'
extends_documentation_fragment:
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Does the same, but writes no file.
seealso:
  - module: oceanbase.ocp.task_wait
  - module: oceanbase.ocp.task_report
  - module: oceanbase.ocp.agent_processes
"""

EXAMPLES = r"""
- name: Accept the request
  oceanbase.ocp.task_create:
    operation: batch_stop_agents
    host_ids: [1001, 1002]
    response_file: response.json
  delegate_to: localhost
  run_once: true
  register: created

- name: The answer of OCP's API
  ansible.builtin.debug:
    var: created.run.response
"""

RETURN = r"""
run:
  description: The state of the run. It goes to M(oceanbase.ocp.task_wait) and M(oceanbase.ocp.task_report) as it is.
  returned: success
  type: dict
  contains:
    response:
      description: The response of OCP's API to the request, with the task in C(data) or with C(error).
      returned: always
      type: dict
      sample:
        data: {id: 1795471685978357, name: Batch stop OCP agent, status: RUNNING}
        duration: 40
        server: 192.0.2.10
        status: 200
        successful: true
        timestamp: '2026-11-23T22:08:05.982+00:00'
        traceId: 688d3147a10b45e8
    task:
      description: The task, for the other modules of this collection.
      returned: when the request is accepted
      type: dict
      sample: {id: 1795471685978357, status: RUNNING}
    targets:
      description: Inventory names of the hosts, in the order of the request.
      returned: when the request is accepted
      type: list
      elements: str
      sample: [db001, db002]
    timeouts:
      description: Seconds by phase.
      returned: when the request is accepted
      type: dict
      sample: {prepare: 60, wait: 30, stop: 600, finish: 60}
  sample: {targets: [db001, db002]}
"""
