#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The work is done by the action plugin of the same name.

DOCUMENTATION = r"""
module: task_report
short_description: Close a task and publish its response
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Ends the subtasks of the last phase, closes the task, and writes the final response to the file that the request
    named.
  - The response is also the custom statistic C(ocp_response) of the run, where ansible-runner (C(artifact_data)) and
    AWX (the job's artifacts) find it.
  - Under ansible-runner, and so in AWX, a response of more than 64 KiB is a summary there. It has a dictionary
    C(summary) in C(data) or C(error), which counts hosts and subtasks and says where the whole response is. A task has
    C(failedSubtasks) in place of C(subtasks), without their neighbours and as many as there is room for, and no
    C(context.listMap); a refused request has the first of its C(subErrors).
  - The whole response is then one line of the output, C(OCP_RESPONSE) and JSON; outside of AWX only where the request
    named no file.
  - What an operator has to know at the end is one screen of at most 25 lines of 80 columns. It has the causes of
    failures by host and subtask, and the commands that go on, with the inventory, store and variables of this run.
    Passwords are not among them. The playbooks of this collection have C(ansible-playbook) show it behind the recap. It
    is on standard error where the stdout callback is not known to write lines for people, as C(default) does.
  - The report, a page of HTML, is written here where the request named a file for it.
  - It does not fail when the task has. The task after it does, since ansible-core drops the statistics of a task that
    fails.
  - Takes the state of the run as the last wait node, or M(oceanbase.ocp.task_create) of a request that was refused,
    registered it as C(ocp_run).
  - Runs on V(localhost).
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Does the same, but writes no file, and says in the task's context that nothing was changed.
seealso:
  - module: oceanbase.ocp.task_create
  - module: oceanbase.ocp.task_wait
"""

EXAMPLES = r"""
- name: Close the task
  oceanbase.ocp.task_report:
  register: report

- name: Fail the run when the task failed
  ansible.builtin.fail:
    msg: "{{ report.msg }}"
  when: not report.successful
"""

RETURN = r"""
successful:
  description: Whether the request was accepted, the task is SUCCESSFUL, and response and report are written.
  returned: always
  type: bool
  sample: true
msg:
  description: How the task ended, in one line. The response and RV(screen) have the causes of failures.
  returned: always
  type: str
  sample: "Batch stop OCP agent: task 31173 SUCCESSFUL, 2 hosts"
plan:
  description:
    - What each host's Stop would do, one line a host, in the order of the inventory. Empty outside of check mode.
    - In check mode a barrier holds nobody. What is behind one that would is told, too.
  returned: always
  type: list
  elements: str
  sample:
    - "db001 (host id 1001): SIGTERM to ocp_agentd (pid 170637), then, if it is left, SIGTERM to ocp_mgragent (pid
      170643)"
screen:
  description: The last screen, its lines.
  returned: always
  type: list
  elements: str
  sample:
    - "Batch stop OCP agent: task 31173 SUCCESSFUL, 2 hosts: 2 agents stopped"
    - 2 hosts stopped and verified
shown:
  description: Whether RV(screen) is shown by C(ansible-playbook) at its end, or by the run that this is a wave of.
  returned: always
  type: bool
  sample: true
told:
  description:
    - What a task has to show of RV(plan), RV(screen) and RV(msg). The plan is shown with C(-v), the screen where
      C(ansible-playbook) does not show it at its end, and the message unless the task failed.
    - One line as a text, several as a list.
  returned: always
  type: raw
  sample: "Batch stop OCP agent: task 31173 SUCCESSFUL, 2 hosts"
response:
  description: The final response.
  returned: always
  type: dict
  sample:
    data: {id: 31173, name: Batch stop OCP agent, status: SUCCESSFUL}
    duration: 9417
    server: 192.0.2.10
    status: 200
    successful: true
    timestamp: '2026-11-23T22:08:15.4+00:00'
    traceId: 688d3147a10b45e8
"""
