# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text that is carried to a host: whole, and not more than a phase needs."""

from __future__ import annotations

import ast
import collections
import itertools
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils import _agent_processes
from ansible_collections.oceanbase.ocp.plugins.plugin_utils import _carrier

PHASES = ("prepare", "stop", "start", "restart_pos_proxy", "finish")
GOALS = ("stopped", "running", "restarted")
REQUESTS: list[dict[str, Any]] = [{"phase": phase, "goal": goal} for phase, goal in itertools.product(PHASES, GOALS)]


def defined(source: str) -> set[str]:
    """The global names that a file or text defines."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name))
    return names


def test_a_global_name_exists_once() -> None:
    """All files share one name space in the text."""
    files = Path(_agent_processes.__file__).parent.glob("_agent_*.py")
    times = collections.Counter(name for file in files for name in defined(file.read_text()))
    assert [name for name, count in times.items() if count > 1 and name != "__all__"] == []


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_no_file_is_imported(request_: dict[str, Any]) -> None:
    nodes = ast.walk(ast.parse(_carrier.program(request_)))
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level]


def test_a_stop_carries_nothing_of_a_start() -> None:
    for phase in ("prepare", "stop", "finish"):
        names = defined(_carrier.program({"phase": phase, "goal": "stopped"}).decode())
        assert not names & {"start", "Control", "State", "restart_pos_proxy"}, phase
    assert not defined(_carrier.program({"phase": "finish", "goal": "stopped"}).decode()) & {"Units", "run_command"}
    assert {"start", "Control", "State", "Units"} <= defined(_carrier.program({"phase": "start"}).decode())
