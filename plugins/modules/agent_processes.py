#!/usr/bin/python
# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: agent_processes
short_description: Prepare, stop, start and verify the processes of the OCP Agent on a host
version_added: 0.1.0
author:
  - OceanBase OCP collection contributors (@oceanbase)
description:
  - Finds the basic processes of the OceanBase OCP Agent in one home, stops or starts them, and proves that they are
    stopped or ready.
  - Knows the agents of OCP up to 3.1 (C(ocp_agentd), C(pos_proxy), C(node_exporter), C(ocp_exporter)), of OCP 3.2 and
    later (C(ocp_agentd), C(ocp_mgragent), C(ocp_monagent)) and obagent (C(ob_agentd), C(ob_mgragent), C(ob_monagent)).
  - A process is the agent's when its executable has the name of an agent's program, and lies in the home or is the file
    that an installed program leads to. The same holds for the script of an interpreter.
  - An interpreter is the agent's, too, when a pid file names it and its whole command line is the name of a program.
    Any process is when a pid file names it and its own arguments or working directory lead to the home.
  - A pid file counts only when nobody else can write it. Neither a name on a command line nor a pid file alone makes a
    process the agent's.
  - A process that may be the agent's without proof is left alone. V(prepare) warns of it, and V(finish) fails.
  - Every process is pinned by pid and start time, and signalled through a pidfd where kernel and Python have one.
  - When the connection can carry input, nothing of the module is written to the host's disk. Then any Python from 2.7
    on will do on the host, even one that is too old for the controller's ansible-core.
  - The module never signals C(observer), C(obproxy), the agent of another home, anything in a container, or its own
    ancestors.
options:
  phase:
    description:
      - The phase to carry out.
      - V(prepare) finds the agent and checks that the operation could work. It changes nothing.
      - V(stop) stops the agent through systemd where a service runs it and holds nothing else. All other processes are
        stopped by pid, while V(stop) holds the agent's own C(run/admin.lock). The daemon gets SIGTERM, and time to take
        its children down. Processes that are left get SIGTERM, and SIGKILL after the grace.
      - V(start) starts the agent unless it runs. It waits until the daemon guards every child and every program serves.
        It uses systemd where a service is to run the agent, and else the vendor's control program, as the agent's user.
        Where no daemon runs, it first ends the children that a daemon has left. It also removes stale pid, socket and
        lock files, with which neither the daemon nor its children would start.
      - V(restart_pos_proxy) sends SIGTERM to C(pos_proxy), which only the agents of OCP up to 3.1 have, and lets the
        daemon start it again. Where it does not run, nothing changes.
      - V(finish) after a stop proves that no process is left and that none comes back within O(settle). It then removes
        the stale pid, socket and lock files that the agent's programs left in C(run/).
      - V(finish) after a start proves that the agent is complete, and that no process restarted within O(settle).
      - The phases wait for a control program that starts, stops or restarts the agent right now, for 15 seconds at most
        and half of the time that is left. After that they fail with C(locked).
      - The control program takes a lock for stale when its user may not look at the lock's owner. For an agent of
        another user than root the lock therefore names a process of that user, C(cat), which ends with the module.
      - Where systemd runs, root starts the agent in a scope of its own, and so does a user who lingers. Otherwise
        systemd-logind might end it with the session (C(KillUserProcesses=yes)). Where nothing would keep it from that,
        V(prepare) and V(start) fail with C(not_permitted), and V(finish) fails for an agent that is in our session.
      - V(stop) records how the agent runs (user, limits, umask, environment and so on), and V(start) restores it.
        The values of the environment stay on the host, in a file that nobody else can read, until V(finish) has proved
        the started agent. A warning tells of anything that cannot be restored.
      - A program serves when it answers C(running) on its socket in C(run/), as the agent itself asks it. The agents of
        OCP up to 3.1 have no such sockets. Their pid files and processes decide.
      - An agent that lives and does not serve, such as one whose port is taken, is C(not_ready). So is an agent beside
        which another one runs.
  goal:
    description:
      - The goal of the whole operation, for V(prepare) and V(finish).
      - V(stopped) is for a stop, V(running) for a start, and V(restarted) for a stop and a start.
    type: str
    default: stopped
    choices: [stopped, running, restarted]
  home:
    description: Absolute path of the agent's home on the host.
    type: str
    default: /home/admin/ocp_agent
  timeout:
    description:
      - Seconds that the phase may take. The module ends itself earlier, by a tenth of that time, at least 2 and at most
        15 seconds.
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
    description:
      - Seconds after the end of V(stop) during which nothing may come back, or after the end of V(start) during which
        nothing may end.
    type: float
    default: 3
  stopped_at:
    description: RV(stopped_at) of V(stop). The settle time then counts from there, and not from now.
    type: float
  ready_at:
    description:
      - RV(ready_at) of V(start). The settle time then counts from there, and not from now. V(finish) also notices a
        process that was started again meanwhile.
    type: float
  protect_unit:
    description:
      - Whether V(stop) and V(start) may protect other processes in the control group of the agent's systemd service,
        such as an C(observer), which systemd would end together with the agent. V(prepare) needs it, too.
      - For the time of the phase the service gets a runtime drop-in with C(KillMode=process), C(Restart=no) and more.
        It has to be in force before the first signal. Nothing is written where it is not needed.
      - The other processes are compared before and after by pid and start time.
    type: bool
    default: false
  boot_id:
    description: RV(boot_id) of V(stop) or V(start). After another boot O(stopped_at) and O(ready_at) mean nothing.
    type: str
  ran_as:
    description:
      - RV(ran_as) of the V(prepare) or V(stop) before. V(start) then brings the same programs back, the way they ran.
      - Without it, V(start) takes the newest generation that is installed, or the one of which something runs.
      - It then starts the one service whose unit file names the agent's programs, if there is just one. Otherwise it
        runs the control program, as the owner of the home for obagent and as the user of the connection for the others.
    type: dict
    suboptions:
      generation:
        description: The generation to start, if it is still installed.
        type: str
        choices: [gen1, gen2, obagent]
      user:
        description: The user to run the control program as, a login name of C(/etc/passwd) or C(uid N).
        type: str
      unit:
        description: The systemd service to start the agent by; none for the control program.
        type: str
      programs:
        description: The programs that ran. V(start) ignores it.
        type: list
        elements: str
      attributes:
        description: How the daemon ran, for a host that has lost this information, as after a boot.
        type: str
