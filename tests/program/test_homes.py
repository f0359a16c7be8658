# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The agent is not where its home says: homes of links, moved, copied, mounted elsewhere, switched to another version.

A proved agent of the home is stopped. Another home's agent is left alone. If neither is proved, Prepare
says so, Finish fails, and no file in run/ that may belong to the process is removed.
"""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.program.sandbox import NOBODY, QUIET, Process, Sandbox, both_ways

PROGRAMS = ("ocp_agentctl", "ocp_agentd", "ocp_mgragent", "ocp_monagent")


def repository(sandbox: Sandbox, version: str = "4.2.1") -> Path:
    """A folder with a version's programs, as the deployer obd keeps it."""
    folder = sandbox.folder / f"admin/.obd/repository/obagent/{version}/0123456789abcdef"
    for name in PROGRAMS:
        sandbox.executable(folder / "bin" / name)
    return folder


def link_programs(home: Path, target: Path) -> Path:
    """Replace the programs of a home by links to those of a repository. Returns the home."""
    for name in PROGRAMS:
        path = home / "bin" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target / "bin" / name)
    (home / "run").mkdir(exist_ok=True)
    return home


def copied(sandbox: Sandbox, name: str) -> Path:
    """A separate home with real programs."""
    home = sandbox.folder / name
    for program in PROGRAMS:
        sandbox.executable(home / "bin" / program)
    (home / "run").mkdir()
    return home


def start(
    sandbox: Sandbox, home: Path, program: str = "ocp_agentd", *, recorded: bool = True, **options: Any
) -> Process:
    """Start a program of a home by its path there."""
    process = sandbox.agent(home / "bin" / program, **options)
    if recorded:
        record(home, program, process)
    return process


def record(home: Path, program: str, process: Process) -> None:
    """Write a pid file as the agent does."""
    (home / "run" / f"{program}.pid").write_text(f"{process.pid}\n")


def stopped(sandbox: Sandbox, python: Path, home: Path, *agents: Process, disk: Path | None = None) -> None:
    """Check that Prepare finds just these agents, Stop ends them, and Finish agrees and clears run/.

    disk: the home's place outside the sandbox, if it is mounted inside.
    """
    expected = sorted(agent.pid for agent in agents)
    prepared = sandbox.program(python, "prepare", home=str(home))
    assert not prepared.get("failed"), prepared
    assert (sorted(process["pid"] for process in prepared["processes"]), prepared["warnings"]) == (expected, [])
    answer = sandbox.program(python, "stop", home=str(home))
    assert not answer.get("failed"), answer
    assert sorted(process["pid"] for process in answer["processes"]) == expected
    assert not any(map(sandbox.lives, agents))
    finished = sandbox.program(python, "finish", home=str(home), settle=0)
    assert not finished.get("failed"), finished
    assert os.listdir((disk or home) / "run") == []


def left_alone_and_told(sandbox: Sandbox, python: Path, home: Path, agent: Process) -> None:
    """Check an agent without proof: nothing is signalled, removed or started beside it, Prepare says so, and Finish
    claims no success."""
    files = sorted(os.listdir(home / "run"))
    for phase in ("prepare", "stop"):
        answer = sandbox.program(python, phase, home=str(home))
        assert not answer.get("failed"), answer
        assert answer["processes"] == []
        assert f"(pid {agent.pid})" in " ".join(answer["warnings"])
    finished = sandbox.program(python, "finish", home=str(home), settle=0)
    assert finished["reason"] == "still_running"
    assert f"(pid {agent.pid})" in finished["msg"]
    for phase, more in (
        ("prepare", {"goal": "running"}),
        ("prepare", {"goal": "restarted"}),
        ("start", {}),
        ("finish", {"goal": "running", "settle": 0}),
    ):
        answer = sandbox.program(python, phase, home=str(home), **more)
        assert (answer.get("reason"), answer.get("changed")) == ("not_ready", False), answer
        assert f"(pid {agent.pid})" in answer["msg"]
    assert sandbox.lives(agent)
    assert sorted(os.listdir(home / "run")) == files


