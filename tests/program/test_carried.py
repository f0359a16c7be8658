# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program for each phase is complete: it runs without the checkout, in the oldest and the newest Python."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier
from tests.program.sandbox import Sandbox

PHASES = ("prepare", "stop", "start", "restart_pos_proxy", "finish")
GOALS = ("stopped", "running", "restarted")


@pytest.mark.parametrize(("phase", "goal"), list(itertools.product(PHASES, GOALS)))
def test_each_phase_answers(sandbox: Sandbox, python: Path, phase: str, goal: str) -> None:
    answer = sandbox.program(python, phase, goal=goal, home="/nonexistent/ocp_agent", settle=0)
    if (phase, goal) == ("finish", "stopped"):
        assert (answer.get("failed"), answer["changed"], answer["home"]) == (None, False, "/nonexistent/ocp_agent")
    else:
        assert (answer["reason"], answer["home"]) == ("not_installed", "/nonexistent/ocp_agent")
        assert answer["log"][-1][1] == f"failed: {answer['msg']}"


def test_a_module_in_the_working_directory_is_not_run(every_python: Path, tmp_path: Path) -> None:
    """The working directory is the SSH user's home, and become does not change it."""
    for name in ("errno", "json", "os", "re", "signal", "stat", "time"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('somebody else ran')")
    request = {"phase": "prepare", "home": "/nonexistent/ocp_agent"}
    for command, given in (
        (carrier.command(request, str(every_python), "1"), carrier.program(request)),
        (
            carrier.resident(str(every_python)),
            carrier.framed(carrier.library([request])) + carrier.with_id("1", carrier.call(request)),
        ),
    ):
        ran = subprocess.run(["sh", "-c", command], input=given, capture_output=True, cwd=tmp_path, check=False)
        assert b"not_installed" in ran.stdout, ran
