#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_create
short_description: Accept a request and create its task
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Validates the host ids of a request, finds their hosts in the inventory, and creates the asynchronous task with all
    its subtasks.
  - The response is that of OCP's API. It is ready, and in O(response_file), before any host is contacted.
  - Stores the task, and holds its hosts until the task ends. A host that another task holds is refused with 409.
  - A refused request does not fail this module. The response in RV(run.state) then has OCP's error, and RV(run.task) is
    missing. M(oceanbase.ocp.task_report) ends the run.
  - Runs on V(localhost).
options:
  operation:
    description: The operation to carry out.
    type: str
    required: true
    choices: [batch_restart_agents, batch_start_agents, batch_stop_agents]
  host_ids:
    description:
      - The ids of the hosts in OCP, as a list or a single id. A text may have a JSON list, or ids with commas or line
        breaks between them.
      - Defaults to the variable C(host_ids) or C(hostIds) of the run, just as it was given. A template in it is refused
        and not evaluated.
      - Instead of these, the variable C(ocp_hosts) may be a pattern of hosts of the inventory, or C(ocp_host_ids_file)
        the path of a file with ids. Every part of a pattern must match something.
    type: raw
  prohibit_rollback:
    description: Whether a rollback of the task is refused.
    type: bool
    default: false
  retention:
    description:
      - How long the store keeps tasks, such as V(90d); units are V(h), V(d) and V(w). Some of the older tasks are
        removed when this task is created, as M(oceanbase.ocp.task_prune) does. The newest 100 are always kept.
      - With O(role_bindings), nothing is removed unless the user has the role C(TASK_MANAGER).
      - A failure of the removal is a warning, and the task goes on.
      - By default tasks are kept for ever.
  waves:
    description:
      - Carries out the operation in waves. Each wave is a task of its own, on the next part of the hosts.
      - Like C(serial) of a play, it is a number of hosts, a percentage of all hosts such as V(25%), or a list of these,
        whose last item repeats. It may be a text.
      - This module then checks all hosts and creates no task. M(oceanbase.ocp.task_waves) has to follow. In check mode
        all hosts have one task.
      - By default all hosts have one task.
    type: raw
  waves_after:
    description:
      - Continues O(waves) after this host. It is the id of the last host that was begun. Hosts and sizes must be the
        same as before.
    type: raw
  waves_max_fail_percentage:
    description:
      - Percentage of the hosts of a wave that may be left not done. The next wave does not begin when more are.
      - With V(0), the default, every host must be done.
    type: raw
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._store.request
  - oceanbase.ocp._store.accept
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Works the same, but writes no file and stores nothing.
seealso:
  - module: oceanbase.ocp.task_resume
  - module: oceanbase.ocp.task_wait
  - module: oceanbase.ocp.task_report
  - module: oceanbase.ocp.task_prune
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
  register: ocp_run

- name: Show the response of OCP's API
  ansible.builtin.debug:
    msg: "{{ (ocp_run.run.state | ansible.builtin.from_json).response }}"
"""

RETURN = r"""
alerts:
  description: The alerts that OCP raises for the hosts.
  returned: when the task stops agents, except in check mode
  type: str
  sample: "OCP raises alerts for these hosts within a minute of the stop: host_unavailable, agentd_process_stop"
run:
  description: The state of the run. The modules that follow take it from the variable C(ocp_run).
  returned: success
  type: dict
  contains:
    state:
      description:
        - The whole state as JSON. It is a text, since Ansible walks through any other registered value at every task
          that follows.
        - C(response) in it is the response of OCP's API to the request, with the task in C(data) or with C(error).
        - The other keys are for the modules of this collection.
      returned: always
      type: str
      sample: '{"response": {"successful": true, "status": 200}}'
    answered:
      description: Whether RV(run.state) has a response.
      returned: always
      type: bool
      sample: true
    task:
      description: The id and status of the task, and the number of its C(hosts).
      returned: when there is a task
      type: dict
      sample: {id: 31173, status: RUNNING, hosts: 2}
    goal:
      description: The goal of the operation; empty without a task.
      returned: always
      type: str
      sample: stopped
    timeouts:
      description: Time limits in seconds by phase; empty without a task.
      returned: always
      type: dict
      sample: {prepare: 60, wait: 30, stop: 600, finish: 60}
    resumed:
      description: Whether the task was resumed.
      returned: always
      type: bool
      sample: false
  sample: {goal: stopped}
"""