def is_a_stranger(sandbox: Sandbox, python: Path, home: Path, *agents: Process) -> None:
    """Check another home's agent: it is left alone, and does not keep Finish from success."""
    stopped(sandbox, python, home)
    assert all(map(sandbox.lives, agents))


# Links into a repository


@both_ways
def test_programs_that_are_links(sandbox: Sandbox, kind_of_python: Path) -> None:
    home = link_programs(sandbox.home, repository(sandbox))
    agents = [start(sandbox, home), start(sandbox, home, "ocp_mgragent"), start(sandbox, home, "ocp_monagent")]
    stopped(sandbox, kind_of_python, home, *agents)


@pytest.mark.parametrize("recorded", [True, False], ids=["with pid file", "without"])
def test_a_program_that_was_started_by_its_path_in_the_repository(
    sandbox: Sandbox, python: Path, recorded: bool
) -> None:
    target = repository(sandbox)
    home = link_programs(sandbox.home, target)
    agent = sandbox.agent(target / "bin/ocp_mgragent")
    if recorded:
        (home / "run/ocp_mgragent.pid").write_text(str(agent.pid))
    stopped(sandbox, python, home, agent)


@both_ways
def test_two_homes_of_links_into_one_repository(sandbox: Sandbox, python: Path) -> None:
    target = repository(sandbox)
    home, other = link_programs(sandbox.home, target), link_programs(sandbox.folder / "admin/other", target)
    agents = [start(sandbox, home), start(sandbox, home, "ocp_mgragent", recorded=False)]
    others = [start(sandbox, other), start(sandbox, other, "ocp_mgragent", recorded=False)]
    stopped(sandbox, python, home, *agents)
    assert all(map(sandbox.lives, others))
    (home / "run/ocp_agentd.pid").write_text(str(others[0].pid))  # the agent had this pid before
    is_a_stranger(sandbox, python, home, *others)
    stopped(sandbox, python, other, *others)


def test_two_homes_that_are_told_apart_by_the_configuration(sandbox: Sandbox, python: Path) -> None:
    """Started by one path, with a configuration each."""
    target = repository(sandbox)
    home, other = link_programs(sandbox.home, target), link_programs(sandbox.folder / "admin/other", target)
    pids = []
    for folder, option in ((home, "--config={}"), (other, "{}")):
        script = ': > "$1"; read dummy < "$0"'
        ready = sandbox.file()
        argument = option.format(folder / "conf/agentd.yaml")
        pids.append(sandbox.spawn(target / "bin/ocp_agentd", "-c", script, sandbox.fifo, ready, argument))
        sandbox.until(ready.exists, "it is not ready")
    stopped(sandbox, python, home, pids[0])
    assert sandbox.lives(pids[1])


def test_a_program_of_one_home_with_the_configuration_of_another(sandbox: Sandbox, python: Path) -> None:
    """Its run/ is the configuration's: that is where its control program looks for it."""
    other = copied(sandbox, "admin/other")
    ready = sandbox.file()
    script = ': > "$1"; read dummy < "$0"'
    agent = sandbox.spawn(
        sandbox.home / "bin/ocp_agentd", "-c", script, sandbox.fifo, ready, other / "conf/agentd.yaml"
    )
    sandbox.until(ready.exists, "it is not ready")
    record(other, "ocp_agentd", agent)
    is_a_stranger(sandbox, python, sandbox.home, agent)
    stopped(sandbox, python, other, agent)


def test_a_home_of_links_to_another_home(sandbox: Sandbox, python: Path) -> None:
    other = link_programs(sandbox.folder / "admin/other", sandbox.home)
    others = [start(sandbox, other), start(sandbox, other, "ocp_mgragent", recorded=False)]
    is_a_stranger(sandbox, python, sandbox.home, *others)
    agent = start(sandbox, sandbox.home)
    stopped(sandbox, python, other, *others)
    assert sandbox.lives(agent)


