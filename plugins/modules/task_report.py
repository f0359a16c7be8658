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
  - Ends the subtasks of the last phase, closes the task, and writes the final response to the file of the request.
  - The response is also the custom statistic C(ocp_response) of the run, which ansible-runner (C(artifact_data)) and
    AWX (artifacts of the job) keep.
  - Under ansible-runner, and so in AWX, the statistic of a response of more than 64 KiB is a summary. Its dictionary
    C(summary) in C(data) or C(error) counts hosts and subtasks, and says where the whole response is. A task has as
    many C(failedSubtasks) as there is room for instead of C(subtasks), without their neighbours, and has no
    C(context.listMap). A refused request has the first of its C(subErrors).
  - The whole response is then one line of the output, C(OCP_RESPONSE) and JSON. Outside of AWX this is so only if the
    request named no file.
  - Makes the last screen, of at most 25 lines of 80 columns. It has the causes of failures by host and subtask, and the
    commands to continue, with the inventory, store and variables of this run, but without passwords. The playbooks of
    this collection have C(ansible-playbook) show it after the recap. It goes to standard error unless the stdout
    callback is known to write lines for people, such as C(default).
  - Writes the report, a page of HTML, if the request named a file for it.
  - Does not fail when the task has FAILED, since ansible-core drops the statistics of a task that fails. The task after
    it fails the run.
  - Takes the state of the run from C(ocp_run), as the last wait node has registered it, or M(oceanbase.ocp.task_create)
    for a refused request.
  - Runs on V(localhost).
extends_documentation_fragment:
  - oceanbase.ocp._store
  - oceanbase.ocp._controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    description: Works the same, but writes no file, and notes in the context of the task that nothing was changed.
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
    - What would be done on each host in check mode, one line for each host in the order of the inventory. Otherwise
      empty.
    - In check mode a barrier holds no host, so the plan includes the phases behind it.
  returned: always
  type: list
  elements: str
  sample:
    - "db001 (host id 1001): SIGTERM to ocp_agentd (pid 170637), then, if it is left, SIGTERM to ocp_mgragent (pid
      170643)"
screen:
  description: The lines of the last screen.
  returned: always
  type: list
  elements: str
  sample:
    - "Batch stop OCP agent: task 31173 SUCCESSFUL, 2 hosts: 2 agents stopped"
    - 2 hosts stopped and verified
shown:
  description: Whether C(ansible-playbook) shows RV(screen) at its end, or the run of all waves does.
  returned: always
  type: bool
  sample: true
told:
  description:
    - The part of RV(plan), RV(screen) and RV(msg) that the next task has to show. It includes the plan with C(-v), the
      screen if C(ansible-playbook) does not show it at its end, and the message unless the task failed.
    - A text for one line, a list for several.
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
