# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`make demo`, as a user calls it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fleet import Fleet
from tools import demo

from .conftest import ROOT

pytestmark = pytest.mark.fleet

# The interpreter of .venv. Another one would rebuild the environment in which these tests run.
PYTHON = f"PYTHON={Path(sys.base_prefix, 'bin', f'python{sys.version_info[0]}.{sys.version_info[1]}')}"
PATIENCE = 120  # seconds


def start(folder: Path) -> subprocess.Popen[str]:
    """Start it in a session of its own, with its temporary files in this folder."""
    ours = ("ANSIBLE_", "MAKE", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.Popen(
        ["make", "demo", PYTHON],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_its_output_is_the_response_alone(tmp_path: Path) -> None:
    demonstration = start(tmp_path)
    output, messages = demonstration.communicate(timeout=PATIENCE)
    assert demonstration.returncode == 0, messages
    response: dict[str, Any] = json.loads(output)
    assert response["successful"] is True
    subtasks = response["data"]["subtasks"]
    assert len(subtasks) == 3 * 3 + 2
    assert {subtask["status"] for subtask in subtasks} == {"SUCCESSFUL"}
    assert "agent processes before: db001 3, db002 3, db003 3\n" in messages
    assert "agent processes after: db001 0, db002 0, db003 0\n" in messages
    assert not list(tmp_path.glob("ocp-demo-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_its_hosts_are_taken_down_when_it_is_interrupted(tmp_path: Path, number: signal.Signals) -> None:
    demonstration = start(tmp_path)
    assert demonstration.stderr is not None
    for line in demonstration.stderr:
        if "agent processes before" in line:
            break
    (state,) = tmp_path.glob("ocp-demo-*/fleet")
    fleet = Fleet.load(state)
    assert all(host.up for host in fleet.hosts)
    time.sleep(1)  # until the playbook runs
    os.killpg(demonstration.pid, number)
    output, messages = demonstration.communicate(timeout=PATIENCE)
    assert demonstration.returncode != 0, messages
    assert output == ""
    assert not any(host.up for host in fleet.hosts)
    assert not list(tmp_path.glob("ocp-demo-*"))


def test_a_response_that_the_process_tables_contradict_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It once printed SUCCESSFUL although it had counted three processes itself."""

    def lie(_inventory: str, response: Path) -> int:
        response.write_text('{"successful":true,"data":{"status":"SUCCESSFUL"}}')
        return 0

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(demo, "_run_playbook", lie)
    monkeypatch.setattr(signal, "signal", lambda *_arguments: None)
    assert demo.main() == 1
    told = capfd.readouterr().err
    assert "the agent still runs on db001 (3 processes), db002 (3 processes), db003 (3 processes)" in told
    assert not list(tmp_path.iterdir())
