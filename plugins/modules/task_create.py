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
  - The task is stored, and its hosts are held for it until it ends. A host that another task holds is refused with 409.
  - A request that is refused is no failure of this module. The response in RV(run.state) then holds OCP's error, and
    RV(run.task) is missing; M(oceanbase.ocp.task_report) ends the run.
  - Runs on V(localhost).
options:
  operation:
    description: The operation to carry out.
    type: str
    required: true
    choices: [batch_restart_agents, batch_start_agents, batch_stop_agents]
  host_ids:
    description:
      - The ids of the hosts in OCP, as a list, a single id, or a text
        with a JSON list, with ids separated by commas, or with one or more lines of them.
      - Without it, the variable C(host_ids) or C(hostIds) of the run is taken just as it was given. A template in it
        is refused and
        not evaluated.
      - In place of these the variable C(ocp_hosts) may be a pattern of hosts of the inventory, as Ansible has it, or
        C(ocp_host_ids_file) the path of a file with ids. Every part of a pattern has to name something.
    type: raw
  prohibit_rollback:
    description: Never let the task be rolled back.
    type: bool
    default: false
  retention:
    description:
      - How long the store keeps tasks, such as V(90d); units are V(h), V(d) and V(w). When this task is created, some
        of those that are older are removed, as M(oceanbase.ocp.task_prune) does. The newest 100 are kept in any case.
      - With O(role_bindings) that takes the role C(TASK_MANAGER); without it nothing is removed.
      - Whatever is wrong with it is a warning, and the task goes on.
      - Without it, tasks are kept for ever.
  waves:
    description:
      - Carry the operation out in waves, by one task after another, each on a part of the hosts in their order.
      - As a play's C(serial), a number of hosts, a percentage of all hosts such as V(25%), or a list of these, of which
        the last one repeats; also as a text.
      - No task is made then. All hosts are checked, and M(oceanbase.ocp.task_waves) has to follow. In check mode all
        hosts have one task.
      - Without it, all hosts have one task.
    type: raw
  waves_after:
    description:
      - Go on with O(waves) after this host, the id of the last one that was begun. The hosts and sizes have to be
        those of before.
    type: raw
  waves_max_fail_percentage:
    description:
      - How many of the hosts of a wave, in percent, may be left not done before the next wave is not begun.
      - With V(0), the default, every host has to be done.
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
    description: Does the same, but writes no file and stores nothing.
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

- name: The answer of OCP's API
  ansible.builtin.debug:
    msg: "{{ (ocp_run.run.state | ansible.builtin.from_json).response }}"
"""

RETURN = r"""
alerts:
  description: Which alerts OCP raises for the hosts, in a line, where the task stops agents. Not in check mode.
  returned: when there are some
  type: str
  sample: "OCP raises alerts for these hosts within a minute of the stop: host_unavailable, agentd_process_stop"
run:
  description: The state of the run. The modules that follow take it from the variable C(ocp_run).
  returned: success
  type: dict
  contains:
    state:
      description:
        - All of the state, in JSON. Ansible walks through whatever else a task registers, at every task that follows;
          for a text it does not.
        - C(response) in it is the answer of OCP's API to the request, with the task in C(data) or with C(error).
        - C(due) in it is what is to be done next, by phase, then by inventory name. The others are for the modules of
          this collection.
      returned: always
      type: str
      sample: '{"response": {"successful": true, "status": 200}, "due": {"prepare": {"db001": {"home": null}}}}'
    answered:
      description: Whether RV(run.state) has a response.
      returned: always
      type: bool
      sample: true
    task:
      description: The task. C(hosts) is how many hosts it has.
      returned: when there is one
      type: dict
      sample: {id: 31173, status: RUNNING, hosts: 2}
    goal:
      description: What the operation is heading for; empty without a task.
      returned: always
      type: str
      sample: stopped
    timeouts:
      description: Seconds by phase; empty without a task.
      returned: always
      type: dict
      sample: {prepare: 60, wait: 30, stop: 600, finish: 60}
    resumed:
      description: Whether the task has run before.
      returned: always
      type: bool
      sample: false
  sample: {goal: stopped}
"""