def test_a_child_says_by_its_directory_where_it_is_at_home(sandbox: Sandbox, python: Path) -> None:
    target = repository(sandbox)
    home, other = link_programs(sandbox.home, target), link_programs(sandbox.folder / "admin/other", target)
    children = []
    for folder in (home, other):
        ready = sandbox.file()
        command = ("ocp_mgragent", "-c", QUIET, "x", sandbox.fifo, ready)
        children.append(sandbox.spawn(*command, executable=target / "bin/ocp_mgragent", cwd=folder))
        sandbox.until(ready.exists, "it is not ready")
    stopped(sandbox, python, home, children[0])
    assert sandbox.lives(children[1])


@pytest.mark.parametrize("deleted", [False, True], ids=["kept", "deleted"])
def test_links_that_lead_to_another_version_since(sandbox: Sandbox, python: Path, deleted: bool) -> None:
    """The running version still belongs to the home, by its pid file and its arguments."""
    old = repository(sandbox)
    home = link_programs(sandbox.home, old)
    agents = [start(sandbox, home), start(sandbox, home, "ocp_mgragent")]
    link_programs(home, repository(sandbox, "4.2.2"))
    if deleted:
        shutil.rmtree(old)
    stopped(sandbox, python, home, *agents)


def test_another_version_without_a_pid_file_is_not_proved(sandbox: Sandbox, python: Path) -> None:
    home = link_programs(sandbox.home, repository(sandbox))
    agent = start(sandbox, home, "ocp_mgragent", recorded=False)
    link_programs(home, repository(sandbox, "4.2.2"))
    left_alone_and_told(sandbox, python, home, agent)


@pytest.mark.parametrize("proof", ["writable by others", "of another user", "a link", "of another program"])
def test_a_pid_file_that_proves_nothing(sandbox: Sandbox, newest: Path, proof: str) -> None:
    home = link_programs(sandbox.home, repository(sandbox))
    agent = start(sandbox, home)
    path = home / "run/ocp_agentd.pid"
    link_programs(home, repository(sandbox, "4.2.2"))
    if proof == "writable by others":
        path.chmod(0o666)
    elif proof == "of another user":
        os.chown(path, 1234, 1234)
    elif proof == "a link":
        shutil.move(path, sandbox.folder / "elsewhere")
        path.symlink_to(sandbox.folder / "elsewhere")
    else:
        path.rename(home / "run/ocp_monagent.pid")
    if proof in ("a link", "of another program"):
        for name in os.listdir(home / "run"):
            (home / "run" / name).unlink()
    left_alone_and_told(sandbox, newest, home, agent)


def test_what_a_user_calls_so_who_may_run_no_agent(sandbox: Sandbox, newest: Path) -> None:
    """Anybody can start a program with that name and such arguments. It must not keep an operator from success."""
    home = link_programs(sandbox.home, repository(sandbox))
    fake = sandbox.executable(sandbox.folder / "tmp/ocp_agentd")
    options = {"executable": fake, "stdin": sandbox.fifo, "uid": NOBODY}
    pretender = sandbox.spawn(home / "bin/ocp_agentd", "-c", "read x", home / "conf/agentd.yaml", **options)
    is_a_stranger(sandbox, newest, home, pretender)


def test_what_was_left_of_a_home_of_links(sandbox: Sandbox, python: Path) -> None:
    home = link_programs(sandbox.home, repository(sandbox))
    agent = start(sandbox, home)
    shutil.rmtree(home / "bin")
    answer = sandbox.program(python, "stop")
    assert [process["pid"] for process in answer["processes"]] == [agent.pid]


def test_a_script_that_is_a_link(sandbox: Sandbox, python: Path) -> None:
    script = sandbox.folder / "admin/.obd/ocp_exporter.py"
    script.parent.mkdir()
    script.write_text(f"#!/bin/sh\n: > {script}.ready\nread x < {sandbox.fifo}\n")
    script.chmod(0o755)
    path = sandbox.home / "agent/ocp_exporter.py"
    path.parent.mkdir()
    path.symlink_to(script)
    agent = sandbox.spawn(path)
    sandbox.until(Path(f"{script}.ready").exists, "it does not run")
    stopped(sandbox, python, sandbox.home, agent)


