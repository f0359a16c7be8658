# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ocp-agents where it becomes ansible-playbook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cores import PATIENCE
from tests.integration.refusals import HOSTS, Listener, inventory


@pytest.mark.parametrize("arguments", [["retry", "4711"], ["skip", "4711", "1,2"]])
def test_a_task_is_taken_up_in_the_store_that_was_chosen(
    listener: Listener, tmp_path: Path, arguments: list[str]
) -> None:
    url, hosts = f"sqlite:///{tmp_path}/tasks.db", inventory(tmp_path, listener, HOSTS)
    run = subprocess.run(
        [sys.executable, "-m", "oceanbase_ocp", "task", *arguments, "-i", hosts, "--check", "-e", "ocp_agnet_home=/x"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "OCP_TASK_STORE": url},
        timeout=PATIENCE,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert "did you mean ocp_agent_home?" in run.stdout + run.stderr
    run = subprocess.run(
        [sys.executable, "-m", "oceanbase_ocp", "--task-store", url, "task", *arguments, "-i", hosts],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert f"404 TSK10001: the task store {url} has no task 4711" in run.stdout + run.stderr
    assert not listener.contacted()
