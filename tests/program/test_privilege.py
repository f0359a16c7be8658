# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users without permission. Processes that they cannot see or signal are unknown, and never called stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.program.sandbox import NOBODY, Sandbox, both_ways

DEPLOY = 4242  # a user without an entry in /etc/passwd


def assert_refused(answer: dict[str, Any]) -> None:
    assert (answer.get("failed"), answer.get("reason"), answer.get("changed")) == (True, "not_permitted", False), answer
    assert "become" in answer["msg"]


@both_ways
@pytest.mark.parametrize("phase", ["prepare", "stop", "finish"])
def test_an_agent_of_another_user(sandbox: Sandbox, python_for_all: Path, phase: str) -> None:
    agent = sandbox.agent("ocp_agentd")
    assert_refused(sandbox.program(python_for_all, phase, uid=NOBODY, settle=0))
    assert sandbox.lives(agent)


@pytest.mark.parametrize("options", [[], ["-u"], ["-u", "-W", "ignore"]], ids=" ".join)
def test_a_script_of_another_user(sandbox: Sandbox, python_for_all: Path, options: list[str]) -> None:
    path = sandbox.home / "agent/ocp_agentd.py"
    path.parent.mkdir()
    path.write_text(f"open({str(path) + '.ready'!r}, 'w').close(); import time; time.sleep(600)")
    agent = sandbox.spawn(python_for_all, *options, path)
    sandbox.until(Path(f"{path}.ready").exists, "it does not run")
    assert_refused(sandbox.program(python_for_all, "stop", uid=NOBODY))
    assert_refused(sandbox.program(python_for_all, "finish", uid=NOBODY, settle=0))
    assert sandbox.lives(agent)


@both_ways
def test_an_own_agent(sandbox: Sandbox, python_for_all: Path) -> None:
    """obagent runs as its deploy user, who can stop it without help."""
    sandbox.do("chown", "-R", f"{DEPLOY}:{DEPLOY}", sandbox.home)
    agent = sandbox.agent("ocp_agentd", uid=DEPLOY)
    (sandbox.run_folder / "ocp_agentd.pid").write_text(str(agent.pid))
    answer = sandbox.program(python_for_all, "stop", uid=DEPLOY)
    assert (answer["changed"], answer["processes"][0]["user"]) == (True, f"uid {DEPLOY}")
    assert not sandbox.lives(agent)
    assert sandbox.program(python_for_all, "finish", uid=DEPLOY, settle=0)["removed"] == ["ocp_agentd.pid"]


def test_who_is_not_root_starts_no_agent_of_another_user(sandbox: Sandbox, python_for_all: Path) -> None:
    ran_as = {"generation": "gen2", "user": "root"}
    for phase in ("prepare", "start"):
        assert_refused(sandbox.program(python_for_all, phase, uid=NOBODY, goal="running", ran_as=ran_as))


def test_an_own_agent_needs_no_help_to_be_started(sandbox: Sandbox, python_for_all: Path) -> None:
    sandbox.do("chown", "-R", f"{DEPLOY}:{DEPLOY}", sandbox.home)
    assert not sandbox.program(python_for_all, "prepare", uid=DEPLOY, goal="running").get("failed")
    answer = sandbox.program(python_for_all, "start", uid=DEPLOY)  # its control program is a shell without a command
    assert any(f"start as uid {DEPLOY}" in text for dummy, text in answer["log"]), answer
    assert answer["reason"] == "control_failed"


def test_a_file_of_another_user(sandbox: Sandbox, python_for_all: Path) -> None:
    (sandbox.run_folder / "ocp_agentd.pid").write_text("4711")
    sandbox.run_folder.chmod(0o755)
    assert_refused(sandbox.program(python_for_all, "finish", uid=NOBODY, settle=0))
    assert (sandbox.run_folder / "ocp_agentd.pid").exists()


def test_an_own_agent_with_a_run_folder_of_another_user(sandbox: Sandbox, python_for_all: Path) -> None:
    """Without the lock the control program could start the agent again during the stop."""
    agent = sandbox.agent("ocp_agentd", uid=NOBODY)
    assert_refused(sandbox.program(python_for_all, "stop", uid=NOBODY))
    assert sandbox.lives(agent)


@pytest.mark.parametrize("phase", ["prepare", "stop", "finish"])
@pytest.mark.parametrize("closed", ["admin", "admin/ocp_agent", "admin/ocp_agent/run"])
def test_a_home_that_the_user_may_not_enter(sandbox: Sandbox, python_for_all: Path, closed: str, phase: str) -> None:
    """Whether an agent is installed there is unknown; "not installed" would be a guess."""
    (sandbox.run_folder / "ocp_agentd.pid").write_text("4711")
    sandbox.folder.joinpath(closed).chmod(0o700)
    answer = sandbox.program(python_for_all, phase, uid=NOBODY, settle=0)
    if closed.endswith("run") and phase != "finish":
        assert answer.get("reason") in (None, "not_permitted")
    else:
        assert_refused(answer)


@pytest.mark.parametrize("hidepid", ["1", "2", "4"])
def test_processes_that_are_hidden_are_unknown(sandbox: Sandbox, python_for_all: Path, hidepid: str) -> None:
    agent = sandbox.agent("ocp_agentd")
    sandbox.do("mount", "-o", f"remount,hidepid={hidepid}", "/proc")
    for phase in ("prepare", "stop", "finish"):
        assert_refused(sandbox.program(python_for_all, phase, uid=NOBODY, settle=0))
    assert sandbox.lives(agent)
    assert sandbox.program(python_for_all, "stop")["changed"], "root sees them"


def test_a_name_is_not_enough_to_refuse_root(sandbox: Sandbox, python: Path) -> None:
    """Another user's node_exporter does not matter."""
    stranger = sandbox.agent(sandbox.executable(sandbox.folder / "usr/bin/node_exporter"), uid=NOBODY)
    assert not sandbox.program(python, "stop").get("failed")
    assert not sandbox.program(python, "finish", settle=0).get("failed")
    assert sandbox.lives(stranger)


def test_a_user_who_may_start_no_other_process(sandbox: Sandbox, python_for_all: Path) -> None:
    """Reading the clock of start times means starting a process. Without it the settle time counts from now."""
    sandbox.do("chown", "-R", str(NOBODY), sandbox.home)
    agent = sandbox.agent("ocp_agentd", uid=NOBODY)
    limited = {"uid": NOBODY, "through": ("prlimit", "--nproc=1:1", "--")}
    stopped = sandbox.program(python_for_all, "stop", **limited)
    assert (stopped.get("failed"), stopped["changed"], "stopped_at" in stopped) == (None, True, False), stopped
    assert not sandbox.lives(agent)
    since = {"stopped_at": 1.0, "boot_id": stopped["boot_id"]}
    finished = sandbox.program(python_for_all, "finish", settle=0.2, **since, **limited)
    assert not finished.get("failed"), finished