def test_what_the_daemon_has_started_from_another_place(sandbox: Sandbox, python: Path) -> None:
    """agentd.yaml may name any program for a service."""
    program = sandbox.executable(sandbox.folder / "usr/lib/ocp/ocp_mgragent")
    ready = sandbox.file()
    script = f'trap "exit 0" TERM; {program} -c \'{QUIET}\' x {sandbox.fifo} {ready} & wait; exit 0'
    daemon = sandbox.spawn(sandbox.home / "bin/ocp_agentd", "-c", script)
    sandbox.until(ready.exists, "the child does not run")
    (child,) = sandbox.running(program)
    stopped(sandbox, python, sandbox.home, daemon, child)


# A version behind a link


def versions(sandbox: Sandbox) -> tuple[Path, Path, Path]:
    """The homes of two versions, and a link to the first."""
    old, new = copied(sandbox, "opt/agent/1"), copied(sandbox, "opt/agent/2")
    current = sandbox.folder / "opt/agent/current"
    current.symlink_to(old)
    return old, new, current


def switch(current: Path, version: Path) -> None:
    current.unlink()
    current.symlink_to(version)


@pytest.mark.parametrize("recorded", [True, False], ids=["with pid file", "without"])
def test_the_version_that_runs_is_behind_the_link_no_more(sandbox: Sandbox, python: Path, recorded: bool) -> None:
    """Its pid file is in the old version's run/, so only its arguments lead to the home."""
    old, new, current = versions(sandbox)
    agent = start(sandbox, current, recorded=recorded)
    switch(current, new)
    left_alone_and_told(sandbox, python, current, agent)
    stopped(sandbox, python, old, agent)


def test_versions_that_share_their_run(sandbox: Sandbox, python: Path) -> None:
    old, new, current = versions(sandbox)
    shared = sandbox.folder / "opt/agent/run"
    shared.mkdir()
    for version in (old, new):
        (version / "run").rmdir()
        (version / "run").symlink_to(shared)
    agents = [start(sandbox, current), start(sandbox, old, "ocp_mgragent")]
    switch(current, new)
    stopped(sandbox, python, current, *agents)


# Mounts


@both_ways
def test_a_home_that_is_mounted_elsewhere_as_well(sandbox: Sandbox, python: Path) -> None:
    home, mounted = sandbox.home, sandbox.folder / "srv/agent"
    mounted.mkdir(parents=True)
    agents = [start(sandbox, home)]
    sandbox.do("mount", "--bind", home, mounted)
    agents.append(start(sandbox, mounted, "ocp_mgragent", recorded=False))
    stopped(sandbox, python, mounted, *agents, disk=home)
    stopped(sandbox, python, home, start(sandbox, mounted, recorded=False))


@both_ways
@pytest.mark.parametrize("deleted", [False, True], ids=["kept", "deleted"])
def test_a_home_that_was_unmounted_lazily_and_mounted_again(sandbox: Sandbox, python: Path, deleted: bool) -> None:
    """The kernel shows /bin/ocp_agentd, and / as the directory of a child that works in the home."""
    home, disk = sandbox.home, copied(sandbox, "disk")
    sandbox.do("mount", "--bind", disk, home)
    agents = [
        start(sandbox, home, recorded=False),
        start(sandbox, home, "ocp_mgragent", recorded=False, cwd=home),
    ]
    for agent, name in zip(agents, ("ocp_agentd", "ocp_mgragent"), strict=True):
        record(disk, name, agent)
        if deleted:
            (disk / "bin" / name).unlink()
            sandbox.executable(disk / "bin" / name)
    sandbox.do("umount", "--lazy", home)
    sandbox.do("mount", "--bind", disk, home)
    stopped(sandbox, python, home, *agents, disk=disk)


def test_a_relative_path_in_a_file_system_that_was_unmounted_lazily(sandbox: Sandbox, python: Path) -> None:
    home, disk = sandbox.home, copied(sandbox, "disk")
    sandbox.do("mount", "--bind", disk, home)
    ready = sandbox.file()
    command = ("bin/ocp_agentd", "-c", QUIET, "x", sandbox.fifo, ready)
    agent = sandbox.spawn(*command, executable=home / "bin/ocp_agentd", cwd=home)
    sandbox.until(ready.exists, "it is not ready")
    record(disk, "ocp_agentd", agent)
    for name in ("ocp_agentd", "ocp_mgragent"):
        (disk / "bin" / name).unlink()
        sandbox.executable(disk / "bin" / name)
    sandbox.do("umount", "--lazy", home)
    sandbox.do("mount", "--bind", disk, home)
    stopped(sandbox, python, home, agent, disk=disk)


