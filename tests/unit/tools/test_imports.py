# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make lint` reports imports in the wrong direction."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COLLECTION = "ansible_collections.oceanbase.ocp.plugins"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter as tools/lint.sh does, on a copy of the plugins."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": "plugins:plugins/module_utils:src"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("plugin_utils", "module_utils"):
        shutil.copytree(ROOT / "plugins" / name, tmp_path / "plugins" / name)
    shutil.copytree(ROOT / "src/oceanbase_ocp", tmp_path / "src/oceanbase_ocp")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_go_down(copy: Path) -> None:
    run = lint(copy)
    assert (run.returncode, " 0 broken" in run.stdout) == (0, True), run.stdout + run.stderr


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("plugin_utils/_task/clock.py", "from .._store.store import Store"),
        ("plugin_utils/_store/rows.py", "from .._run import persistence"),
        ("plugin_utils/_store/rows.py", f"from {COLLECTION}.module_utils._agent.home import DAEMONS"),
        ("plugin_utils/_task/task.py", "import socket"),
        ("plugin_utils/_task/errors.py", "from .task import Task"),
        ("module_utils/_agent/host.py", "from .survey import Survey"),
        ("../src/oceanbase_ocp/http/users.py", "from .login import Login"),
    ],
    ids=["up", "to the run", "host program", "edge", "circle", "circle of the host program", "HTTP service"],
)
def test_an_import_that_goes_up_is_found(copy: Path, file: str, line: str) -> None:
    path = copy / "plugins" / file
    path.write_text(f"{path.read_text()}\n\n{line}\n")
    run = lint(copy)
    assert run.returncode == 1, run.stdout + run.stderr
    assert " BROKEN" in run.stdout, run.stdout
