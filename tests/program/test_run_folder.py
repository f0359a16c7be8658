# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The agent's run/ may contain anything, left by anyone."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.program.sandbox import Sandbox
from tests.program.starting import AGENT

ARABIC_12 = "\u0661\u0662"


def junk(sandbox: Sandbox) -> list[str]:
    """Things that no agent program creates, under every name that one could look for. Returns their names."""
    folder = sandbox.run_folder
    os.mkfifo(folder / "ocp_agentd.pid")
    (folder / "ocp_mgragent.pid").symlink_to("/etc/passwd")
    (folder / "ocp_monagent.pid").mkdir()
    (folder / "ob_agentd.pid").symlink_to("ob_agentd.pid")
    os.mkfifo(folder / "ocp_agentd.12.sock")
    (folder / "ocp_mgragent.12.sock").write_text("a file, no socket")
    for name in [
        "ocp_agentd.pid.bak",
        "ocp_agentd.0.pid",
        "ocp_agentd.-1.pid",
        "ocp_agentd.+5.pid",
        "ocp_agentd.1_0.pid",
        f"ocp_agentd.{ARABIC_12}.pid",
        "ocp_agentd.12.pid.1",
        "ocp_agentd..pid",
        ".ocp_agentd.pid",
        "ocp_agentd.sock",
        "ocp_agentctl.pid",
        "observer.pid",
        "obproxy.12.sock",
        "ocp_agentd.x.pid",
        "OCP_AGENTD.pid",
        "ocp_agentd.12345678901.pid",
        "ocp_agentd",
        "pid",
        "caf\u00e9.pid",
        "ocp_agentd.\u00e9.pid",
        "ocp_agentd\n.pid",
    ]:
        (folder / name).write_text("1")
    with open(os.fsencode(folder) + b"/ocp_agentd.\xff.pid", "wb"):
        pass
    return sorted(os.listdir(folder))


def agent_files(sandbox: Sandbox) -> list[str]:
    """Files that the agent's programs do create, with implausible contents. Returns their names."""
    contents = {
        "pos_proxy.pid": "",
        "node_exporter.pid": "0",
        "ocp_exporter.pid": "-1\n",
        "ob_mgragent.pid": "+5",
        "ob_monagent.pid": "1_0",
        "ocp_agentd.7.pid": ARABIC_12,
        "ocp_mgragent.7.pid": "1",
        "ocp_monagent.7.pid": "\0" * 20,
    }
    for name, content in contents.items():
        (sandbox.run_folder / name).write_text(content)
    with (sandbox.run_folder / "pos_proxy.7.pid").open("wb") as huge:
        huge.truncate(100 * 2**20)
    for name in ("ocp_agentd.7.sock", "ob_agentd.7.sock"):
        here = os.getcwd()
        os.chdir(sandbox.run_folder)  # the whole path is too long for a socket
        try:
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(name)
        finally:
            os.chdir(here)
    return sorted([*contents, "pos_proxy.7.pid", "ocp_agentd.7.sock", "ob_agentd.7.sock"])


def test_junk_is_survived_and_left_where_it_is(sandbox: Sandbox, kind_of_python: Path) -> None:
    left = junk(sandbox)
    ours = agent_files(sandbox)
    interpreter = sandbox.executable(sandbox.folder / "usr/bin/python2.7")
    titled = sandbox.spawn("pos_proxy", executable=interpreter, stdin=sandbox.fifo)  # makes the program read every file
    (sandbox.run_folder / "pos_proxy.pid").write_text(str(titled.pid))
    agent = sandbox.agent("ocp_agentd")

    assert len(sandbox.program(kind_of_python, "prepare")["processes"]) == 2
    stopped = sandbox.program(kind_of_python, "stop")
    assert [process["pid"] for process in stopped["processes"]] == [agent.pid, titled.pid]
    assert sorted(os.listdir(sandbox.run_folder)) == sorted([*left, *ours])
    finished = sandbox.program(kind_of_python, "finish", settle=0)
    assert (finished["removed"], finished["warnings"]) == (ours, [])
    assert sorted(os.listdir(sandbox.run_folder)) == left
    assert os.path.exists("/etc/passwd")
    assert sandbox.program(kind_of_python, "finish", settle=0)["changed"] is False
    assert sorted(os.listdir(sandbox.run_folder)) == left


