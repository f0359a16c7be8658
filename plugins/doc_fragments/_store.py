# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What the documentation of every action that uses the task store has in common."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  task_store:
    description:
      - Where tasks are kept. The URL of a database, as SQLAlchemy takes it, such as
        C(postgresql+psycopg://user:password@host/database) or C(mysql+pymysql://user:password@host/database). OceanBase
        in MySQL mode is reached by the latter.
      - Without it, tasks are kept in a SQLite file of the user who runs Ansible,
        C($XDG_DATA_HOME/oceanbase-ocp/tasks.db), which is made when it is missing. In a job of AWX, or in a container
        whose home is on its own disk, they are then not kept.
      - With V(none) no task is kept. It cannot be asked for, retried, rolled back or cancelled from elsewhere, and
        nothing keeps two runs from working on one host.
    type: str
"""

    REQUEST = r"""
options:
  role_bindings:
    description:
      - Path of a YAML file that says who may do what. A mapping of OCP's roles C(HOST_MANAGER), C(HOST_VIEWER),
        C(TASK_MANAGER), C(TASK_VIEWER) to C(users) and C(groups), which are lists of names.
      - The user is the one who launched the job in AWX, else the login user, behind sudo too. Groups are those of the
        controller's system; they do not apply to a user whom AWX names.
      - Who lacks the role that the request takes is refused with 403 before anything else is looked at, and the system
        log is told.
      - Without this, nobody is refused.
    type: path
  error_codes:
    description:
      - The version of OCP whose spelling the error codes of the response have. V(4.x) has texts as C(CMP07005), V(3.1)
        integers as C(7005).
      - A code for which the documentation of 3.1 has no integer stays as it is.
    type: str
    choices: ['4.x', '3.1']
    default: '4.x'
"""

    ACCEPT = r"""
options:
  timeouts:
    description:
      - Seconds that a subtask may take, by phase as in O(oceanbase.ocp.agent_processes#module:phase), and by C(wait).
      - What is left out is as the variable C(ocp_<phase>_timeout) has it, such as C(ocp_stop_timeout); without that, as
        OCP has it. 600 for C(stop) and C(start), 30 for C(wait), 60 for the others.
    type: dict
    default: {}
  max_fail_percentage:
    description:
      - How many of the hosts, in percent, may have failed before the others are kept from going on. As in a play's
        C(max_fail_percentage), the share must be exceeded.
      - With V(0), the default, one failed host keeps every other one where it is. That is OCP's own rule.
    type: raw
  response_file:
    description:
      - Path of the file to write the response to. It is replaced as a whole each time, at the beginning, at every
        barrier and at the end.
      - Nothing is written in check mode.
    type: path
  report_file:
    description:
      - Path of the file to write a report for people to, as one page of HTML that loads nothing. It is replaced as a
        whole at the beginning and at the end, also where the request is refused or the run is ended early.
      - It has the graph of the task, a timeline of its hosts, what has failed by cause with the commands that go on,
        and the logs of all subtasks.
      - Nothing is written in check mode.
    type: path
  transport:
    description:
      - How the host program gets to the hosts of a phase.
      - V(fanout) drives all of them from one event loop over connections that it keeps through the phases, with the
        SSH settings that Ansible has for each. A host whose settings it does not fully understand fails as unreachable.
      - V(task) makes the phase an ordinary Ansible task on every host, over its own connection plugin.
      - V(auto), the default, is V(fanout) for every host whose settings it fully understands, and V(task) for the
        others.
    type: raw
  fanout:
    description:
      - How many hosts V(transport=fanout) works on at the same time, from 1 to 10000.
      - Without it, 500.
    type: raw
  progress:
    description:
      - Seconds between lines that tell how far a phase is, while something changes; V(0) for no such lines.
      - While nothing changes there is a line every 30 seconds.
      - Without it, 5.
    type: raw
  force:
    description:
      - Take hosts, too, whose variable C(ocp_host_status) is V(DELETING) or whose C(ocp_agent_status) is
        V(REINSTALLING). OCP refuses those.
    type: bool
    default: false
  workflow:
    description:
      - Have the task executed by a workflow, that is by several runs one after another, some of them side by side.
        M(oceanbase.ocp.task_slice) takes part in it and M(oceanbase.ocp.task_barrier) joins the parts.
      - All of them need the same O(task_store). Without one that outlives this run the request is refused.
    type: bool
    default: false
  workflow_timeout:
    description:
      - Seconds from 60 to 604800 that the workflow may be without a run at work. After that the task has FAILED, and
        its hosts are free.
      - Without it, 3600. AWX may keep a node of a workflow waiting for long.
    type: raw
"""
