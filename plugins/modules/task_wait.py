#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_wait
short_description: Pass the barrier between two phases of a task
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Is the wait node between two phases of a task. Takes the state of the run from C(ocp_run), as
    M(oceanbase.ocp.task_create) or the previous wait node has registered it. Takes the results of the hosts from
    C(ocp_fan_outs) and C(<phase>_result), which the fan-out of the phase and the hosts' own tasks have registered.
  - Ends the subtasks by these results. Passes the barrier unless more hosts have failed than the request allows.
  - Stores the task with the logs of the ended subtasks. If that fails, no host goes on. The results are then in a file,
    from which the next run takes them.
  - Does not pass the barrier of a task that was cancelled.
  - Hands in the outcomes of the phase in a slice of a workflow, where M(oceanbase.ocp.task_barrier) of another run is
    the wait node.
  - A host without a result has failed. This includes a host that C(--limit) or an early end of the run has left out.
  - Runs on V(localhost), in a play between two plays of the hosts.
options:
  phase:
    description: The phase before the barrier. Nothing is done if it is not due.
extends_documentation_fragment:
  - oceanbase.ocp._phase
  - oceanbase.ocp._store
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Works the same, but writes no file.
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
  description: The error that broke the barrier. No host goes on then.
  returned: when the barrier broke
  type: str
  sample: "The barrier broke, no host goes on: TaskTimeoutError: Timed out after 30 second(s)."
"""