def test_no_run_folder(sandbox: Sandbox, python: Path) -> None:
    sandbox.run_folder.rmdir()
    agent = sandbox.agent("ocp_agentd")
    assert sandbox.program(python, "stop")["changed"]
    assert not sandbox.lives(agent)
    assert sandbox.program(python, "finish", settle=0)["changed"] is False
    assert not sandbox.run_folder.exists()


def test_run_is_a_file(sandbox: Sandbox, python: Path) -> None:
    sandbox.run_folder.rmdir()
    sandbox.run_folder.write_text("")
    agent = sandbox.agent("ocp_agentd")
    assert sandbox.program(python, "stop")["changed"]
    assert not sandbox.lives(agent)
    assert sandbox.program(python, "finish", settle=0)["changed"] is False


def read_only(sandbox: Sandbox) -> None:
    sandbox.do("mount", "--bind", sandbox.run_folder, sandbox.run_folder)
    sandbox.do("mount", "-o", "remount,bind,ro", sandbox.run_folder)


def test_a_read_only_file_system_does_not_keep_an_agent_from_being_stopped(sandbox: Sandbox, python: Path) -> None:
    agent = sandbox.agent("ocp_agentd")
    read_only(sandbox)
    answer = sandbox.program(python, "stop")
    assert answer["changed"]
    assert "Read-only file system" in answer["warnings"][0]
    assert not sandbox.lives(agent)
    assert sandbox.program(python, "finish", settle=0)["changed"] is False


def test_nor_with_a_stale_lock_on_it(sandbox: Sandbox, python: Path) -> None:
    agent = sandbox.agent("ocp_agentd")
    (sandbox.run_folder / "admin.lock").write_text('{"pid":999999,"exe":"/gone"}')
    read_only(sandbox)
    answer = sandbox.program(python, "stop")
    assert answer["changed"]
    assert "Read-only file system" in answer["warnings"][0]
    assert not sandbox.lives(agent)


def test_stale_files_on_a_read_only_file_system_are_told(sandbox: Sandbox, python: Path) -> None:
    (sandbox.run_folder / "ocp_agentd.pid").write_text("4711")
    read_only(sandbox)
    answer = sandbox.program(python, "finish", settle=0)
    told = " ".join([*answer["warnings"], answer.get("msg", "")])
    assert "Read-only file system" in told
    assert answer.get("removed", []) == []


def test_a_full_disk_does_not_keep_an_agent_from_being_stopped(sandbox: Sandbox, python: Path) -> None:
    agent = sandbox.agent("ocp_agentd")
    sandbox.do("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", sandbox.run_folder)
    sandbox.do("sh", "-c", f"head -c 4096 /dev/zero > {sandbox.run_folder}/full")
    answer = sandbox.program(python, "stop")
    assert answer["changed"]
    assert "No space left" in answer["warnings"][0]
    assert not sandbox.lives(agent)
    sandbox.do("test", "!", "-e", sandbox.run_folder / "admin.lock")


LISTENS = """\
import os, socket, sys, time
os.chdir(sys.argv[1])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[2])
listener.listen(1)
time.sleep(600)
"""


