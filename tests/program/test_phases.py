# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request's way through the host program, in every interpreter of this machine."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.program.sandbox import DEAF, TOLD, Sandbox, both_ways

AGENT = ["ocp_agentd", "ocp_mgragent", "ocp_monagent"]


def without_log(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "log"}


def programs(answer: dict[str, Any]) -> list[str]:
    return [process["program"] for process in answer["processes"]]


@both_ways
def test_an_agent_is_stopped(sandbox: Sandbox, every_python: Path) -> None:
    daemon, children = sandbox.start_agent()
    stranger = sandbox.agent(sandbox.executable(sandbox.folder / "admin/oceanbase/bin/observer"))
    (sandbox.run_folder / f"ocp_agentd.{stranger.pid}.pid").write_text(str(stranger.pid))

    prepared = sandbox.program(every_python, "prepare")
    assert without_log(prepared) == {
        "changed": False,
        "home": str(sandbox.home),
        "generations": ["gen2"],
        "processes": [
            {"program": name, "pid": process.pid, "user": "root", "executable": str(sandbox.home / "bin" / name)}
            for name, process in zip(AGENT, [daemon, *sorted(children, key=lambda child: child.pid)], strict=True)
        ],
        "ran_as": {
            "generation": "gen2",
            "user": "root",
            "unit": None,
            "programs": AGENT,
            "attributes": prepared["ran_as"]["attributes"],
        },
        "warnings": [],
    }

    planned = sandbox.program(every_python, "stop", check_mode=True)
    assert (planned["changed"], programs(planned)) == (True, AGENT)
    assert {(process["signal"], process["seconds"]) for process in planned["processes"]} == {("SIGTERM", None)}
    assert all(map(sandbox.lives, [daemon, *children]))

    stopped = sandbox.program(every_python, "stop")
    assert (stopped["changed"], programs(stopped), stopped["warnings"]) == (True, AGENT, [])
    assert [process["signal"] for process in stopped["processes"]] == ["SIGTERM", None, None]
    assert all(0 <= process["seconds"] < 10 for process in stopped["processes"])
    assert not any(map(sandbox.lives, [daemon, *children]))
    assert not (sandbox.run_folder / "admin.lock").exists()

    finished = sandbox.program(
        every_python, "finish", settle=0.1, stopped_at=stopped["stopped_at"], boot_id=stopped["boot_id"]
    )
    assert without_log(finished) == {
        "changed": True,
        "home": str(sandbox.home),
        "removed": [f"ocp_agentd.{stranger.pid}.pid", "ocp_agentd.pid", "ocp_mgragent.pid", "ocp_monagent.pid"],
        "processes": [],
        "warnings": [],
    }
    assert os.listdir(sandbox.run_folder) == []

    again = sandbox.program(every_python, "stop")
    assert (again["changed"], again["processes"]) == (False, [])
    assert sandbox.program(every_python, "finish", settle=0)["changed"] is False
    assert sandbox.lives(stranger)


def test_an_agent_that_is_started_during_the_first_look_is_stopped(sandbox: Sandbox, newest: Path) -> None:
    sandbox.start_agent()
    source = sandbox.source("stop")
    first_look = "    lock = AdminLock(request, account_of_processes(survey.processes))\n    units"
    assert source.read_text().count(first_look) == 1
    source.write_text(source.read_text().replace(first_look, "    survey.processes = []\n" + first_look))
    stopped = sandbox.program(newest, "stop")
    assert (stopped["changed"], programs(stopped)) == (True, AGENT)


def test_a_slow_daemon_gets_its_time_and_seconds_tell_it(sandbox: Sandbox, python: Path) -> None:
    daemon = sandbox.agent("ocp_agentd", 'trap "sleep 1; exit 0" TERM; : > "$2"; sleep 60 & wait')
    stopped = sandbox.program(python, "stop")
    (process,) = stopped["processes"]
    assert (process["pid"], process["signal"]) == (daemon.pid, "SIGTERM")
    assert 1.0 <= process["seconds"] < 3.0


@both_ways
def test_who_ignores_sigterm_is_killed_after_the_grace(sandbox: Sandbox, kind_of_python: Path) -> None:
    sandbox.agent("ocp_agentd", DEAF)
    sandbox.agent("ocp_mgragent", DEAF)
    sandbox.agent("ocp_monagent")
    stopped = sandbox.program(kind_of_python, "stop", daemon_grace=0.5, grace=0.3)
    assert [(process["program"], process["signal"]) for process in stopped["processes"]] == [
        ("ocp_agentd", "SIGKILL"),
        ("ocp_mgragent", "SIGKILL"),
        ("ocp_monagent", "SIGTERM"),
    ]
    daemon, deaf, quiet = (process["seconds"] for process in stopped["processes"])
    assert 0.5 <= daemon < 2
    assert 0.8 <= deaf < 3
    assert 0.5 <= quiet < deaf, "it got its signal only when the daemon was gone"


