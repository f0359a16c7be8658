# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents that systemd runs, or believes to run, on hosts with a systemd of their own. Process tables decide.

All hosts go through one run of each operation, as in a batch. Each test looks at one of them.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fleet import Fleet, Host, HostSpec, Process, full
from tests.integration.cores import STOP, Core, Run
from tools.environments import interpreters

pytestmark = pytest.mark.xdist_group("systemd")  # they share one batch of hosts, in this order

AGENT = ["ocp_agentd", "ocp_mgragent", "ocp_monagent"]
UNIT = "ocp_agent.service"
# The unit in the vendor's documents. {more} stands for a site's own lines.
DATABASE = "database.service"
UNIT_FILE = """\
[Unit]
Description=OCP Agent

[Service]
Type=forking
ExecStart={home}/bin/ocp_agentctl start
ExecStop={home}/bin/ocp_agentctl stop
ExecReload={home}/bin/ocp_agentctl restart
{more}

[Install]
WantedBy=multi-user.target
"""
# Services that name the agent, but neither start it nor contain any of its processes.
MENTIONS = {
    "commented.service": "# not before {home}/bin/ocp_agentctl start\nExecStart=/bin/sleep infinity",
    "longer.service": "ExecStart={home}/bin/ocp_agentctl-exporter infinity",
    "watching.service": "ExecStart=/usr/bin/tail -F {home}/bin/ocp_agentctl start",
    "overridden.service": "ExecStart={home}/bin/ocp_agentctl start\nExecStart=\nExecStart=/bin/sleep infinity",
}
WRAPPER = "#!/bin/sh\nexec {home}/bin/ocp_agentctl start\n"

# Starts the agent again as it ran, and waits until it stays so.
START_AGAIN = [
    {
        "hosts": "ocp_hosts",
        "gather_facts": False,
        "tasks": [
            {
                "name": phase,
                "oceanbase.ocp.agent_processes": {"phase": phase, **options},
                "register": phase,
                "ignore_errors": True,
            }
            for phase, options in (
                ("stop", {"daemon_grace": "{{ ocp_agent_daemon_grace | default(20) }}"}),
                ("start", {"ran_as": "{{ stop.ran_as | default(omit, true) }}"}),
                (
                    "finish",
                    {
                        "goal": "running",
                        "settle": 1,
                        "ready_at": "{{ start.ready_at | default(omit) }}",
                        "boot_id": "{{ start.boot_id | default(omit) }}",
                    },
                ),
            )
        ],
    }
]


@dataclass(frozen=True)
class Case:
    """A host. more: lines of its unit. unit: whether there is one, and its state before the stop.

    by: what starts the agent: the unit, the control program over ssh, or both, one after the other. observer: whether a
    database starts in the control group of the unit. refused: part of the message if nothing may be stopped.
    started: whether `systemctl start` starts the agent after the stop. after: the unit's state after the stop.
    settings: lines for the configuration of the agent. database: how the unit of a database depends on the agent's.
    user: the user who runs the agent and works on the host. mentions: whether there are MENTIONS, too. link: another
    path of the home, which the unit uses.
    """

    more: str = ""
    state: str = "active (running)"
    by: tuple[str, ...] = ("unit",)
    observer: bool = False
    refused: str = ""
    started: bool = True
    after: str = "inactive (dead)"
    settings: str = ""
    database: str = ""
    user: str = "root"
    mentions: bool = False
    link: str = ""