def test_the_socket_of_a_process_that_no_table_shows_is_kept(sandbox: Sandbox, python: Path) -> None:
    """An agent runs in a container that shares the home. Its pids mean nothing here, and its network is another."""
    name = "ocp_agentd.7.sock"
    code = ("unshare", "--pid", "--fork", "--kill-child", "--net", sys.executable, "-c", LISTENS)
    sandbox.spawn(*code, sandbox.run_folder, name)
    socket_file = sandbox.run_folder / name
    sandbox.until(socket_file.exists, "nobody listens")
    time.sleep(0.2)
    (sandbox.run_folder / "ocp_agentd.pid").write_text("7")
    assert str(socket_file) in " ".join(sandbox.program(python, "prepare")["warnings"])
    for request in ({}, {"check_mode": True}):
        answer = sandbox.program(python, "finish", settle=0, **request)
        assert answer["reason"] == "still_running"
        assert str(socket_file) in answer["msg"]
    assert sorted(os.listdir(sandbox.run_folder)) == ["ocp_agentd.7.sock", "ocp_agentd.pid"]


def test_a_stranger_owns_no_pid_file(sandbox: Sandbox, python: Path) -> None:
    """The agent had the stranger's pid before."""
    stranger = sandbox.spawn("sleep", "600")
    for name in ("ocp_agentd.pid", "ocp_mgragent.pid", f"ocp_monagent.{stranger.pid}.pid"):
        (sandbox.run_folder / name).write_text(str(stranger.pid))
    assert len(sandbox.program(python, "finish", settle=0)["removed"]) == 3
    assert os.listdir(sandbox.run_folder) == []
    assert sandbox.lives(stranger)


def configured(sandbox: Sandbox, run_dir: str, before: str = "") -> None:
    """Write an agentd.yaml with the places of the agent's files, as obagent has them for itself and each service."""
    (sandbox.home / "conf").mkdir()
    (sandbox.home / "conf" / "agentd.yaml").write_text(
        f"{before}runDir: {run_dir}\nlogDir: ${{obagent.home.path}}/log\n"
        "services:\n  ocp_mgragent:\n    runDir: /nowhere\n"
    )


def test_files_elsewhere_are_removed(sandbox: Sandbox, kind_of_python: Path) -> None:
    folder = sandbox.folder / "elsewhere"
    folder.mkdir()
    configured(sandbox, f"'{folder}'  # on a disk of its own")
    (folder / "ocp_agentd.pid").write_text("4194305")
    (sandbox.run_folder / "ocp_agentd.pid").write_text("4194305")
    answer = sandbox.program(kind_of_python, "finish", settle=0)
    assert answer["removed"] == ["ocp_agentd.pid"]
    assert os.listdir(folder) == []
    assert os.listdir(sandbox.run_folder) == ["ocp_agentd.pid"], "the agent does not look there"


def test_a_lock_elsewhere_counts(sandbox: Sandbox, python: Path) -> None:
    configured(sandbox, "${ocp.agent.home.path}/var/run", before="# the agent's own\n")
    folder = sandbox.home / "var/run"
    folder.mkdir(parents=True)
    control = sandbox.agent("ocp_agentctl")
    owner = {"pid": control.pid, "exe": str(sandbox.home / "bin/ocp_agentctl")}
    (folder / "admin.lock").write_text(json.dumps(owner))
    assert sandbox.program(python, "prepare", timeout=2)["reason"] == "locked"


def test_a_file_elsewhere_is_looked_for_at_its_service(sandbox: Sandbox, newest: Path) -> None:
    """Each child may have a folder of its own for pid file and socket. Other programs' files there are not ours."""
    mine, others = sandbox.folder / "manager", sandbox.folder / "others"
    services = f"services:\n  ocp_mgragent:\n    runDir: '{mine}'  # its own\n  ocp_monagent:\n    args: [a, b]\n"
    write(sandbox, "agentd.yaml", f"{services}runDir: {others}\n")
    for folder in (mine, others):
        folder.mkdir()
        for name in AGENT:
            (folder / f"{name}.pid").write_text("4194305")
    answer = sandbox.program(newest, "finish", settle=0)
    assert sorted(answer["removed"]) == sorted([f"{name}.pid" for name in AGENT] + [f"{mine}/ocp_mgragent.pid"])
    assert os.listdir(others) == []
    assert sorted(os.listdir(mine)) == ["ocp_agentd.pid", "ocp_monagent.pid"]


