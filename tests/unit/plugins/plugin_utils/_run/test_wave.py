# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import wave
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.waves import Wave


def test_a_run_knows_its_wave(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = wave.Place(tmp_path, Wave(2, 5, 30))
    monkeypatch.setenv(wave.VARIABLE, wave.variable(place))
    assert wave.mine() == place


@pytest.mark.parametrize("value", [None, "", "{}", "[]", "2 of 5", '{"folder": 1, "number": 1, "of": 1, "later": 0}'])
def test_another_run_has_none(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv(wave.VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(wave.VARIABLE, value)
    assert wave.mine() is None


def test_what_a_wave_leaves_is_found(new_task: Callable[..., Task], tmp_path: Path) -> None:
    place = wave.Place(tmp_path, Wave(2, 5, 30))
    assert wave.look(tmp_path).response is None
    task = replace(new_task(2), wave=place.wave)
    wave.leave(place, task, {"stop": 2})
    (tmp_path / wave.RESPONSE).write_text('{"data": {"id": 5000, "status": "RUNNING"}}')
    found = wave.look(tmp_path)
    assert (found.task, found.changed, found.status) == (task, {"stop": 2}, "RUNNING")


@pytest.mark.parametrize(
    ("path", "own"), [(None, ""), ("/r/a.html", "/r/a-2.html"), ("report", "report-2"), ("/r.d/x", "/r.d/x-2")]
)
def test_each_wave_has_a_report_of_its_own(path: str | None, own: str) -> None:
    assert wave.report_file(path, "2") == own