CASES = {
    "published": Case(mentions=True),
    "remain after exit": Case("RemainAfterExit=yes"),
    "restart always": Case("Restart=always\nRestartSec=100ms"),
    "kill mode process": Case("KillMode=process"),
    "kill mode process, restart always": Case("KillMode=process\nRestart=always\nRestartSec=100ms"),
    "outside, unit inactive": Case(state="inactive (dead)", by=("ssh",)),
    "outside, unit exited": Case("RemainAfterExit=yes", state="active (exited)", by=("unit", "ssh")),
    "waits for its restart": Case(
        "Restart=always\nRestartSec=1h", state="activating (auto-restart)", by=("unit", "dies")
    ),
    "wrapper": Case(),
    "link": Case("RemainAfterExit=yes", state="active (exited)", by=("unit", "ssh"), link="/opt/agent"),
    "no root": Case("User=admin", user="admin"),
    "no root, restart always": Case(
        "User=admin\nRestart=always", user="admin", refused="only root may stop it", after="active (running)"
    ),
    "ignores SIGTERM": Case(
        "Restart=always\nRestartSec=100ms", settings="ocp_agentd.ignore_sigterm: yes\n", after="failed (failed)"
    ),
    "required": Case(database="Requires"),
    "bound": Case(database="BindsTo", refused=f"has {DATABASE} bound to it", after="active (running)"),
    "observer": Case(
        observer=True, refused="holds observer (pid PID), too, and systemd would end them", after="active (running)"
    ),
    "observer, remain after exit": Case(
        "RemainAfterExit=yes",
        observer=True,
        refused="holds observer (pid PID), too, and systemd would end them",
        after="active (running)",
    ),
    "observer, restart always": Case(
        "KillMode=process\nRestart=always",
        observer=True,
        refused="would start it again (Restart=always), and cannot be stopped because of observer (pid PID)",
        after="active (running)",
    ),
    "observer, kill mode process": Case("KillMode=process", observer=True),
    # OCP has restarted the agent from within, so systemd no longer knows the daemon
    "observer, unit exited": Case(
        "RemainAfterExit=yes",
        state="active (exited)",
        by=("unit", "inside"),
        observer=True,
        started=False,
        after="active (exited)",
    ),
}


@dataclass
class Batch:
    """The hosts by the name of their case, and the results of their run."""

    fleet: Fleet
    hosts: dict[str, Host]
    observers: dict[str, Process]
    run: Run


def state(host: Host) -> str:
    """The state of the agent's unit in systemd."""
    shown = host.run("systemctl", "show", "--property=ActiveState,SubState", UNIT).stdout
    values = dict(line.split("=", 1) for line in shown.split())
    return f"{values['ActiveState']} ({values['SubState']})"


def ssh(host: Host, *command: str) -> None:
    subprocess.run(host.ssh_command(*command), check=True, capture_output=True, timeout=60)


def run_inside(host: Host, command: str) -> None:
    """Run a shell command for $group, the control group of the unit, in each version of control groups."""
    groups = f"/sys/fs/cgroup/system.slice/{UNIT} /sys/fs/cgroup/*/system.slice/{UNIT}"
    host.run("sh", "-c", f'for group in {groups}; do [ ! -d "$group" ] || group=$group sh -c "$0"; done', command)


def all_run(host: Host) -> bool:
    return host.agent_names() == AGENT