extends_documentation_fragment:
  - oceanbase.ocp._phase
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    description: >-
      Names the processes that would get a signal, the files that would be removed and the programs that would be
      started, and changes nothing.
  diff_mode:
    support: full
    description: Shows the processes before and after, the removed files, and drop-ins that are there meanwhile.
  platform:
    platforms: linux
    description: The platforms it works on.
  idempotent:
    support: partial
    description:
      - An agent that is stopped, or runs completely, stays unchanged; a second run reports no change.
      - V(phase=restart_pos_proxy) restarts it every time.
notes:
  - When the main process of a systemd service ends, systemd ends all that is left in its control group, unless the
    unit says C(KillMode=process). The agent may share that group with something else, such as an C(observer) that it
    has started. Then nothing is signalled, and the phase fails with V(foreign_in_unit), in V(prepare) already. With
    O(protect_unit) it goes on.
  - Only root looks at services of systemd and speaks to them. Any other user stops and starts its own agent by pid and
    by the control program.
seealso:
  - module: oceanbase.ocp.task_create
  - name: Batch stop basic OCP Agent processes on a host
    description: The operation of OCP of which V(prepare), V(stop) and V(finish) are the part on the host.
    link: https://www.oceanbase.com/docs/ocp
"""

EXAMPLES = r"""
- name: Find the agent, and check that it can be stopped
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

- name: Start it again as it ran
  oceanbase.ocp.agent_processes:
    phase: start
    home: /data/ocp_agent
    timeout: 300
    ran_as: "{{ stopped.ran_as | default(omit, true) }}"
  become: true
  register: started

- name: Prove that it is ready and stays so
  oceanbase.ocp.agent_processes:
    phase: finish
    goal: running
    home: /data/ocp_agent
    ready_at: "{{ started.ready_at }}"
    boot_id: "{{ started.boot_id }}"
  become: true
"""

RETURN = r"""
processes:
  description:
    - The agent's processes that were found; after V(stop), that were stopped; after V(start), and when V(finish) proves
      a running agent or fails, that run. Daemons come first.
    - In check mode V(start) returns those that run already, so none where it would start the agent.
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
        - The last signal that it was sent. Null for a child that its daemon took down, or that systemd has stopped. In
          check mode, the signal that it would get, a child only if its daemon left it.
      type: str
      returned: phase is stop or restart_pos_proxy
      sample: SIGTERM
    seconds:
      description: Time from the beginning of V(stop) to its end; null when it still runs, and in check mode.
      type: float
      returned: phase is stop or restart_pos_proxy
      sample: 3.41
  sample:
    - program: ocp_agentd
      pid: 170637
      user: root
      executable: /home/admin/ocp_agent/bin/ocp_agentd
      signal: SIGTERM
      seconds: 3.52
