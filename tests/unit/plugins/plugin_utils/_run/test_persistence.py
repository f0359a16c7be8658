# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.persistence import chosen, transient


@pytest.mark.parametrize(
    ("given", "in_awx", "said"),
    [
        ("none", False, "the task is not kept"),
        ("none", True, "the task is not kept"),
        (None, True, "the task is not kept"),
        ("", True, "the task is not kept"),
        ("sqlite:////runner/tasks.db", True, "on the job's own disk only"),
        (None, False, None),
        ("sqlite:////var/lib/tasks.db", False, None),
        ("postgresql+psycopg://db/tasks", True, None),
    ],
)
def test_whether_a_task_can_be_asked_for_later(
    monkeypatch: pytest.MonkeyPatch, given: str | None, in_awx: bool, said: str | None
) -> None:
    monkeypatch.delenv("AWX_PRIVATE_DATA_DIR", raising=False)
    if in_awx:
        monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/runner")
    words = transient(chosen(given))
    assert (words is None) == (said is None)
    if words and said:
        assert said in words
        assert "cannot be asked for later" in words
