# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restart of pos_proxy, which only the agents of generation 1 have."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.program.sandbox import DAEMON, DEAF, Process, Sandbox


def pos_proxy(sandbox: Sandbox) -> list[Process]:
    return sandbox.running(sandbox.home / "bin/pos_proxy")


def start(sandbox: Sandbox) -> tuple[Process, Process, Process]:
    """A daemon that guards pos_proxy and ocp_exporter. Returns all three."""
    names = ("pos_proxy", "ocp_exporter")
    for name in names:
        sandbox.executable(sandbox.home / "bin" / name)
    daemon = sandbox.agent("ocp_agentd", DAEMON, names)
    sandbox.until(lambda: pos_proxy(sandbox) and sandbox.running(sandbox.home / "bin/ocp_exporter"), "no children")
    return daemon, pos_proxy(sandbox)[0], sandbox.running(sandbox.home / "bin/ocp_exporter")[0]


def test_the_daemon_starts_it_again_and_nobody_else_is_touched(sandbox: Sandbox, every_python: Path) -> None:
    daemon, old, other = start(sandbox)
    planned = sandbox.program(every_python, "restart_pos_proxy", check_mode=True)
    assert (planned["changed"], [process["pid"] for process in planned["processes"]]) == (True, [old.pid])
    assert sandbox.lives(old)

    answer = sandbox.program(every_python, "restart_pos_proxy")
    (facts,) = answer["processes"]
    assert (answer["changed"], facts["pid"], facts["signal"]) == (True, old.pid, "SIGTERM")
    assert 0 <= facts["seconds"] < 5
    assert not sandbox.lives(old)
    assert len(pos_proxy(sandbox)) == 1
    assert sandbox.lives(daemon)
    assert sandbox.lives(other)
    assert not (sandbox.run_folder / "admin.lock").exists()
    assert "the daemon has started pos_proxy again" in [text for dummy, text in answer["log"]]


def test_where_it_does_not_run_nothing_changes(sandbox: Sandbox, python: Path) -> None:
    daemon, children = sandbox.start_agent()
    answer = sandbox.program(python, "restart_pos_proxy")
    assert (answer.get("failed"), answer["changed"], answer["processes"]) == (None, False, [])
    assert all(map(sandbox.lives, [daemon, *children]))


def test_without_a_daemon_it_stays_down(sandbox: Sandbox, python: Path) -> None:
    old = sandbox.agent(sandbox.executable(sandbox.home / "bin/pos_proxy"))
    began = time.monotonic()
    answer = sandbox.program(python, "restart_pos_proxy")
    assert (answer.get("failed"), answer["changed"]) == (None, True)
    assert not sandbox.lives(old)
    assert time.monotonic() - began < 10


def test_one_that_ignores_sigterm_is_left_to_stop(sandbox: Sandbox, python: Path) -> None:
    old = sandbox.agent(sandbox.executable(sandbox.home / "bin/pos_proxy"), DEAF)
    answer = sandbox.program(python, "restart_pos_proxy", grace=0.3)
    assert (answer.get("failed"), answer["processes"][0]["signal"], answer["processes"][0]["seconds"]) == (
        None,
        "SIGTERM",
        None,
    )
    assert sandbox.lives(old)


def test_a_live_lock_is_respected(sandbox: Sandbox, python: Path) -> None:
    dummy, old, dummy = start(sandbox)
    control = sandbox.agent("ocp_agentctl")
    owner = {"pid": control.pid, "exe": str(sandbox.home / "bin/ocp_agentctl")}
    (sandbox.run_folder / "admin.lock").write_text(json.dumps(owner))
    answer = sandbox.program(python, "restart_pos_proxy")
    assert (answer["reason"], answer["changed"]) == ("locked", False)
    assert sandbox.lives(old)
