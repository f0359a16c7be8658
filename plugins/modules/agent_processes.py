#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: agent_processes
short_description: Prepare, stop and verify the processes of the OCP Agent on a host
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Finds the basic processes of the OceanBase OCP Agent of one home, stops them, and proves that they are stopped.
  - Knows the agents of OCP up to 3.1 (C(ocp_agentd), C(pos_proxy), C(node_exporter), C(ocp_exporter)), of OCP 3.2 and
    later
    (C(ocp_agentd), C(ocp_mgragent), C(ocp_monagent)) and obagent (C(ob_agentd), C(ob_mgragent), C(ob_monagent)).
  - A process is the agent's when its executable lies in the home and has the name of an agent's program; for an
    interpreter, when its script does, or when its whole command line is the name of a program and a pid file that
    nobody else can
    write names it. Neither a name on a command line nor a pid file alone makes a process the agent's.
  - Every process is pinned by pid and start time, and signalled through a pidfd where kernel and Python have one.
  - Nothing is written to the host's disk where its connection can carry input. A Python of the host from 2.7 on will do
    then, also one that is too old for the controller's ansible-core.
  - It never signals C(observer), C(obproxy), anything outside the home, anything in a container, or its own ancestors.
options:
  phase:
    description:
      - What to do.
      - V(prepare) finds the agent and checks that it can be stopped. It changes nothing.
      - V(stop) holds the agent's own C(run/admin.lock), sends SIGTERM to the daemon and gives it time to take its
        children down,
        then SIGTERM to whoever is left, and SIGKILL after the grace.
      - V(finish) proves that no process is left and that none comes back within O(settle), and then removes the pid,
        socket and
        lock files that the agent's programs left in C(run/).
    type: str
    required: true
    choices: [prepare, stop, finish]
  home:
    description: Absolute path of the agent's home on the host.
    type: str
    default: /home/admin/ocp_agent
  timeout:
    description:
      - Seconds that the phase may take. The module ends itself before, by a tenth of it, at least 2 and at most 15
        seconds.
    type: int
    default: 60
  daemon_grace:
    description: Seconds that the daemon gets to take its children down before it is killed.
    type: float
    default: 20
  grace:
    description: Seconds between SIGTERM and SIGKILL for every other process.
    type: float
    default: 10
  settle:
    description: Seconds after the end of V(stop) during which nothing may come back.
    type: float
    default: 3
  stopped_at:
    description: RV(stopped_at) of V(stop), so that the settle time is counted from there and not from now.
    type: float
  boot_id:
    description: RV(boot_id) of V(stop). After another boot O(stopped_at) means nothing.
    type: str
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    description: Says which processes would get which signal and which files would be removed, and does neither.
  diff_mode:
    support: full
    description: Shows the processes before and after, or the removed files.
  platform:
    platforms: linux
    description: The platforms it works on.
  idempotent:
    support: full
    description: An agent that is stopped stays unchanged; a second run reports no change.
seealso:
  - module: oceanbase.ocp.task_create
  - name: Batch stop basic OCP Agent processes on a host
    description: The operation of OCP that V(prepare), V(stop) and V(finish) are the host's part of.
    link: https://www.oceanbase.com/docs/ocp
"""

EXAMPLES = r"""
- name: What runs on the host, and could it be stopped
  oceanbase.ocp.agent_processes:
    phase: prepare
  become: true

- name: Stop the agent of another home
  oceanbase.ocp.agent_processes:
    phase: stop
    home: /data/ocp_agent
    timeout: 600
  become: true
  register: stopped

- name: Prove that it is stopped and stays so
  oceanbase.ocp.agent_processes:
    phase: finish
    home: /data/ocp_agent
    stopped_at: "{{ stopped.stopped_at }}"
    boot_id: "{{ stopped.boot_id }}"
  become: true
"""

RETURN = r"""
processes:
  description:
    - The agent's processes that were found; after V(stop), that were stopped; when V(finish) fails, that run. Daemons
      come first.
  returned: always
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
    signal:
      description:
        - The last signal that it was sent. Null for a child that its daemon took down. In check mode, the signal that
          it would
          get, a child only if its daemon left it.
      type: str
      returned: phase is stop
      sample: SIGTERM
    seconds:
      description: Time from the beginning of V(stop) to its end; null when it still runs, and in check mode.
      type: float
      returned: phase is stop
      sample: 3.41
  sample:
    - program: ocp_agentd
      pid: 170637
      user: root
      executable: /home/admin/ocp_agent/bin/ocp_agentd
      signal: SIGTERM
      seconds: 3.52
generations:
  description: The generations that are installed in the home.
  returned: phase is prepare
  type: list
  elements: str
  sample: [gen2]
stopped_at:
  description: Seconds from the host's boot to the end of V(stop).
  returned: phase is stop
  type: float
  sample: 86412.27
boot_id:
  description: Identifies the boot that RV(stopped_at) counts from.
  returned: phase is stop
  type: str
  sample: 6c2b5b5e-7f0d-4b43-9c9e-0d7b3f9f7a10
removed:
  description: Names of the files that were removed from C(run/), or would be in check mode.
  returned: phase is finish
  type: list
  elements: str
  sample: [ocp_agentd.pid, ocp_mgragent.pid, ocp_mgragent.170643.sock]
reason:
  description:
    - Why it failed, in a word, one of V(invalid), V(not_installed), V(not_permitted), V(locked), V(still_running),
      V(revived),
      V(deadline), V(interrupted).
  returned: failure
  type: str
  sample: not_permitted
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent_processes import (
    argument_spec,
    difference,
    run,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
    )
    result = run(dict(module.params, check_mode=module.check_mode))
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if result.get("failed"):
        module.fail_json(**result)
    if module._diff and module.params["phase"] != "prepare":
        result["diff"] = difference(module.params["phase"], result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
