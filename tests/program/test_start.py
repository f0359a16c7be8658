# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting an agent with control programs of any behaviour. The process table decides."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.program.sandbox import NOBODY, Sandbox, both_ways
from tests.program.starting import (
    AGENT,
    OK,
    START,
    TIMEOUT,
    assert_failed,
    calls,
    control_program,
    moment,
    programs,
    running,
    speakers,
)


def test_an_agent_is_started_once(sandbox: Sandbox, every_python: Path) -> None:
    control_program(sandbox, START, OK)
    prepared = sandbox.program(every_python, "prepare", goal="running")
    assert (prepared["changed"], prepared["processes"], prepared["generations"]) == (False, [], ["gen2"])

    planned = sandbox.program(every_python, "start", check_mode=True)
    assert (planned["changed"], planned["processes"]) == (True, [])
    assert any("would start the agent" in text for dummy, text in planned["log"])
    assert (running(sandbox), calls(sandbox)) == ({}, [])

    started = sandbox.program(every_python, "start")
    assert (started["changed"], programs(started), started["warnings"]) == (True, AGENT, [])
    assert started["home"] == str(sandbox.home)
    assert {process["user"] for process in started["processes"]} == {"root"}
    assert {name: [process.pid for process in found] for name, found in running(sandbox).items()} == {
        process["program"]: [process["pid"]] for process in started["processes"]
    }
    assert calls(sandbox) == [f"start 0:0 {sandbox.home} 0022"]

    again = sandbox.program(every_python, "start")
    assert (again["changed"], again["processes"]) == (False, started["processes"])
    assert len(calls(sandbox)) == 1
    finished = sandbox.program(every_python, "finish", goal="running", settle=0.5, **moment(started))
    assert (finished.get("failed"), finished["changed"], finished["processes"]) == (
        None,
        False,
        started["processes"],
    ), finished


@both_ways
def test_a_restart_brings_back_what_ran(sandbox: Sandbox, every_python: Path) -> None:
    control_program(sandbox, START, OK)
    sandbox.program(every_python, "start")
    assert not sandbox.program(every_python, "prepare", goal="restarted").get("failed")
    stopped = sandbox.program(every_python, "stop")
    known = {"generation": "gen2", "user": "root", "unit": None, "programs": AGENT}
    assert stopped["ran_as"] == {**known, "attributes": stopped["ran_as"]["attributes"]}
    assert sandbox.program(every_python, "stop")["ran_as"] is None
    started = sandbox.program(every_python, "start", ran_as=stopped["ran_as"])
    assert programs(started) == AGENT
    assert not sandbox.program(every_python, "finish", goal="restarted", settle=0, **moment(started)).get("failed")


def test_the_log_tells_what_was_done(sandbox: Sandbox, python: Path) -> None:
    path = control_program(sandbox, START, OK)
    started = [text for dummy, text in sandbox.program(python, "start")["log"]]
    assert f"running {path} start as root" in started
    assert f"{path} start ended with 0 and said: ok" in started
    pids = {name: processes[0].pid for name, processes in running(sandbox).items()}
    assert f"found ocp_agentd (pid {pids['ocp_agentd']}) of user root: {sandbox.home}/bin/ocp_agentd" in started
    stopped = sandbox.program(python, "stop")
    texts = [text for dummy, text in stopped["log"]]
    expected = [
        f"found ocp_agentd (pid {pids['ocp_agentd']}) of user root: {sandbox.home}/bin/ocp_agentd",
        f"took {sandbox.run_folder}/admin.lock",
        f"SIGTERM to ocp_agentd (pid {pids['ocp_agentd']})",
        f"ocp_agentd (pid {pids['ocp_agentd']}) has ended",
        f"SIGTERM to ocp_mgragent (pid {pids['ocp_mgragent']})",
        f"gave {sandbox.run_folder}/admin.lock back",
    ]
    assert [text for text in texts if text in expected] == expected
    seconds = [moment for moment, dummy in stopped["log"]]
    assert seconds == sorted(seconds)
    assert 0 <= seconds[0] <= seconds[-1] < 20


