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
      - URL of the database that keeps tasks, as SQLAlchemy takes it, such as
        C(postgresql+psycopg://user:password@host/database) or C(mysql+pymysql://user:password@host/database). The
        latter also works for OceanBase in MySQL mode.
      - By default tasks are kept in a SQLite file of the user who runs Ansible,
        C($XDG_DATA_HOME/oceanbase-ocp/tasks.db), which is created if missing. In a job of AWX, or in a container whose
        home is on its own disk, they are then not kept.
      - With V(none) no task is kept. It cannot be shown, retried, rolled back or cancelled from elsewhere, and nothing
        keeps two runs from working on one host.
    type: str
"""

    REQUEST = r"""
options:
  role_bindings:
    description:
      - Path of a YAML file that binds roles to users. It maps OCP's roles C(HOST_MANAGER), C(HOST_VIEWER),
        C(TASK_MANAGER) and C(TASK_VIEWER) to C(users) and C(groups), which are lists of names.
      - In AWX the user is the one who launched the job. Elsewhere it is the login user, also behind sudo. Groups are
        those of the controller's system, and do not apply to users of AWX.
      - A user without the role is refused with 403 before anything else is checked, and the system log gets an entry.
      - By default nobody is refused.
    type: path
  error_codes:
    description:
      - Version of OCP for the spelling of error codes in the response. V(4.x) has texts such as C(CMP07005), V(3.1) has
        integers such as C(7005).
      - A code without an integer in the documentation of 3.1 stays as it is.
    type: str
    choices: ['4.x', '3.1']
    default: '4.x'
"""

    ACCEPT = r"""
options:
  timeouts:
    description:
      - Time limits of subtasks in seconds, by phase as in O(oceanbase.ocp.agent_processes#module:phase), and for
        C(wait).
      - A time limit that is left out is that of the variable C(ocp_<phase>_timeout), such as C(ocp_stop_timeout), or
        else OCP's own. That is 600 for C(stop) and C(start), 30 for C(wait), and 60 for the others.
    type: dict
    default: {}
  max_fail_percentage:
    description:
      - Percentage of the hosts that may fail. When more of them fail, the others do not go on to the next phase, as
        with C(max_fail_percentage) of a play.
      - With V(0), the default, one failed host holds all others. That is OCP's own rule.
    type: raw
  response_file:
    description:
      - Path of a file that the response is written to. The file is replaced as a whole at the beginning, at every
        barrier and at the end.
      - Nothing is written in check mode.
    type: path
  report_file:
    description:
      - Path of a file that a report for people is written to, one page of HTML that loads nothing. The file is replaced
        as a whole at the beginning and at the end, even if the request is refused or the run ends early.
      - The report has the graph of the task, a timeline of its hosts, the failures by cause, the commands to continue,
        and the logs of all subtasks.
      - Nothing is written in check mode.
    type: path
  transport:
    description:
      - How the host program gets to the hosts of a phase.
      - V(fanout) drives all hosts from one event loop, over connections that are kept through the phases, with the SSH
        settings that Ansible has for each host. A host is unreachable if its settings are not fully understood.
      - V(task) runs the phase as an ordinary Ansible task on each host, over its own connection plugin.
      - V(auto), the default, is V(fanout) for each host whose settings are fully understood, and V(task) for the
        others.
    type: raw
  fanout:
    description:
      - Number of hosts that V(transport=fanout) works on at the same time, from 1 to 10000. Defaults to 500.
    type: raw
  progress:
    description:
      - Seconds between lines about the progress of a phase while something changes; V(0) for no such lines. Defaults
        to 5.
      - There is a line every 30 seconds while nothing changes.
    type: raw
  force:
    description:
      - Whether to accept hosts that OCP refuses, with V(DELETING) in the variable C(ocp_host_status) or V(REINSTALLING)
        in C(ocp_agent_status).
    type: bool
    default: false
  workflow:
    description:
      - Whether a workflow executes the task, which consists of several runs one after another or side by side.
        M(oceanbase.ocp.task_slice) works on a part of the hosts, and M(oceanbase.ocp.task_barrier) joins the parts.
      - All runs need the same O(task_store). The request is refused if the store does not outlive this run.
    type: bool
    default: false
  workflow_timeout:
    description:
      - Seconds from 60 to 604800 that the workflow may be without a run at work. After that the task is FAILED, and its
        hosts are free.
      - Defaults to 3600, since AWX may keep a node of a workflow waiting for long.
    type: raw
"""
