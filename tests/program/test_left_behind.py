# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A start after a crash: what was left keeps the daemon, or a child of it for good, from starting."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.program.sandbox import DEAF, Sandbox, both_ways
from tests.program.starting import (
    AGENT,
    OK,
    START,
    TIMEOUT,
    assert_failed,
    calls,
    control_program,
    programs,
    running,
    silence,
)


def crash(sandbox: Sandbox, python: Path) -> dict[str, list[Any]]:
    """Start the agent and kill its daemon. Returns the orphans."""
    assert programs(sandbox.program(python, "start")) == AGENT
    silence(sandbox)
    (daemon,) = running(sandbox)["ocp_agentd"]
    sandbox.kill(daemon.pid, signal.SIGKILL)
    sandbox.until(lambda: "ocp_agentd" not in running(sandbox), "it lives")
    return running(sandbox)


@both_ways
def test_orphans_are_ended_first(sandbox: Sandbox, kind_of_python: Path) -> None:
    control_program(sandbox, START, OK)
    orphans = crash(sandbox, kind_of_python)
    assert sorted(orphans) == ["ocp_mgragent", "ocp_monagent"]
    answer = sandbox.program(kind_of_python, "start")
    assert (answer.get("failed"), programs(answer), answer["changed"]) == (None, AGENT, True), answer
    assert {name: len(there) for name, there in running(sandbox).items()} == dict.fromkeys(AGENT, 1)
    assert not any(sandbox.lives(process) for found in orphans.values() for process in found)
    texts = [text for dummy, text in answer["log"]]
    assert f"SIGTERM to ocp_monagent (pid {orphans['ocp_monagent'][0].pid})" in texts
    assert any(text.startswith("removed ") for text in texts)