def test_a_reported_timeout_of_a_start_that_completes(sandbox: Sandbox, python: Path) -> None:
    """The vendor's control program waits no longer than 10 s for its daemon."""
    control_program(sandbox, START, TIMEOUT)
    started = sandbox.program(python, "start")
    assert (started.get("failed"), programs(started)) == (None, AGENT), started
    assert "start agentd timeout" in started["warnings"][0]


def test_a_start_that_completes_after_the_control_program_has_given_up(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START.splitlines()[0].replace("setsid", "sleep 1; setsid").join("()") + " &", TIMEOUT)
    assert programs(sandbox.program(python, "start")) == AGENT


def test_a_control_program_that_fails(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, TIMEOUT)
    answer = sandbox.program(python, "start")
    assert_failed(answer, "control_failed")
    assert (answer["changed"], answer["processes"]) == (True, [])
    assert "ended with 255 and said: start agentd timeout" in answer["msg"]
    assert f"{sandbox.home}/log" in answer["msg"]


def test_a_control_program_that_says_success_and_starts_nothing(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, OK)
    answer = sandbox.program(python, "start")
    assert_failed(answer, "not_ready")
    assert "no ocp_agentd runs" in answer["msg"]


@pytest.mark.parametrize("deaf", ["", "trap '' TERM"], ids=["", "deaf"])
def test_a_control_program_that_hangs_is_ended_before_the_deadline(sandbox: Sandbox, python: Path, deaf: str) -> None:
    control_program(sandbox, deaf, "read x < FIFO", "read x < FIFO")
    began = time.monotonic()
    answer = sandbox.program(python, "start", timeout=8)
    assert time.monotonic() - began < 8
    assert_failed(answer, "control_failed")
    assert "did not end in time" in answer["msg"]
    assert nothing_of_ours(sandbox)


def nothing_of_ours(sandbox: Sandbox) -> bool:
    """Whether only the sandbox's own processes are left, zombies counted."""
    return [row["pid"] for row in sandbox.table()] == [1, *speakers(sandbox)]


@both_ways
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGALRM])
def test_an_interrupted_start_leaves_no_control_program_behind(
    sandbox: Sandbox, python: Path, number: signal.Signals
) -> None:
    control_program(sandbox, "trap '' TERM", "read x < FIFO", "read x < FIFO")
    run = sandbox.start_program(python, "start")
    sandbox.until(lambda: calls(sandbox), "it does not start")
    sandbox.kill(run.pid if number == signal.SIGTERM else run.worker, number)  # the alarm belongs to the worker
    assert_failed(run.result(), "interrupted" if number == signal.SIGTERM else "deadline")
    assert nothing_of_ours(sandbox)


@both_ways
def test_a_daemon_that_keeps_the_output_open_does_not_hold_us_and_lives(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START.replace("> /dev/null 2>&1", ""), OK)
    daemon = (
        (sandbox.home / "conf/daemon.sh").read_text().replace("sleep 0.2 &", "echo talk; echo talk >&2; sleep 0.2 &")
    )
    (sandbox.home / "conf/daemon.sh").write_text(daemon)
    began = time.monotonic()
    started = sandbox.program(python, "start")
    assert time.monotonic() - began < 10
    time.sleep(0.6)
    assert not sandbox.program(python, "finish", goal="running", settle=0.5, **moment(started)).get("failed")


def test_output_without_end_is_bounded(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, "head -c 3000000 /dev/zero | tr '\\0' x >&2", "exit 3")
    started = sandbox.program(python, "start")
    assert programs(started) == AGENT
    assert len(json.dumps(started)) < 10000
    assert all(len(text) <= 500 for dummy, text in started["log"])