home:
  description: The home of the agent, without superfluous slashes and dots.
  returned: when the options are valid
  type: str
  sample: /home/admin/ocp_agent
log:
  description:
    - The steps in order, as pairs of seconds since the program began and a text. At most 500 entries of 500 characters;
      the middle of a longer log is left out.
  returned: always
  type: list
  elements: list
  sample:
    - [0.02, "found ocp_agentd (pid 170637) of user root: /home/admin/ocp_agent/bin/ocp_agentd"]
    - [0.02, "took /home/admin/ocp_agent/run/admin.lock"]
    - [0.03, "SIGTERM to ocp_agentd (pid 170637)"]
    - [3.52, "ocp_agentd (pid 170637) has ended"]
generations:
  description: The generations that are installed in the home; of V(start), the one that was to be started.
  returned: phase is prepare or start
  type: list
  elements: str
  sample: [gen2]
ran_as:
  description:
    - How the agent ran when the phase looked first, for a later V(start); null when nothing ran. Also in a failure of
      V(stop), once that look was taken.
  returned: phase is prepare or stop
  type: dict
  contains:
    generation:
      description: The generation; of several, the newest.
      type: str
      returned: always
      sample: gen2
    user:
      description: The user that the daemon ran as, by name or as C(uid N).
      type: str
      returned: always
      sample: root
    unit:
      description: The systemd service that ran it; null for none.
      type: str
      returned: always
      sample: ocp_agent.service
    programs:
      description: The programs that ran.
      type: list
      elements: str
      returned: always
      sample: [ocp_agentd, ocp_mgragent, ocp_monagent]
    attributes:
      description:
        - How the daemon ran, in words C(name=value) with C(%20) for a blank. Of its environment only the names; the
          values stay on the host.
      type: str
      returned: always
      sample: environment=TZ groups=1000%205001 limit_nofile=655350%20655350 nice=0 oom_score_adj=0 umask=0027
  sample:
    generation: gen2
    user: root
    unit: ocp_agent.service
    programs: [ocp_agentd, ocp_mgragent, ocp_monagent]
    attributes: environment=TZ groups=1000%205001 limit_nofile=655350%20655350 nice=0 oom_score_adj=0 umask=0027
stopped_at:
  description:
    - The end of V(stop), in seconds on the clock that the start times in C(/proc/PID/stat) are read from. That is in
      general the time since the host's boot; C(/proc/uptime) of a container may count from another moment.
  returned: phase is stop, unless the host can start no other process
  type: float
  sample: 86412.27
ready_at:
  description: The moment at which V(start) saw the whole agent, on the same clock as RV(stopped_at).
  returned: phase is start, unless the host can start no other process
  type: float
  sample: 86415.81
boot_id:
  description: Identifies the boot that RV(stopped_at) and RV(ready_at) count from.
  returned: phase is stop or start
  type: str
  sample: 6c2b5b5e-7f0d-4b43-9c9e-0d7b3f9f7a10
drop_ins:
  description: The drop-ins of systemd services that are there for the time of the phase, or would be in check mode.
  returned: phase is stop or start, unless there was nothing to do
  type: list
  elements: dict
  contains:
    path:
      description: Path of the file.
      type: str
      returned: always
      sample: /run/systemd/system/ocp_agent.service.d/zzzz-oceanbase-ocp-protect.conf
    content:
      description: Its text.
      type: str
      returned: always
  sample: []
removed:
  description: Names of the files that were removed from C(run/), or would be in check mode.
  returned: phase is finish
  type: list
  elements: str
  sample: [ocp_agentd.pid, ocp_mgragent.pid, ocp_mgragent.170643.sock]
reason:
  description:
    - The reason of the failure in a word, one of V(invalid), V(not_installed), V(not_permitted), V(locked),
      V(foreign_in_unit), V(still_running), V(revived), V(control_failed), V(not_ready), V(deadline), V(interrupted).
    - V(foreign_in_unit) means that systemd would end others together with the agent, or start the agent again; or that
      one of the others has ended although it was protected.
    - V(control_failed) means that the control program failed, or could not be run; V(not_ready), that the agent did not
      become complete, or did not stay so.
  returned: failure
  type: str
  sample: not_permitted
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import (
    argument_spec,
    diffs,
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
        result["diff"] = diffs(module.params["phase"], result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
