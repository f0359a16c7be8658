# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a run, also on a full disk (/dev/full)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from ansible import constants as C

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import journal, last_word
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request

RUN = Run(Request("688d3147a10b45e8", "192.0.2.7", 1_630_652_470_605), "/tmp/x.json", response={"data": 1})
ANSWER = {"changed": True}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return tmp_path


def test_what_a_run_leaves(folder: Path) -> None:
    assert not journal.exists()
    journal.note_answer("prepare", "db1", ANSWER)
    journal.note(RUN)
    assert journal.exists()
    assert journal.read() == replace(RUN, response=None)
    assert journal.answers() == [], "they are of the phase before"
    journal.note_answer("stop", "db1", ANSWER)
    journal.note_answer("stop", "db2", ANSWER)
    assert journal.answers() == journal.answers(folder) == [("stop", "db1", ANSWER), ("stop", "db2", ANSWER)]
    journal.forget()
    assert list(folder.iterdir()) == []


def test_check_mode_leaves_nothing(folder: Path) -> None:
    journal.note(replace(RUN, check_mode=True))
    assert list(folder.iterdir()) == []


def test_a_disk_that_is_full(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal.note(RUN)
    note = folder / "ocp_run.json"
    (folder / "ocp_run.new").symlink_to("/dev/full")
    journal.note(RUN)
    assert note.read_text() == "", "no older state is taken for this one"
    assert [path.name for path in folder.iterdir()] == [note.name]
    warned = " ".join(capsys.readouterr().err.split())
    assert f"{note} cannot be written (No space left on device): make room there" in warned

    said = last_word.say(None, Executor.of(os.getpid(), ""))
    assert f"how far it came could not be written to {folder}" in said
    assert "task_retry" in said
    assert list(folder.iterdir()) == []


def test_an_answer_that_there_is_no_room_for(folder: Path) -> None:
    answers = folder / "ocp_answers.jsonl"
    answers.symlink_to("/dev/full")
    journal.note_answer("stop", "db1", ANSWER)
    answers.unlink()
    answers.write_text('["stop", "db1", {}]\n["stop", "db2", {"chan')
    journal.note_answer("stop", "db3", ANSWER)
    assert journal.answers() == [("stop", "db1", {}), ("stop", "db3", ANSWER)], "one is cut off"


@pytest.mark.parametrize("name", ["ansible-local-4711abcdefgh", "of_somebody_else"])
def test_what_a_killed_run_leaves_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """In a folder that ansible-core has made for this process everything is removed, in any other only our files."""
    folder = tmp_path / name
    (folder / "theirs").mkdir(parents=True)
    (folder / "ocp_run.json").touch()
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(folder))
    journal.clear(4711)
    left = [path.name for path in folder.iterdir()] if folder.exists() else None
    assert left == (None if name.startswith("ansible") else ["theirs"])


def test_the_last_word_waits_for_a_worker_that_writes(folder: Path) -> None:
    """It does not wait for ever. The kernel releases the lock of a killed worker."""
    program = f"""
import time
from ansible import constants
constants.DEFAULT_LOCAL_TMP = {str(folder)!r}
from {journal.__name__.rpartition(".")[0]} import journal
journal.join()
print("joined", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout
        assert worker.stdout.readline() == "joined\n"
        begun = time.monotonic()
        journal.wait_for_workers(0.5)
        assert time.monotonic() - begun >= 0.5
        worker.kill()
    begun = time.monotonic()
    journal.wait_for_workers(30)
    assert time.monotonic() - begun < 10