@pytest.mark.parametrize("recorded", [True, False], ids=["with pid file", "without"])
def test_a_home_that_another_disk_was_mounted_at(sandbox: Sandbox, python: Path, recorded: bool) -> None:
    """The other disk has a copy of the home, made while the agent ran."""
    home, old, new = sandbox.home, copied(sandbox, "old"), copied(sandbox, "new")
    sandbox.do("mount", "--bind", old, home)
    agent = start(sandbox, home, recorded=False)
    record(old, "ocp_agentd", agent)
    if recorded:
        record(new, "ocp_agentd", agent)
    sandbox.do("umount", "--lazy", home)
    sandbox.do("mount", "--bind", new, home)
    if recorded:
        stopped(sandbox, python, home, agent, disk=new)
    else:
        left_alone_and_told(sandbox, python, home, agent)


# Moved and copied


def test_a_home_that_was_moved(sandbox: Sandbox, python: Path) -> None:
    agents = [start(sandbox, sandbox.home), start(sandbox, sandbox.home, "ocp_mgragent")]
    moved = sandbox.home.rename(sandbox.folder / "admin/moved")
    stopped(sandbox, python, moved, *agents)


def test_a_home_that_was_moved_and_installed_anew_at_its_place(sandbox: Sandbox, python: Path) -> None:
    agent = start(sandbox, sandbox.home)
    moved = sandbox.home.rename(sandbox.folder / "admin/backup")
    link_programs(sandbox.home, repository(sandbox))
    left_alone_and_told(sandbox, python, sandbox.home, agent)
    stopped(sandbox, python, moved, agent)


@pytest.mark.parametrize("link", [None, os.link], ids=["copied", "hard links"])
@both_ways
def test_the_agent_of_a_home_that_was_copied_is_not_the_copy_s(sandbox: Sandbox, python: Path, link: Any) -> None:
    agents = [start(sandbox, sandbox.home), start(sandbox, sandbox.home, "ocp_mgragent", recorded=False)]
    copy = sandbox.folder / "admin/copy"
    shutil.copytree(sandbox.home, copy, copy_function=link or shutil.copy2)
    (copy / "run/ocp_mgragent.pid").write_text(str(agents[1].pid))
    is_a_stranger(sandbox, python, copy, *agents)
    (sandbox.home / "run/ocp_agentd.pid").write_text(str(agents[0].pid))
    stopped(sandbox, python, sandbox.home, *agents)


def test_a_copy_whose_original_is_gone(sandbox: Sandbox, python: Path) -> None:
    """Its pid file came with the copy, and nothing else shows its home."""
    agent = start(sandbox, sandbox.home)
    copy = sandbox.folder / "admin/copy"
    shutil.copytree(sandbox.home, copy)
    shutil.rmtree(sandbox.home)
    left_alone_and_told(sandbox, python, copy, agent)


def test_a_message_names_what_runs_when_nothing_is_installed_any_more(sandbox: Sandbox, python: Path) -> None:
    start(sandbox, sandbox.home)
    sandbox.home.rename(sandbox.folder / "admin/moved")
    assert sandbox.program(python, "stop")["reason"] == "not_installed"


def test_an_orphan_of_another_version_goes_with_its_daemon_s_files(sandbox: Sandbox, python: Path) -> None:
    """A killed daemon leaves the pid files of its children behind."""
    home = link_programs(sandbox.home, repository(sandbox))
    daemon, child = start(sandbox, home), start(sandbox, home, "ocp_monagent")
    link_programs(home, repository(sandbox, "4.2.2"))
    sandbox.kill(daemon.pid, signal.SIGKILL)
    sandbox.wait(daemon.pid)
    stopped(sandbox, python, home, child)
