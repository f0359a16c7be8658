# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import executor as _executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor

ME = Executor.of(os.getpid(), "192.0.2.7")


def test_every_run_has_a_token_of_its_own() -> None:
    again = Executor.of(os.getpid(), "192.0.2.7")
    assert again.token != ME.token
    assert replace(again, token=ME.token) == ME


def test_who_lives_is_not_gone() -> None:
    assert ME.is_gone() is False
    assert Executor.of(1, "").is_gone() is False


def test_a_pid_that_is_nobodys_or_somebody_elses_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert replace(ME, pid=child.pid).is_gone() is True
    assert replace(ME, start=ME.start + 1).is_gone() is True


@pytest.mark.parametrize(
    "executor",
    [
        replace(ME, boot_id="another machine, or another boot of this one"),
        replace(ME, namespace="pid:[1]"),
        replace(ME, boot_id="", namespace="", start=0),
    ],
)
def test_of_what_lives_elsewhere_nothing_is_known(executor: Executor) -> None:
    assert executor.is_gone() is None
    assert replace(executor, pid=2**22 + 1).is_gone() is None


def test_a_process_that_proc_hides_may_live(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with hidepid: the process is there, and its folder in /proc is not."""
    monkeypatch.setattr(_executor.proc, "stat", lambda _pid: None)
    assert ME.is_gone() is None


def test_the_name_of_a_process_may_hold_anything() -> None:
    program = "import ctypes; ctypes.CDLL(None).prctl(15, b') Z 1 (\\n'); print(flush=True); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], **pipes) as child:  # type: ignore[call-overload]
        child.stdout.readline()
        executor = Executor.of(child.pid, "192.0.2.7")
        assert executor.start >= ME.start
        assert executor.is_gone() is False
        child.communicate(b"\n")
    assert executor.is_gone() is True