def test_orphans_without_a_daemon_and_a_second_generation_are_stopped(sandbox: Sandbox, python: Path) -> None:
    sandbox.start_agent()
    sandbox.agent("ocp_mgragent")
    sandbox.agent(sandbox.executable(sandbox.home / "bin/ob_agentd"))
    stopped = sandbox.program(python, "stop")
    assert sorted(programs(stopped)) == ["ob_agentd", "ocp_agentd", "ocp_mgragent", "ocp_mgragent", "ocp_monagent"]
    assert not any(sandbox.running(sandbox.home / "bin" / name) for name in AGENT)


@pytest.mark.parametrize("program", ["ocp_agentd", "ocp_mgragent"])
def test_a_frozen_process_is_thawed_to_take_its_sigterm(sandbox: Sandbox, python: Path, program: str) -> None:
    frozen = sandbox.agent(program)
    sandbox.kill(frozen.pid, signal.SIGSTOP)
    began = sandbox.program(python, "stop", daemon_grace=10, grace=10)
    assert [process["signal"] for process in began["processes"]] == ["SIGTERM"]
    assert began["processes"][0]["seconds"] < 5


def test_no_agent_installed(sandbox: Sandbox, python: Path) -> None:
    for phase in ("prepare", "stop"):
        answer = sandbox.program(python, phase, home="/opt/none/ocp_agent")
        assert (answer["reason"], answer["changed"]) == ("not_installed", False)
        assert "/opt/none/ocp_agent" in answer["msg"]


@pytest.mark.parametrize("home", ["relative/path", "/", "/home", "/home/admin/../..", "", "/home/a\0b"])
def test_a_home_that_cannot_be_one(sandbox: Sandbox, python: Path, home: str) -> None:
    assert sandbox.program(python, "prepare", home=home)["reason"] == "invalid"


def test_the_last_processes_of_a_removed_agent_are_stopped(sandbox: Sandbox, python: Path) -> None:
    daemon, children = sandbox.start_agent()
    sandbox.do("rm", "-r", sandbox.home)
    assert programs(sandbox.program(python, "stop")) == AGENT
    assert not any(map(sandbox.lives, [daemon, *children]))


@both_ways
def test_an_answer_comes_before_the_timeout(sandbox: Sandbox, python: Path) -> None:
    """With timeout 6 the program has 4 s, and graces of 20 s and 10 s have to fit into them."""
    for program in AGENT:
        sandbox.agent(program, DEAF)
    began = time.monotonic()
    stopped = sandbox.program(python, "stop", timeout=6)
    assert time.monotonic() - began < 5
    assert [process["signal"] for process in stopped["processes"]] == ["SIGKILL"] * 3


@both_ways
def test_a_deadline_in_the_middle_of_stop_is_told(sandbox: Sandbox, python: Path) -> None:
    stuck = sandbox.agent("ocp_agentd", TOLD)
    run = sandbox.start_program(python, "stop")
    sandbox.until(sandbox.told.exists, "no SIGTERM")
    sandbox.kill(run.worker, signal.SIGALRM)  # as its own alarm would
    answer = run.result()
    assert (answer["failed"], answer["reason"]) == (True, "deadline")
    assert [(process["pid"], process["seconds"]) for process in answer["processes"]] == [(stuck.pid, None)]
    assert not (sandbox.run_folder / "admin.lock").exists()


@both_ways
def test_a_lost_terminal_does_not_end_stop(sandbox: Sandbox, python: Path) -> None:
    sandbox.agent("ocp_agentd", TOLD)
    run = sandbox.start_program(python, "stop", daemon_grace=0.7)
    sandbox.until(sandbox.told.exists, "no SIGTERM")
    sandbox.kill(run.pid, signal.SIGHUP)
    answer = run.result()
    assert (answer["changed"], answer["processes"][0]["signal"]) == (True, "SIGKILL")


@both_ways
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_stop_gives_the_lock_back_and_tells(
    sandbox: Sandbox, python: Path, number: signal.Signals
) -> None:
    daemon = sandbox.agent("ocp_agentd", TOLD)
    run = sandbox.start_program(python, "stop")
    sandbox.until(sandbox.told.exists, "no SIGTERM")
    sandbox.kill(run.pid, number)
    answer = run.result()
    assert (answer["failed"], answer["reason"]) == (True, "interrupted")
    assert [(process["pid"], process["seconds"]) for process in answer["processes"]] == [(daemon.pid, None)]
    assert not (sandbox.run_folder / "admin.lock").exists()
    assert sandbox.lives(daemon)