def arrange(host: Host, name: str, case: Case) -> Process | None:
    """Bring a host into the state of its case. Returns its database."""
    home = host.spec.home
    text = UNIT_FILE.format(home=home, more=case.more)
    if name == "wrapper":
        host.path("/root/start-agent").write_text(WRAPPER.format(home=home))
        host.path("/root/start-agent").chmod(0o755)
        text = UNIT_FILE.format(home=home, more="").replace(f"{home}/bin/ocp_agentctl start", "/root/start-agent")
        text = "".join(line for line in text.splitlines(keepends=True) if home not in line)
    if case.link:
        host.run("ln", "-s", home, case.link)
        text = UNIT_FILE.format(home=case.link, more=case.more)
    unit = Path(f"/proc/{host.init[0]}/root/etc/systemd/system/{UNIT}")
    unit.write_text(text)
    if case.mentions:
        shutil.copy(f"/proc/{host.init[0]}/root/bin/sleep", host.home / "bin/ocp_agentctl-exporter")
        for name, lines in MENTIONS.items():
            unit.with_name(name).write_text(f"[Service]\n{lines.format(home=home)}\n")
    if case.database:
        text = f"[Unit]\n{case.database}={UNIT}\nAfter={UNIT}\n[Service]\nExecStart=/bin/sleep infinity\n"
        unit.with_name(DATABASE).write_text(text)
    with open(host.home / host.generation.standin_conf, "a") as stream:
        stream.write(case.settings)
    host.run("systemctl", "daemon-reload")
    control = f"{home}/bin/ocp_agentctl"
    observer = None
    for step in case.by:
        if step == "unit":
            host.run("systemctl", "start", UNIT)
            if case.observer:
                (observer,) = [process for process in host.bystanders if process.comm == "observer"]
                run_inside(host, f"echo {observer.ns_pid} > $group/cgroup.procs")
        elif step == "inside":
            run_inside(host, f"echo $$ > $group/cgroup.procs; {control} restart > /dev/null")
        elif step == "ssh":
            host.run(control, "stop")
            ssh(host, control, "start")
        elif step == "dies":
            host.run(control, "stop")
            host.wait_for(lambda: state(host) == case.state, "it does not wait for its restart")
    if case.database:
        host.run("systemctl", "start", DATABASE)
    if case.mentions:
        host.run("systemctl", "start", *MENTIONS)
    assert state(host) == case.state, (name, state(host))
    assert host.agent_names() == ([] if "dies" in case.by else AGENT), name
    return observer


@pytest.fixture(scope="module")
def batch(newest_core: Core, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Batch]:
    """All hosts, after one stop of all of them."""
    reason = full.why_not()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("systemd")
    impatient = {"ocp_agent_daemon_grace": 2, "ocp_agent_grace": 1}
    # every interpreter of this machine takes its turn
    pythons = itertools.cycle(str(found.path.resolve()) for found in interpreters().values())
    specs = [
        HostSpec(
            behaviour="stopped",
            full=True,
            variables=impatient if case.settings else {},
            python=next(pythons),
            agent_user=case.user,
            user=case.user,
            bystanders=case.user == "root",  # to admin, one of root's might be an agent
        )
        for case in CASES.values()
    ]
    with Fleet.start(specs, folder / "fleet") as fleet:
        hosts = dict(zip(CASES, fleet.hosts, strict=True))
        observers = {name: arrange(host, name, CASES[name]) for name, host in hosts.items()}
        run = newest_core.stop_fleet(fleet, folder / "response.json", ocp_max_fail_percentage=100)
        yield Batch(fleet, hosts, {name: process for name, process in observers.items() if process}, run)


STOPPED = [name for name, case in CASES.items() if not case.refused]
REFUSED = [name for name, case in CASES.items() if case.refused]


@pytest.mark.parametrize("name", STOPPED)
def test_nothing_runs_and_nothing_comes_back(batch: Batch, name: str) -> None:
    host = batch.hosts[name]
    assert host.agent_names() == [], batch.run.output
    index = list(CASES).index(name)
    assert batch.run.of_host(index)["Finish"]["status"] == "SUCCESSFUL", batch.run.output
    assert state(host) == CASES[name].after
    time.sleep(0.5)  # RestartSec is 0.1 s, and the run has waited for the settle time
    assert host.agent_names() == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_systemd_would_end_or_undo_is_refused_before_the_first_signal(batch: Batch, name: str) -> None:
    host, case = batch.hosts[name], CASES[name]
    assert all_run(host)
    prepare = batch.run.of_host(list(CASES).index(name))["Prepare"]
    code = "CMP07019" if case.user == "root" else "IAM11000"
    assert (prepare["status"], prepare["error"]["code"]) == ("FAILED", code), batch.run.output
    pid = str(batch.observers[name].ns_pid) if case.observer else ""
    assert UNIT in prepare["error"]["message"]
    assert case.refused.replace("PID", pid) in prepare["error"]["message"]
    assert state(host) == case.after


def test_no_bystander_was_hurt(batch: Batch) -> None:
    for name, host in batch.hosts.items():
        assert [process for process in host.bystanders if not host.alive(process)] == [], name
        if CASES[name].database:
            assert host.run("systemctl", "is-active", DATABASE).stdout == "active\n", name


