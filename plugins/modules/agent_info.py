#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: agent_info
short_description: Report which OCP Agent runs on a host, what is odd about it, and what a stop would do
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Looks at the processes of the OceanBase OCP Agent of one home, as M(oceanbase.ocp.agent_processes) identifies them.
  - Changes nothing. Sends no signal, takes no lock, waits for no control program, and runs no program of the agent.
    Asks systemd for properties, and the agent for its status on the sockets in C(run/), as its daemon does.
  - An obstacle to a stop, such as a home without an agent, is one of RV(findings) and no failure.
  - Nothing of the module is written to the disk of the host when the connection can carry input.
options:
  home:
    description: Absolute path of the agent's home on the host.
    type: str
    default: /home/admin/ocp_agent
  timeout:
    description: Time limit in seconds.
    type: int
    default: 60
  protect_unit:
    description: Whether RV(plan) is about a stop that may protect other processes in the systemd service of the agent.
    type: bool
    default: false
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    description: Changes nothing in any case.
  diff_mode:
    support: none
  platform:
    platforms: linux
    description: The platforms it works on.
notes:
  - A user other than root sees ports and memory of its own processes only. A finding names each process that may be the
    agent's and may not be examined.
seealso:
  - module: oceanbase.ocp.agent_processes
  - module: oceanbase.ocp.status_report
"""

EXAMPLES = r"""
- name: Look at the agent
  oceanbase.ocp.agent_info:
    home: /data/ocp_agent
  become: true
  register: agent

- name: Show what is odd
  ansible.builtin.debug:
    msg: "{{ agent.findings | map(attribute='text') }}"
"""

RETURN = r"""
home:
  description: The home of the agent, without superfluous slashes and dots.
  returned: when the options are valid
  type: str
  sample: /home/admin/ocp_agent
generations:
  description: The generations in the home, each of V(gen1), V(gen2) and V(obagent).
  returned: success
  type: list
  elements: str
  sample: [gen2]
generation:
  description: The generation that runs; null for none.
  returned: success
  type: str
  sample: gen2
version:
  description:
    - The version from the daemon's socket, or from the path of its executable as obd installs it. Null if neither has
      it.
  returned: success
  type: str
  sample: 4.2.2-20240108
ready:
  description:
    - Whether the daemon guards every child, and all of them report that they serve. For the agents of OCP up to 3.1,
      processes and pid files decide. Null if nothing runs, or if it cannot be found out.
  returned: success
  type: bool
  sample: true
lock:
  description: The C(pid) and C(exe) of the control program that holds C(run/admin.lock) now; null if there is none.
  returned: success
  type: dict
  sample: null
processes:
  description: The agent's processes, daemons first.
  returned: success
  type: list
  elements: dict
  contains:
    program:
      description: Name of the agent's program.
      type: str
      returned: always
      sample: ocp_mgragent
    pid:
      description: Process id.
      type: int
      returned: always
      sample: 170643
    parent:
      description: Process id of its parent.
      type: int
      returned: always
      sample: 170637
    user:
      description: The user that it runs as.
      type: str
      returned: always
      sample: root
    executable:
      description: Path of the image that it runs.
      type: str
      returned: always
      sample: /home/admin/ocp_agent/bin/ocp_mgragent
    command:
      description: Its command line, at most 2048 characters.
      type: str
      returned: always
      sample: /home/admin/ocp_agent/bin/ocp_mgragent
    state:
      description: Its state as ps shows it, such as V(S) or V(T).
      type: str
      returned: always
      sample: S
    elapsed:
      description: Seconds since its start; null if unknown.
      type: int
      returned: always
      sample: 42690
    memory:
      description: Resident memory in bytes; null if unknown.
      type: int
      returned: always
      sample: 20402176
    unit:
      description: The systemd service or scope that it is in; null for none.
      type: str
      returned: always
      sample: ocp_agent.service
    ports:
      description: The TCP ports that it listens on.
      type: list
      elements: int
      returned: always
      sample: [62888]
  sample: []
units:
  description:
    - The systemd services that run or start the agent, each with C(name), C(state), C(main_pid), C(kill_mode) and
      C(restart).
  returned: success
  type: list
  elements: dict
  sample: []
findings:
  description: What is odd.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The kind, in a word. V(orphan), V(second_agent), V(second_generation), V(other_home), V(outside_home),
          V(replaced), V(unproven), V(pid_file), V(unseen_listener), V(locked), V(stale_lock), V(foreign_in_unit),
          V(left_over), V(not_ready), or the RV(reason) for which a stop would fail, such as V(not_installed) or
          V(not_permitted).
      type: str
      returned: always
      sample: orphan
    text:
      description: A description of the finding.
      type: str
      returned: always
      sample: "ocp_mgragent (pid 170643) is an orphan: its daemon is gone"
    stop:
      description: The action of a stop in this case.
      type: str
      returned: always
      sample: "a stop ends it with the agent: SIGTERM, and SIGKILL after the grace"
  sample: []
plan:
  description: The action of a stop. C(reason) is the reason of its failure, null for none; C(text) describes it.
  returned: success
  type: dict
  sample: {reason: null, text: has nothing to do}
reason:
  description: The reason of the failure, in a word, as for M(oceanbase.ocp.agent_processes).
  returned: failure
  type: str
  sample: invalid
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import info_spec, run


def main() -> None:
    module = AnsibleModule(argument_spec=info_spec(), supports_check_mode=True)
    result = run(dict(module.params, phase="info", check_mode=module.check_mode))
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