def test_after_a_killed_stop_the_next_one_ends_the_work(sandbox: Sandbox, python: Path) -> None:
    daemon = sandbox.agent("ocp_agentd", TOLD)
    run = sandbox.start_program(python, "stop")
    lock = sandbox.run_folder / "admin.lock"
    sandbox.until(sandbox.told.exists, "no SIGTERM")
    sandbox.kill(run.pid, signal.SIGKILL)
    assert sandbox.wait(run.pid) == -signal.SIGKILL
    assert json.loads(lock.read_text())["pid"] == run.pid
    assert sandbox.program(python, "prepare")["processes"]
    assert sandbox.program(python, "stop", daemon_grace=0.2)["changed"]
    assert not sandbox.lives(daemon)
    assert os.listdir(sandbox.run_folder) == []


# Finish


def test_the_settle_time_counts_from_the_end_of_stop(sandbox: Sandbox, python: Path) -> None:
    stopped = sandbox.program(python, "stop")
    began = time.monotonic()
    assert sandbox.program(python, "finish", settle=1.0)["changed"] is False
    assert time.monotonic() - began >= 1.0, "without stopped_at it counts from now"
    moment = {"stopped_at": stopped["stopped_at"] - 100, "boot_id": stopped["boot_id"]}
    assert not sandbox.program(python, "finish", settle=90, timeout=20, **moment).get("failed"), "it is long past"
    began = time.monotonic()
    sandbox.program(python, "finish", settle=1.0, **{**moment, "boot_id": "another boot"})
    assert time.monotonic() - began >= 1.0


def test_a_settle_time_beyond_the_timeout_is_no_success(sandbox: Sandbox, python: Path) -> None:
    began = time.monotonic()
    answer = sandbox.program(python, "finish", settle=100, timeout=4)
    assert answer["reason"] == "deadline"
    assert time.monotonic() - began < 4


@both_ways
def test_who_revived_the_agent_is_named(sandbox: Sandbox, python: Path) -> None:
    stopped = sandbox.program(python, "stop")
    watchdog = sandbox.spawn(
        sandbox.executable(sandbox.folder / "sbin/sitewatch"),
        "-c",
        'sleep 0.5; "$0" -c "read x < $1"; wait',
        sandbox.home / "bin/ocp_agentd",
        sandbox.fifo,
    )
    (sandbox.run_folder / "ocp_agentd.pid").write_text("1")
    answer = sandbox.program(python, "finish", settle=2, stopped_at=stopped["stopped_at"], boot_id=stopped["boot_id"])
    assert (answer["failed"], answer["reason"], programs(answer)) == (True, "revived", ["ocp_agentd"])
    assert f"its parent is sitewatch (pid {watchdog.pid})" in answer["msg"]
    assert (sandbox.run_folder / "ocp_agentd.pid").exists(), "nothing is cleared under a living agent"


def test_the_reviver_may_have_any_name(sandbox: Sandbox, python: Path) -> None:
    stopped = sandbox.program(python, "stop")
    time.sleep(0.05)  # start times have hundredths of a second, and a start within the same one is no revival
    name = "守护 (x) y"
    sandbox.spawn(
        sandbox.executable(sandbox.folder / "sbin" / name),
        "-c",
        '"$0" -c "read x < $1"; wait',
        sandbox.home / "bin/ocp_agentd",
        sandbox.fifo,
    )
    sandbox.until(lambda: sandbox.running(sandbox.home / "bin/ocp_agentd"), "not revived")
    answer = sandbox.program(python, "finish", settle=0, stopped_at=stopped["stopped_at"], boot_id=stopped["boot_id"])
    assert answer["reason"] == "revived"
    assert "its parent is 守护" in answer["msg"]


def test_an_agent_that_was_never_stopped_is_not_called_revived(sandbox: Sandbox, python: Path) -> None:
    sandbox.agent("ocp_mgragent")
    time.sleep(0.1)
    stopped = sandbox.program(python, "stop", check_mode=True)
    moment = {key: stopped[key] for key in ("stopped_at", "boot_id")}
    answer = sandbox.program(python, "finish", settle=0, **moment)
    assert (answer["reason"], programs(answer)) == ("still_running", ["ocp_mgragent"])


def test_check_mode_of_finish_removes_nothing(sandbox: Sandbox, python: Path) -> None:
    (sandbox.run_folder / "ocp_agentd.pid").write_text("4711")
    answer = sandbox.program(python, "finish", settle=0, check_mode=True)
    assert (answer["changed"], answer["removed"]) == (True, ["ocp_agentd.pid"])
    assert (sandbox.run_folder / "ocp_agentd.pid").exists()