def test_a_child_that_crashed_once_is_waited_for(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    sandbox.program(python, "start")
    (child,) = running(sandbox)["ocp_mgragent"]
    sandbox.kill(child.pid, signal.SIGKILL)
    sandbox.until(lambda: not sandbox.lives(child), "it lives")
    again = sandbox.program(python, "start")
    assert (again.get("failed"), programs(again)) == (None, AGENT)
    assert len(calls(sandbox)) == 1


@pytest.mark.parametrize("begun", [False, True], ids=["at start", "before"])
def test_a_child_that_was_given_up_is_named(sandbox: Sandbox, newest: Path, begun: bool) -> None:
    control_program(sandbox, START, OK)
    (sandbox.home / "conf/ocp_monagent.dies").write_text("")
    if begun:
        sandbox.program(newest, "start", timeout=6)
        assert running(sandbox).keys() == {"ocp_agentd", "ocp_mgragent"}
    answer = sandbox.program(newest, "start")
    assert_failed(answer, "not_ready")
    assert programs(answer) == ["ocp_agentd", "ocp_mgragent"]
    assert "ocp_monagent does not run below ocp_agentd" in answer["msg"]
    assert f"{sandbox.home}/log" in answer["msg"]
    assert "restart the agent" in answer["msg"]
    assert answer["changed"] is not begun


def test_children_without_their_daemon_are_not_ready(sandbox: Sandbox, python: Path) -> None:
    """Orphans are up to the new daemon. Here it leaves them alone, and they must not be taken for its children."""
    control_program(sandbox, START, OK)
    orphan = sandbox.agent("ocp_mgragent")
    answer = sandbox.program(python, "start")
    assert programs(answer) == AGENT
    assert orphan.pid not in [process["pid"] for process in answer["processes"]]


def test_pid_files_have_to_name_the_processes(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    started = sandbox.program(python, "start")
    (sandbox.run_folder / "ocp_mgragent.pid").write_text("1\n")
    answer = sandbox.program(python, "finish", goal="running", settle=0, **moment(started))
    assert_failed(answer, "not_ready")
    assert "ocp_mgragent" in answer["msg"]


def test_a_frozen_child_is_not_ready(sandbox: Sandbox, newest: Path) -> None:
    control_program(sandbox, START, OK)
    started = sandbox.program(newest, "start")
    (child,) = running(sandbox)["ocp_monagent"]
    sandbox.kill(child.pid, signal.SIGSTOP)
    answer = sandbox.program(newest, "finish", goal="running", settle=0, **moment(started))
    assert_failed(answer, "not_ready")
    assert f"ocp_monagent (pid {child.pid}) is frozen" in answer["msg"]


@both_ways
def test_whoever_runs_us_may_ignore_the_end_of_children(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    code = "import os, signal, sys; signal.signal(17, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    through = (python, "-c", code)
    assert programs(sandbox.program(python, "start", through=through)) == AGENT


# The lock


def test_a_live_lock_is_respected(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    other = sandbox.agent(sandbox.executable(sandbox.home / "bin/ocp_agentctl.old"))
    lock = sandbox.run_folder / "admin.lock"
    lock.write_text(json.dumps({"pid": other.pid, "exe": str(sandbox.home / "bin/ocp_agentctl.old")}))
    for phase in ("prepare", "start"):
        assert_failed(sandbox.program(python, phase, goal="running", timeout=6), "locked")
    assert (running(sandbox), calls(sandbox)) == ({}, [])
    assert lock.exists()


def test_a_stale_lock_is_the_control_programs_business(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    (sandbox.run_folder / "admin.lock").write_text('{"pid":4711,"exe":"/gone"}')
    assert programs(sandbox.program(python, "start")) == AGENT


def test_we_do_not_hold_the_lock_while_the_control_program_works(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, '[ ! -e "$home/run/admin.lock" ] || exit 9', START, OK)
    assert programs(sandbox.program(python, "start")) == AGENT


# Control programs and their users


def test_no_control_program(sandbox: Sandbox, python: Path) -> None:
    (sandbox.home / "bin/ocp_agentctl").unlink()
    for phase in ("prepare", "start"):
        answer = sandbox.program(python, phase, goal="running")
        assert_failed(answer, "not_installed")
        assert "ocp_agentctl" in answer["msg"]


def test_a_control_program_that_is_not_executable(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, OK).chmod(0o644)
    for phase in ("prepare", "start"):
        answer = sandbox.program(python, phase, goal="running")
        assert_failed(answer, "control_failed")
        assert "chmod +x" in answer["msg"]


def test_a_script_of_generation_1_needs_no_mode(sandbox: Sandbox, python: Path) -> None:
    path = control_program(sandbox, TIMEOUT).rename(sandbox.home / "bin/ocp_agent_ctl.py")
    path.chmod(0o644)
    answer = sandbox.program(python, "start")
    assert "start agentd timeout" in answer["msg"], "its own interpreter has run it"
    assert calls(sandbox)


def test_of_several_generations_the_one_that_ran_is_started(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    (sandbox.home / "bin/ocp_agent_ctl.py").write_text(f"#!/bin/sh\n{TIMEOUT}\n")
    assert sandbox.program(python, "prepare", goal="running")["generations"] == ["gen1", "gen2"]
    ran_as = {"generation": "gen1", "user": "root", "unit": None, "programs": ["ocp_agentd"]}
    assert "ocp_agent_ctl.py" in sandbox.program(python, "start", ran_as=ran_as)["msg"]
    assert programs(sandbox.program(python, "start")) == AGENT, "the newest one"


@pytest.mark.parametrize("user", ["root", "uid 4242"])
def test_a_home_may_have_any_name(sandbox: Sandbox, python: Path, user: str) -> None:
    control_program(sandbox, START, OK)
    home = sandbox.home.rename(sandbox.home.with_name("ocp agént 守护"))
    if user != "root":
        sandbox.do("chown", "-R", "4242:4242", home)
    options = {"home": str(home), "ran_as": {"generation": "gen2", "user": user}}
    assert not sandbox.program(python, "prepare", goal="running", **options).get("failed")
    started = sandbox.program(python, "start", **options)
    assert (programs(started), started["home"]) == (AGENT, str(home)), started
    assert started["processes"][0]["executable"] == f"{home}/bin/ocp_agentd"
    stopped = sandbox.program(python, "stop", **options)
    assert (stopped["changed"], stopped["ran_as"]["user"]) == (True, user)


@pytest.mark.parametrize("user", ["nobody", "uid 4242"])
def test_as_another_user(sandbox: Sandbox, python: Path, user: str) -> None:
    control_program(sandbox, START, OK)
    uid, gid = (NOBODY, NOBODY) if user == "nobody" else (4242, 4343)
    sandbox.do("chown", "-R", f"{uid}:{gid}", sandbox.home)
    ran_as = {"generation": "gen2", "user": user, "unit": None, "programs": AGENT}
    started = sandbox.program(python, "start", ran_as=ran_as)
    assert {process["user"] for process in started["processes"]} == {user}, started
    assert calls(sandbox) == [f"start {uid}:{gid} {sandbox.home} 0022"]


def test_a_user_that_nobody_knows(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    answer = sandbox.program(python, "start", ran_as={"generation": "gen2", "user": "uid 999999"})
    assert_failed(answer, "control_failed")
    assert "uid 999999" in answer["msg"]
    assert calls(sandbox) == []


# Finish


def test_a_daemon_that_dies_within_the_settle_time(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    started = sandbox.program(python, "start")
    (daemon,) = running(sandbox)["ocp_agentd"]
    run = sandbox.start_program(python, "finish", goal="running", settle=3, **moment(started))
    time.sleep(0.5)
    sandbox.kill(daemon.pid, signal.SIGKILL)
    answer = run.result()
    assert_failed(answer, "not_ready")
    assert "ocp_agentd does not run" in answer["msg"]


def test_a_child_that_was_started_again_within_the_settle_time(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    started = sandbox.program(python, "start")
    (child,) = running(sandbox)["ocp_mgragent"]
    time.sleep(0.05)
    sandbox.kill(child.pid, signal.SIGKILL)
    sandbox.until(lambda: running(sandbox).get("ocp_mgragent", [child]) != [child], "not started again")
    time.sleep(0.3)
    answer = sandbox.program(python, "finish", goal="running", settle=0.1, **moment(started))
    assert_failed(answer, "not_ready")
    assert "ocp_mgragent" in answer["msg"]
    assert "started again since Start" in answer["msg"]


def test_finish_in_check_mode_after_a_start_that_was_not_done(sandbox: Sandbox, python: Path) -> None:
    control_program(sandbox, START, OK)
    answer = sandbox.program(python, "finish", goal="running", check_mode=True)
    assert (answer["failed"], answer["reason"], answer["processes"]) == (True, "not_ready", [])
