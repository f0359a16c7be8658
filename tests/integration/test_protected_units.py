# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ocp_protect_unit`: an agent whose unit holds a database is stopped and started, and the database goes on.

One host with a systemd of its own has all the units of these tests, one after the other; the host program runs on it
directly. The database counts up all the time, and is known by its pid and start time.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier
from oceanbase_ocp import task_info
from tests.fleet import Fleet, Host, HostSpec, Process, full
from tests.integration.cores import Core, end
from tools.environments import interpreters

pytestmark = pytest.mark.xdist_group("systemd")

AGENT = ["ocp_agentd", "ocp_mgragent", "ocp_monagent"]
UNIT = "ocp_agent.service"
DATABASE = "database.service"
CALL = "00112233445566ff"
NAME = "zzzz-oceanbase-ocp-protect.conf"
DROP_IN = f"/run/systemd/system/{UNIT}.d/{NAME}"
PUBLISHED = """\
Type=forking
ExecStart={home}/bin/ocp_agentctl start
ExecStop={home}/bin/ocp_agentctl stop
ExecReload={home}/bin/ocp_agentctl restart
"""
SIMPLE = "Type=simple\nExecStart={home}/bin/ocp_agentd -c {home}/conf/agentd.yaml\n"
# Runs a phase with an interpreter of the host, after lines that may change it. Nobody waits 3 s for what will not end.
RUN = """\
import os, sys, time
program = {"__name__": "program"}
exec(compile(open(sys.argv.pop(1)).read(), "program", "exec"), program)
for file in list(program["_later"]):
    program["_need"](file)  # so that the lines can change it
if "Units" in program:
    foreign = program["Units"].foreign
    program["Units"].foreign = lambda self, unit, patience=0: foreign(self, unit, 0)
def die(*args, **kwargs):
    os.kill(os.getpid(), 9)
{lines}
program["main"](program[{function!r}])
"""
# Where the host program is killed: what it runs then.
KILLED = {
    "before the drop-in is there": "os.rename = die",
    "before systemd knows of it": "program['reload_units'] = die",
    "before the first signal": "program['_stop_by_pid'] = die",
    "after the first signal": "program['Stopping']._wait = die",
    "before the unit is at rest": "program['Protection'].let_rest = die",
    "before the drop-in is removed": "program['remove_drop_ins'] = die",
    "before systemd knows that it is removed": (
        "def twice(log, seconds, times=[], old=program['reload_units']):\n"
        "    times.append(1)\n"
        "    return old(log, seconds) if len(times) < 2 else die()\n"
        "program['reload_units'] = twice"
    ),
    "before all is forgotten": "program['forget_drop_in'] = die",
}
OBSERVER = "i=0; while :; do i=$((i+1)); echo $i > /tmp/beat.new; mv /tmp/beat.new /tmp/beat; sleep 0.02; done"