def still_active(host: Host) -> None:
    shown = host.run("systemctl", "is-active", *MENTIONS).stdout
    assert shown.split() == ["active"] * len(MENTIONS)


def test_a_service_that_only_mentions_the_agent_goes_on(batch: Batch) -> None:
    for name, case in CASES.items():
        if case.mentions:
            still_active(batch.hosts[name])


def test_the_way_out_that_the_message_names(batch: Batch, newest_core: Core, tmp_path: Path) -> None:
    """systemd leaves the other processes alone meanwhile: in a plan, a restart, and a stop."""
    host, observer, folder = batch.hosts["observer"], batch.observers["observer"], f"/run/systemd/system/{UNIT}.d"
    extra = {"host_ids": [host.host_id], "ocp_protect_unit": True}
    agent = host.agent_processes()

    def run(playbook: str, *arguments: str) -> str:
        done = newest_core.on_fleet(playbook, batch.fleet, tmp_path / "response.json", *arguments, **extra)
        assert done.status == 0, done.output
        assert host.alive(observer)
        assert host.run("find", folder, check=False).stdout == ""
        return done.output

    plan = run(STOP, "--check", "--diff")
    assert f"{folder}/zzzz-oceanbase-ocp-protect.conf" in plan
    assert "\n+KillMode=process\n" in plan
    assert host.agent_processes() == agent
    run("batch_restart_agents")
    assert all_run(host)
    assert not set(agent) & set(host.agent_processes())
    groups = {UNIT in Path(f"/proc/{process.pid}/cgroup").read_text() for process in host.agent_processes()}
    assert groups == {True}
    run(STOP)
    assert host.agent_names() == []
    assert state(host) == "inactive (dead)"


@pytest.mark.parametrize("name", STOPPED)
def test_systemd_starts_it_again(batch: Batch, name: str) -> None:
    host = batch.hosts[name]
    host.run("systemctl", "start", UNIT)
    assert all_run(host) is CASES[name].started


@dataclass
class Again:
    """A run of START_AGAIN: its output, and the agents' processes before it by the name of the case."""

    output: str
    before: dict[str, set[Process]]


@pytest.fixture(scope="module")
def again(batch: Batch, newest_core: Core, tmp_path_factory: pytest.TempPathFactory) -> Again:
    """Stop, start and finish by the module, after the earlier tests.

    On one host the agent does not run (a start on its own uses the unit), on another one it was started over ssh.
    """
    outside = batch.hosts["outside, unit inactive"]
    outside.run("systemctl", "stop", UNIT)
    ssh(outside, f"{outside.spec.home}/bin/ocp_agentctl", "start")
    batch.hosts["published"].run("systemctl", "stop", UNIT)
    before = {name: set(host.agent_processes()) for name, host in batch.hosts.items()}
    folder = tmp_path_factory.mktemp("again")
    playbook = folder / "start.yml"
    playbook.write_text(json.dumps(START_AGAIN))
    command = [newest_core.bin / "ansible-playbook", f"--inventory={batch.fleet.inventory}", playbook]
    environment = newest_core.environment()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=200)
    return Again(done.stdout + done.stderr, before)


@pytest.mark.parametrize("name", STOPPED)
def test_our_start_makes_it_ready_where_it_ran_before(batch: Batch, again: Again, name: str) -> None:
    host = batch.hosts[name]
    assert all_run(host), again.output
    assert not again.before[name] & set(host.agent_processes())
    recap = next(line for line in again.output.splitlines() if line.startswith(f"{host.name} ") and "ok=" in line)
    assert "ok=3 " in recap, again.output
    assert "ignored=0" in recap, again.output
    # never through a unit that holds other processes: systemd would end them if its start failed
    unit = not CASES[name].observer and name not in ("outside, unit inactive", "no root")
    groups = {UNIT in Path(f"/proc/{process.pid}/cgroup").read_text() for process in host.agent_processes()}
    assert groups == {unit}, again.output
    if CASES[name].mentions:
        still_active(host)