def test_check_mode_says_what_would_be_ended_and_removed(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    orphans = crash(sandbox, python)
    (sandbox.run_folder / "admin.lock").write_text('{"pid":4711,"exe":"/gone"}')
    before = sorted(os.listdir(sandbox.run_folder))
    answer = sandbox.program(python, "start", check_mode=True)
    texts = [text for dummy, text in answer["log"]]
    for name in ("ocp_mgragent", "ocp_monagent"):
        assert f"would end {name} (pid {orphans[name][0].pid}), which its daemon has left" in texts
    assert "would remove ocp_agentd.pid" in texts
    assert "would remove admin.lock" in texts
    assert (running(sandbox), sorted(os.listdir(sandbox.run_folder)), len(calls(sandbox))) == (orphans, before, 1)


def test_an_orphan_that_ignores_sigterm(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    orphan = sandbox.agent("ocp_monagent", DEAF)
    (sandbox.run_folder / "ocp_monagent.pid").write_text(f"{orphan.pid}\n")
    sandbox.until((sandbox.run_folder / f"ocp_monagent.{orphan.pid}.sock").exists, "nobody answers for it")
    silence(sandbox)
    answer = sandbox.program(python, "start", grace=1)
    assert programs(answer) == AGENT, answer
    assert not sandbox.lives(orphan)


FILES = ["ocp_agentd.pid", "ocp_mgragent.pid", "ocp_monagent.pid"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", ["", "STRANGER", "OTHER DAEMON", "DEAD", "4711 x", "\udcff"], ids=ascii)
def test_a_pid_file_that_is_left(sandbox: Sandbox, newest: Path, name: str, content: str) -> None:
    control_program(sandbox, START, OK)
    stranger = sandbox.agent(sandbox.executable(sandbox.folder / "observer"))
    other = sandbox.agent(sandbox.executable(sandbox.folder / "other/bin/ocp_agentd"))
    told = {"STRANGER": f"{stranger.pid}\n", "OTHER DAEMON": str(other.pid), "DEAD": "4711\n"}
    (sandbox.run_folder / name).write_text(told.get(content, content), errors="surrogateescape")
    answer = sandbox.program(newest, "start")
    assert (answer.get("failed"), programs(answer)) == (None, AGENT), answer
    assert sandbox.lives(stranger)
    assert sandbox.lives(other)


@pytest.mark.parametrize("content", ['{"pid":4711,"exe":"/gone"}', "{", ""])
def test_a_lock_that_is_left(sandbox: Sandbox, python: Path, content: str) -> None:
    """The control program removes one that it cannot read, and fails."""
    control_program(sandbox, '[ ! -e "$home/run/admin.lock" ] || { rm "$home/run/admin.lock"; exit 255; }', START, OK)
    lock = sandbox.run_folder / "admin.lock"
    lock.write_text(content)
    os.utime(lock, (0, 0))
    assert programs(sandbox.program(python, "start")) == AGENT


def test_files_that_are_none_of_the_agents_stay(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    (sandbox.run_folder / "observer.pid").write_text("4711")
    (sandbox.run_folder / "ocp_agentd.pid").write_text("4711")
    assert programs(sandbox.program(python, "start")) == AGENT
    assert (sandbox.run_folder / "observer.pid").exists()


def test_nothing_of_a_running_agent_is_touched(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    sandbox.program(python, "start")
    (sandbox.run_folder / "ocp_mgragent.9999.pid").write_text("9999")
    before = running(sandbox)
    answer = sandbox.program(python, "start")
    assert (answer["changed"], running(sandbox)) == (False, before)
    assert (sandbox.run_folder / "ocp_mgragent.9999.pid").exists()


def test_an_orphan_that_is_revived_keeps_the_start_from_being_tried(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    program = sandbox.home / "bin/ocp_monagent"
    revives = 'while :; do "$2" -c "$3" "$2" "$1"; done'
    sandbox.spawn("/bin/sh", "-c", revives, "sh", sandbox.fifo, program, 'read dummy < "$1"')
    sandbox.until(lambda: running(sandbox).get("ocp_monagent"), "it does not run")
    answer = sandbox.program(python, "start", grace=1, timeout=30)
    assert (answer["failed"], answer["changed"], "ran_as" in answer) == (True, True, False)
    if answer["reason"] == "not_ready":  # on a busy machine the look after the stop may come before its return
        assert "ocp_monagent (pid " in answer["msg"]
        assert "runs besides" in answer["msg"]
        return
    assert answer["reason"] == "revived"
    assert "the agent was not started" in answer["msg"]
    assert calls(sandbox) == []


# What the agent's own log names as the cause

ERROR = '{time} ERROR [7,] caller=web/http_server.go:Run: create tcp listener on address "[::]:62889" failed: in use'


def say(name: str, text: str) -> str:
    return f"""mkdir -p "$home/log"; printf '%b\\n' '{text}' >> "$home/log/{name}" """


def test_the_cause_is_in_the_message(sandbox: Sandbox, python: Path) -> None:
    told = ERROR.format(time="2026-11-28T02:00:01.5+08:00")
    control_program(
        sandbox,
        START,
        say("monagent.log", told + "\\033[31m"),
        say("monagent.log", "2026-11-28T02:00:02+08:00 INFO [7,] caller=x: goes on"),
        TIMEOUT,
    )
    (sandbox.home / "conf/ocp_monagent.socket").write_text("none")
    (sandbox.home / "log").mkdir()
    (sandbox.home / "log/monagent.log").write_text("an old ERROR\n" * 100000)
    answer = sandbox.program(python, "start")
    assert_failed(answer, "not_ready")
    assert f"log/monagent.log says: {told}?[31m; look into" in answer["msg"]
    assert "old" not in answer["msg"]


def test_a_warning_does_not_hide_the_cause_and_a_second_run_names_it_too(sandbox: Sandbox, python: Path) -> None:
    """A child that lives on without its port goes on warning about other things."""
    log = '"$home/log/monagent.log"'
    pid = '[$(cat "$home/run/ocp_monagent.pid"),]'
    control_program(
        sandbox,
        START,
        f'mkdir "$home/log"; echo "ERROR [7,] caller=x: an older process" >> {log}',
        f"echo ERROR {pid} caller=web/http_server.go:Run: bind: address already in use >> {log}",
        f"echo WARN {pid} caller=host/custom.go:get: ethtool failed 'error=\"none\"' >> {log}",
        TIMEOUT,
    )
    (sandbox.home / "conf/ocp_monagent.socket").write_text("none")
    for changed in (True, False):
        answer = sandbox.program(python, "start")
        assert_failed(answer, "not_ready")
        assert answer["changed"] == changed
        assert "log/monagent.log says: ERROR [" in answer["msg"]
        assert "bind: address already in use; look into" in answer["msg"]
        with open(sandbox.home / "log/monagent.log", "a") as stream:
            stream.write("ERROR [7,] caller=x: an older process\n")


def test_the_cause_of_a_daemon_that_does_not_start(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, say("agentd.log", "start agentd failed: open run: file exists" + "!" * 9000), TIMEOUT)
    answer = sandbox.program(python, "start")
    assert_failed(answer, "control_failed")
    assert "log/agentd.log says: start agentd failed: open run: file exists!" in answer["msg"]
    assert len(answer["msg"]) < 1500


@pytest.mark.parametrize("kind", ["link", "fifo", "folder"])
def test_a_log_that_is_no_file(sandbox: Sandbox, newest: Path, kind: str) -> None:
    control_program(sandbox, TIMEOUT)
    path = sandbox.home / "log/agentd.log"
    path.parent.mkdir()
    {"link": lambda: path.symlink_to("/etc/passwd"), "fifo": lambda: os.mkfifo(path), "folder": path.mkdir}[kind]()
    answer = sandbox.program(newest, "start")
    assert_failed(answer, "control_failed")
    assert "says: " not in answer["msg"]


def test_a_socket_that_somebody_listens_on_stays(sandbox: Sandbox, python: Path, monkeypatch: Any) -> None:
    """It may be that of an agent in a container that shares the home."""
    control_program(sandbox, START, OK)
    monkeypatch.chdir(sandbox.run_folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("ocp_monagent.31337.sock")
        listener.listen()
        sandbox.program(python, "start")
        assert (sandbox.run_folder / "ocp_monagent.31337.sock").exists()


def test_the_cause_is_in_a_log_elsewhere(sandbox: Sandbox, newest: Path) -> None:
    """As agentctl.yaml, a service's output and conf/module_config name it."""
    folder = sandbox.folder
    for number, (name, configuration) in enumerate({
        "agentctl/agentd.err.log": ("agentctl.yaml", f"logDir: {folder}/agentctl\n"),
        "out/manager.err": ("agentd.yaml", f"services:\n  ocp_agentd:\n    stderr: {folder}/out/manager.err\n"),
        "own/agentd.log": ("module_config/log.yaml", f"modules:\n- config:\n    filename: {folder}/own/agentd.log\n"),
    }.items()):
        path = folder / name
        path.parent.mkdir()
        control_program(sandbox, f"echo 'ERROR no. {number}' >> {path}", TIMEOUT)
        (sandbox.home / "conf/module_config").mkdir(exist_ok=True)
        (sandbox.home / "conf" / configuration[0]).write_text(configuration[1])
        answer = sandbox.program(newest, "start")
        assert_failed(answer, "control_failed")
        assert f"{path} says: ERROR no. {number}" in answer["msg"]
        (sandbox.home / "conf" / configuration[0]).unlink()