@dataclass
class Site:
    """The host, and its database. fleet: that of the host alone."""

    fleet: Fleet
    host: Host
    observer: Process

    def install(self, lines: str = PUBLISHED, *more: str, unit: str = "") -> None:
        """The agent's unit of these lines, running, with the database in its control group."""
        host, home = self.host, self.host.spec.home
        text = f"[Unit]\nDescription=OCP Agent\n{unit}\n[Service]\n{lines.format(home=home)}" + "\n".join(more)
        self.etc(UNIT).write_text(f"{text}\n[Install]\nWantedBy=multi-user.target\n")
        host.run("systemctl", "daemon-reload")
        host.run("systemctl", "start", UNIT)
        host.wait_for(lambda: host.agent_names() == AGENT and host.serves(), "the agent does not run")
        self.observer = host.spawn("/root/observer", "-c", OBSERVER)
        self.move_in(self.observer)

    def move_in(self, process: Process) -> None:
        groups = f"/sys/fs/cgroup/system.slice/{UNIT} /sys/fs/cgroup/*/system.slice/{UNIT}"
        move = f'for group in {groups}; do [ ! -d "$group" ] || echo {process.ns_pid} > "$group/cgroup.procs"; done'
        self.host.run("sh", "-c", move)

    def clear(self) -> None:
        """Back to a host on which nothing runs."""
        if self.host.alive(self.observer):
            self.host.send(self.observer, signal.SIGKILL)
        self.etc(UNIT).unlink(missing_ok=True)  # and with it what follows its end
        self.host.run("sh", "-c", f"rm -rf /run/systemd/system/{UNIT}.d /etc/systemd/system/{UNIT}.d")
        self.host.run("systemctl", "daemon-reload")
        for name in (DATABASE, UNIT):
            self.host.run("systemctl", "kill", "--signal=SIGKILL", name, check=False)
            self.host.run("systemctl", "stop", name, check=False)
        for process in self.host.agent_processes():
            self.host.send(process, signal.SIGKILL)
        self.host.wait_for(lambda: not self.host.agent_processes(), "the agent is still there")
        for path in self.host.run_folder.iterdir():
            path.unlink()
        self.host.run("systemctl", "reset-failed", check=False)

    def etc(self, name: str) -> Path:
        return Path(f"/proc/{self.host.init[0]}/root/etc/systemd/system/{name}")

    def program(self, phase: str, lines: str = "", **request: Any) -> dict[str, Any]:
        """The answer of the host program, empty where it died."""
        request = {"phase": phase, "home": self.host.spec.home, "timeout": 60, "daemon_grace": 3, "grace": 2, **request}
        _file, function = carrier.agent_processes.function_of(request)
        self.host.path("/root/program.py").write_bytes(carrier.program(request))
        text = RUN.replace("{lines}", lines).replace("{function!r}", repr(function))
        self.host.path("/root/run.py").write_text(text)
        command = [self.host.spec.python, "-B", "/root/run.py", "/root/program.py", carrier.expression(request), CALL]
        done = self.host.run(*command, check=False)
        answer = carrier.answer(done.stdout.encode(), CALL)
        assert answer is not None or lines, done.stderr
        return answer or {}

    def stop(self, **request: Any) -> dict[str, Any]:
        return self.program("stop", protect_unit=True, **request)

    def finish(self, goal: str = "stopped") -> dict[str, Any]:
        return self.program("finish", goal=goal, settle=0.5)

    def shown(self, *names: str, unit: str = UNIT) -> list[str]:
        lines = self.host.run("systemctl", "show", f"--property={','.join(names)}", unit).stdout.splitlines()
        values = dict(line.split("=", 1) for line in lines)
        return [values.get(name, "") for name in names]

    def is_as_before(self, kill_mode: str = "control-group") -> None:
        """Nothing of ours is left, and the database has never stopped."""
        assert self.observer_works()
        assert self.host.run("sh", "-c", "find /run/systemd/system -name '*oceanbase*'").stdout == ""
        assert self.shown("KillMode", "NeedDaemonReload") == [kill_mode, "no"]
        assert NAME not in self.shown("DropInPaths")[0]

    def observer_works(self) -> bool:
        beat = self.host.path("/tmp/beat")
        if not self.host.alive(self.observer):
            return False
        before = beat.read_text()
        return bool(self.host.wait_for(lambda: beat.read_text() != before, "the database does not count"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    reason = full.why_not()
    if reason:
        pytest.skip(reason)
    oldest = str(interpreters()[min(interpreters())].path.resolve())  # the newest ones are with the hosts of a batch
    spec = HostSpec(behaviour="stopped", full=True, bystanders=False, python=oldest)
    with Fleet.start([spec], tmp_path_factory.mktemp("protected") / "fleet") as fleet:
        (host,) = fleet.hosts
        host.run("cp", "/bin/sh", "/root/observer")
        yield Site(fleet, host, host.spawn("/bin/sleep", "infinity"))


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    yield running
    running.clear()


EVIL = "/usr/bin/pkill -9 -x observer"
UNITS = {
    "published": [PUBLISHED],
    "simple, mixed, restart": [SIMPLE, "KillMode=mixed", "Restart=always", "RestartSec=100ms", "TimeoutStopSec=1"],
    "restart forced": [SIMPLE, "KillMode=process", "RestartForceExitStatus=0 1 TERM", "RestartSec=100ms"],
    "remain after exit, own commands": [
        PUBLISHED,
        "RemainAfterExit=yes",
        f"ExecStop=-{EVIL}",
        f"ExecStopPost=-{EVIL}",
        "RuntimeDirectory=agent",
    ],
    "drop-in of the site": [PUBLISHED],
}


@pytest.mark.parametrize("name", UNITS)
def test_the_agent_stops_and_starts_and_the_database_goes_on(site: Site, name: str) -> None:
    host = site.host
    site.install(*UNITS[name])
    if name == "drop-in of the site":
        folder = site.etc(f"{UNIT}.d")
        folder.mkdir()
        (folder / "zz-site.conf").write_text("[Service]\nKillMode=mixed\nSendSIGKILL=yes\nRestart=always\n")
        host.run("systemctl", "daemon-reload")
    before = site.shown("KillMode", "Restart", "ExecStop")
    stopped = site.stop()
    assert not stopped.get("failed"), stopped
    assert not stopped["warnings"]
    assert host.agent_names() == []
    site.is_as_before(before[0])
    assert site.shown("ActiveState") == ["inactive"]

    started = site.program("start", protect_unit=True, ran_as=stopped["ran_as"])
    assert not started.get("failed"), started
    assert host.agent_names() == AGENT
    assert [UNIT in Path(f"/proc/{one.pid}/cgroup").read_text() for one in host.agent_processes()] == [True] * 3
    site.is_as_before(before[0])
    assert site.shown("KillMode", "Restart", "ExecStop")[:2] == before[:2]

    again = site.stop()
    assert not again.get("failed"), again
    assert host.agent_names() == []
    site.is_as_before(before[0])
    assert site.shown("ActiveState") == ["inactive"]


def test_without_the_variable_the_message_names_it_and_check_mode_shows_the_drop_in(site: Site) -> None:
    host = site.host
    site.install()
    refused = site.program("prepare")
    assert refused["reason"] == "foreign_in_unit"
    assert "ocp_protect_unit=true" in refused["msg"]
    assert f"observer (pid {site.observer.ns_pid})" in refused["msg"]
    agent = host.agent_processes()

    prepared = site.program("prepare", protect_unit=True)
    assert not prepared.get("failed"), prepared
    planned = site.stop(check_mode=True)
    assert [drop_in["path"] for drop_in in planned["drop_ins"]] == [DROP_IN]
    assert "KillMode=process\n" in planned["drop_ins"][0]["content"]
    assert not host.run("find", "/run/systemd/system", "-name", "*oceanbase*").stdout
    assert host.agent_processes() == agent


@pytest.mark.parametrize("where", KILLED)
def test_a_run_that_is_killed_hurts_nobody_and_the_next_one_removes_its_drop_in(site: Site, where: str) -> None:
    site.install()
    assert site.program("stop", KILLED[where], protect_unit=True) == {}
    time.sleep(0.5)  # what systemd would do, it does at once
    assert site.observer_works()
    stopped = site.stop()
    assert not stopped.get("failed"), stopped
    finished = site.finish()
    assert not finished.get("failed"), finished
    assert site.host.agent_names() == []
    site.is_as_before()


# Who is ended, and by which transport.
CUT = [("connection", "task"), ("host program", "fanout"), ("host program", "task"), ("run", "fanout")]


@pytest.mark.parametrize(("who", "transport"), CUT)
def test_a_connection_that_is_cut_in_the_middle(
    site: Site, newest_core: Core, tmp_path: Path, who: str, transport: str
) -> None:
    """The run asks the host again, or a retry does: the agent is stopped, the drop-in is gone, the database lives."""
    host, response = site.host, tmp_path / "response.json"
    core = replace(newest_core, transport=transport)
    options = {"ocp_protect_unit": True, "ocp_task_store": f"sqlite:///{tmp_path}/tasks.sqlite"}
    with slow(host):
        site.install()
        process = core.start(site.fleet.inventory, response, {"host_ids": [host.host_id], **options})
        host.wait_for((host.run_folder / "admin.lock").exists, "Stop has not begun")
        assert host.run("systemctl", "show", "--property=KillMode", UNIT).stdout == "KillMode=process\n"
        if who == "run":
            os.killpg(process.pid, signal.SIGKILL)
        if who != "connection":
            for program in host_programs(host):
                host.send(program, signal.SIGKILL)
        host.drop_connections()
        if who == "run":
            process.wait()
            host.wait_for(lambda: not host_programs(host), "the host program goes on")
            host.run("test", "-e", DROP_IN)
            assert site.observer_works()
            (task,) = task_info(task_store=options["ocp_task_store"])["data"]["contents"]
            run = core.on_task("task_retry", site.fleet, response, task_id=task["id"], **options)
        else:
            run = end(process, response)
    assert run.status == 0, run.output
    assert run.task["status"] == "SUCCESSFUL"
    assert host.agent_names() == []
    site.is_as_before()


@contextmanager
def slow(host: Host) -> Iterator[None]:
    """An agent that takes its time to stop."""
    path = host.home / host.generation.standin_conf
    before = path.read_text()
    path.write_text(f"{before}\nocp_monagent.stop_seconds: 4\n")
    yield
    path.write_text(before)


def host_programs(host: Host) -> list[Process]:
    """What works on the host over ssh, without the servers themselves."""
    table = [process for process in host.processes() if not process.dead]
    sessions = {process.pid for process in host.sshd_processes(table)[1]}
    found: list[Process] = []
    parents = set(sessions)
    while more := [one for one in table if one.ppid in parents and one not in found and one.pid not in sessions]:
        found += more
        parents |= {one.pid for one in more}
    return found


def test_a_start_that_is_killed_hurts_nobody_and_finish_removes_its_drop_in(site: Site) -> None:
    site.install()
    stopped = site.stop()
    lines = "program['_Starting']._wait_until_ready = die"
    assert site.program("start", lines, protect_unit=True, ran_as=stopped["ran_as"]) == {}
    site.host.wait_for(lambda: site.host.agent_names() == AGENT and site.host.serves(), "the agent has not started")
    assert site.shown("KillMode") == ["process"]
    again = site.program("start", protect_unit=True, ran_as=stopped["ran_as"])
    assert not again.get("failed"), again
    finished = site.finish("running")
    assert not finished.get("failed"), finished
    assert finished["changed"]
    site.is_as_before()
    assert site.host.agent_names() == AGENT


def test_a_start_that_fails_ends_nothing_else(site: Site) -> None:
    site.install()
    stopped = site.stop()
    text = site.etc(UNIT).read_text().replace("ocp_agentctl start", "ocp_agentctl nonsense")
    site.etc(UNIT).write_text(text)
    site.host.run("systemctl", "daemon-reload")
    started = site.program("start", protect_unit=True, ran_as=stopped["ran_as"])
    assert not started.get("failed"), started  # by the control program
    assert site.host.agent_names() == AGENT
    site.is_as_before()


def test_a_bound_neighbour_is_refused_and_a_required_one_goes_on(site: Site) -> None:
    site.install(PUBLISHED, "RemainAfterExit=yes")
    for kind in ("BindsTo", "Requires"):
        text = f"[Unit]\n{kind}={UNIT}\nAfter={UNIT}\n[Service]\nExecStart=/bin/sleep infinity\n"
        site.etc(DATABASE).write_text(text)
        site.host.run("systemctl", "daemon-reload")
        site.host.run("systemctl", "restart", DATABASE)
        agent = site.host.agent_processes()
        stopped = site.stop()
        if kind == "BindsTo":
            assert (stopped["reason"], stopped["changed"]) == ("foreign_in_unit", False)
            assert f"has {DATABASE} bound to it" in stopped["msg"]
            assert site.host.agent_processes() == agent
        else:
            assert not stopped.get("failed"), stopped
            assert site.host.agent_names() == []
        assert site.shown("ActiveState", unit=DATABASE) == ["active"]
        site.is_as_before()
    # the unit still counts as active, and its stop would stop the neighbour
    started = site.program("start", protect_unit=True, ran_as=stopped["ran_as"])
    assert not started.get("failed"), started
    assert site.host.agent_names() == AGENT
    assert site.shown("ActiveState", unit=DATABASE) == ["active"]
    site.is_as_before()


REFUSALS = {
    "a reload that fails": ("program['reload_units'] = lambda log, seconds: False", "did not read its files again"),
    "a later drop-in": ("", "KillMode=mixed"),
    "a file of another": ("", "is not of this collection"),
    "another run at work": (
        "import fcntl\nheld = os.open('/run/systemd/system', os.O_RDONLY)\nfcntl.flock(held, fcntl.LOCK_EX)\n"
        "program['PROTECTION_WAIT'] = 0.5",
        "another run of this collection protects services of this host",
    ),
    "a systemd that does not answer": (
        "program['PROGRAMS_OF_SYSTEMD'] = ('/bin/false',) * 2",
        "systemd could not be asked about ocp_agent.service",
    ),
    "a /tmp that goes with the unit": ("", "PrivateTmp"),
    "a reboot that follows": ("", "its end leads to reboot.target"),
}


@pytest.mark.parametrize("why", REFUSALS)
def test_without_a_protection_that_is_in_force_nothing_is_signalled(site: Site, why: str) -> None:
    more = ["PrivateTmp=yes"] if "/tmp" in why else []
    site.install(PUBLISHED, *more, unit="OnFailure=reboot.target" if "reboot" in why else "")
    folder = site.etc(f"{UNIT}.d")
    folder.mkdir()
    if why == "a later drop-in":
        (folder / "zzzzz.conf").write_text("[Service]\nKillMode=mixed\n")
    site.host.run("systemctl", "daemon-reload")
    if why == "a file of another":
        site.host.run("mkdir", "-p", str(Path(DROP_IN).parent))
        site.host.run("cp", "/dev/null", DROP_IN)
    agent = site.host.agent_processes()
    lines, message = REFUSALS[why]
    stopped = site.program("stop", lines, protect_unit=True)
    reason = "locked" if why == "another run at work" else "foreign_in_unit"
    assert (stopped["reason"], stopped["changed"]) == (reason, False), stopped
    assert message in stopped["msg"]
    assert site.host.agent_processes() == agent
    assert site.host.alive(site.observer)
    if why == "a file of another":
        assert site.host.run("stat", "--format=%s", DROP_IN).stdout == "0\n"
    elif why not in ("a later drop-in", "a reload that fails"):
        site.is_as_before()


def test_a_drop_in_stays_as_long_as_a_daemon_was_signalled_and_runs(site: Site) -> None:
    site.install()
    lines = (
        "def stuck(request, stopping):\n    raise program['AgentError']('still_running', 'it hangs')\n"
        "program['_stop_by_pid'] = stuck\nprogram['SETTLE_SECONDS'] = 1"
    )
    stopped = site.program("stop", lines, protect_unit=True)
    assert stopped["reason"] == "still_running"
    assert f"{DROP_IN} stays until the next run" in stopped["msg"]
    assert site.shown("KillMode") == ["process"]
    again = site.program("stop")  # also without the variable
    assert not again.get("failed"), again
    assert site.host.agent_names() == []
    site.is_as_before()


def test_daemon_reload_in_the_middle_changes_nothing(site: Site) -> None:
    site.install(SIMPLE, "KillMode=mixed")
    reload_ = "os.spawnl(os.P_WAIT, '/usr/bin/systemctl', 'systemctl', 'daemon-reload')"
    lines = (
        "def reloaded(self, *order, **more):\n"
        f"    {reload_}\n    signals(self, *order, **more)\n    {reload_}\n"
        "signals = program['Stopping']._signal\n"
        "program['Stopping']._signal = reloaded"
    )
    stopped = site.program("stop", lines, protect_unit=True)
    assert not stopped.get("failed"), stopped
    assert site.host.agent_names() == []
    site.is_as_before("mixed")


def test_a_database_that_ends_meanwhile_is_named(site: Site) -> None:
    site.install()
    lines = (
        f"def ended(self, old=program['Protection'].let_rest):\n"
        f"    os.kill({site.observer.ns_pid}, 9)\n    old(self)\n"
        "program['Protection'].let_rest = ended"
    )
    stopped = site.program("stop", lines, protect_unit=True)
    assert (stopped["reason"], stopped["changed"]) == ("foreign_in_unit", True)
    assert stopped["msg"].startswith(f"observer (pid {site.observer.ns_pid})")
    assert f"of {UNIT} ended meanwhile" in stopped["msg"]
    assert site.host.agent_names() == []


def test_where_nothing_else_lives_nothing_is_written(site: Site) -> None:
    site.install()
    site.host.send(site.observer, signal.SIGKILL)
    stopped = site.stop()
    assert not stopped.get("failed"), stopped
    assert stopped["drop_ins"] == []
    assert not [text for _when, text in stopped["log"] if "daemon-reload" in text or NAME in text]


def test_info_names_the_database_and_what_a_stop_would_do(site: Site) -> None:
    site.install()
    for protect, stop in ((False, "a stop fails before it signals anybody: "), (True, "a stop leaves it alone, ")):
        answer = site.program("info", protect_unit=protect)
        assert [process["unit"] for process in answer["processes"]] == [UNIT] * 3
        assert [(unit["name"], unit["kill_mode"]) for unit in answer["units"]] == [(UNIT, "control-group")]
        (finding,) = answer["findings"]
        assert finding["kind"] == "foreign_in_unit"
        assert f"observer (pid {site.observer.ns_pid})" in finding["text"]
        assert finding["stop"].startswith(stop)
        assert answer["plan"]["reason"] == (None if protect else "foreign_in_unit")
        assert answer["ready"] is True
    assert f"protects the others in {UNIT} meanwhile" in answer["plan"]["text"]
    site.is_as_before()
    assert site.host.agent_names() == AGENT
