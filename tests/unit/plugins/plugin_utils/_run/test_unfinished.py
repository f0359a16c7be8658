# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run leaves for its last word, and what becomes of that when the disk is full: /dev/full is one."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from ansible import constants as C

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import unfinished
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request

RUN = Run(Request("688d3147a10b45e8", "192.0.2.7", 1_630_652_470_605), "/tmp/x.json", response={"data": 1})
ANSWER = {"changed": True}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return tmp_path


def test_what_a_run_leaves(folder: Path) -> None:
    unfinished.note_answer("prepare", "db1", ANSWER)
    unfinished.note(RUN, "sqlite:///x.db")
    kept = Run.load(json.loads((folder / "ocp_unfinished.json").read_text())["run"])
    assert kept == replace(RUN, response=None)
    assert unfinished._kept_url() == "sqlite:///x.db"
    assert unfinished.answers(folder) == [], "they are of the phase before"
    unfinished.note_answer("stop", "db1", ANSWER)
    unfinished.note_answer("stop", "db2", ANSWER)
    assert unfinished.answers(folder) == [("stop", "db1", ANSWER), ("stop", "db2", ANSWER)]
    unfinished.forget()
    assert list(folder.iterdir()) == []


def test_a_disk_that_is_full(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    note = folder / "ocp_unfinished.json"
    note.symlink_to("/dev/full")
    unfinished.note(RUN, None)
    assert (note.is_symlink(), note.read_text()) == (False, ""), "no older state is taken for this one"
    warned = " ".join(capsys.readouterr().err.split())
    assert f"{note} cannot be written (No space left on device): make room there" in warned

    unfinished._say_last_word(os.getpid())
    said = capsys.readouterr().err
    assert f"how far it came could not be written to {folder}" in said
    assert "task_retry" in said
    assert list(folder.iterdir()) == []


def test_an_answer_that_there_is_no_room_for(folder: Path) -> None:
    answers = folder / "ocp_answers.jsonl"
    answers.symlink_to("/dev/full")
    unfinished.note_answer("stop", "db1", ANSWER)
    answers.unlink()
    answers.write_text('["stop", "db1", {}]\n["stop", "db2", {"chan')
    assert unfinished.answers(folder) == [("stop", "db1", {})], "the last one is cut off"
