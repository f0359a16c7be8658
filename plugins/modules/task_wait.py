#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_wait
short_description: Wait until all hosts have ended a phase, and say which of them go on
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - The wait node between two phases of a task. It takes the state of the run from C(ocp_run), as
    M(oceanbase.ocp.task_create) or the wait node before has registered it. The results of the hosts are in
    C(ocp_fan_outs) and C(<phase>_result), from the fan-out of the phase and from the hosts' own tasks.
  - Ends the subtasks by these results. Passes the barrier when not more hosts have failed than the request allows.
  - Stores the task as it is then, with the logs of the subtasks that have ended. Where that fails, no host goes on. The
    results are then in a file, and the next run takes them from there.
  - Does not pass the barrier of a task that somebody has cancelled.
  - In a slice of a workflow M(oceanbase.ocp.task_barrier) of another run is the wait node. Here the outcomes of the
    phase are handed in.
  - A host without a result has failed, also a host that was left out by C(--limit) or by a run that was cut short.
  - Runs on V(localhost), in a play between two plays of the hosts.
options:
  phase:
    description: The phase that is waited for. One that is not due is nothing to wait for.
extends_documentation_fragment:
  - oceanbase.ocp._phase
  - oceanbase.ocp._store
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Does the same, but writes no file.
seealso:
  - module: oceanbase.ocp.task_create
  - module: oceanbase.ocp.task_report
"""

EXAMPLES = r"""
- name: Wait until every host is prepared
  oceanbase.ocp.task_wait:
    phase: prepare
  timeout: "{{ ocp_run.run.timeouts.wait }}"
  ignore_errors: true
  register: ocp_run
"""

RETURN = r"""
run:
  description: The state of the run behind the barrier, in the form of RV(oceanbase.ocp.task_create#module:run).
  returned: always
  type: dict
  sample: {goal: stopped}
msg:
  description: What broke the barrier. No host goes on then.
  returned: when the barrier broke
  type: str
  sample: "The barrier broke, no host goes on: TaskTimeoutError: Timed out after 30 second(s)."
"""