@pytest.mark.parametrize("conf", ["conf", "etc/agent"])
def test_a_lock_is_where_the_control_program_has_it(sandbox: Sandbox, newest: Path, conf: str) -> None:
    """It reads agentctl.yaml, which also says where the daemon's configuration is."""
    write(sandbox, "agentctl.yaml", f"runDir: {sandbox.folder}/locks\nconfDir: ${{obagent.home.path}}/{conf}\n")
    (sandbox.home / conf).mkdir(parents=True, exist_ok=True)
    (sandbox.home / conf / "agentd.yaml").write_text(f"---\nrunDir: {sandbox.folder}/pids\n")
    for name in ("locks", "pids"):
        (sandbox.folder / name).mkdir()
    agent = sandbox.agent("ocp_agentd")
    (sandbox.folder / "pids/ocp_agentd.pid").write_text("4194305")
    control = sandbox.agent("ocp_agentctl")
    lock = sandbox.folder / "locks/admin.lock"
    lock.write_text(json.dumps({"pid": control.pid, "exe": str(sandbox.home / "bin/ocp_agentctl")}))
    assert sandbox.program(newest, "stop", timeout=4)["reason"] == "locked"
    assert sandbox.lives(agent)
    sandbox.kill(control.pid, signal.SIGKILL)
    sandbox.until(lambda: not sandbox.lives(control), "it lives")
    assert sandbox.program(newest, "stop")["changed"]
    assert sorted(sandbox.program(newest, "finish", settle=0)["removed"]) == ["ocp_agentd.pid"]


def test_what_names_no_folder_leaves_it_at_run(sandbox: Sandbox, python: Path) -> None:
    configured(sandbox, "")
    (sandbox.run_folder / "ocp_agentd.pid").write_text("4194305")
    assert sandbox.program(python, "finish", settle=0)["removed"] == ["ocp_agentd.pid"]


@pytest.mark.parametrize("run_dir", ["relative/run", "${unknown}/run", "|", "*alias", "/x\nrunDir: /y"])
def test_a_folder_that_cannot_be_told_is_refused(sandbox: Sandbox, newest: Path, run_dir: str) -> None:
    refused(sandbox, newest, lambda: configured(sandbox, run_dir), "conf/agentd.yaml: ")


@pytest.mark.parametrize("name", ["agentd.yaml", "agentctl.yaml"])
@pytest.mark.parametrize("text", ["{runDir: /x}", "\x00", "a: b\n\tc: d", "<<: *all\n", "a: 'b\nrunDir: /x'\n"])
def test_a_configuration_that_cannot_be_read_is_refused(sandbox: Sandbox, newest: Path, name: str, text: str) -> None:
    refused(sandbox, newest, lambda: write(sandbox, name, text), f"conf/{name}: line ")


def refused(sandbox: Sandbox, python: Path, write_it: Callable[[], None], where: str) -> None:
    agent = sandbox.agent("ocp_agentd")
    (sandbox.run_folder / "ocp_mgragent.pid").write_text("4194305")
    write_it()
    for phase in ("prepare", "stop", "start", "finish"):
        answer = sandbox.program(python, phase, settle=0)
        assert (answer["failed"], answer["reason"], answer["changed"]) == (True, "configuration", False), answer
        assert where in answer["msg"]
    assert sandbox.lives(agent)
    assert os.listdir(sandbox.run_folder) == ["ocp_mgragent.pid"]


def write(sandbox: Sandbox, name: str, text: str) -> None:
    (sandbox.home / "conf").mkdir(exist_ok=True)
    (sandbox.home / "conf" / name).write_text(text)
