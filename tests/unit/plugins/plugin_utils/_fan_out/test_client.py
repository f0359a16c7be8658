# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of an action before any host is contacted. tests/fan_out has the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import client
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.route import Route, Start

WORK = client.Work(
    "db1", {"phase": "prepare", "goal": "stopped"}, Route("192.0.2.1", 22, "root", "db1"), Start("python3")
)


def carry_out(folder: Path, *works: client.Work) -> list[tuple[str, client.Answer]]:
    others = {"library": b"", "at_once": 1, "timeout": 1, "keep": True, "begun": print, "cancelled": lambda: False}
    with client.engine(folder) as engine:
        return list(engine.carry_out(works, **others))


def test_nothing_to_do_needs_no_engine(tmp_path: Path) -> None:
    assert carry_out(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_without_asyncssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "find_spec", lambda name: None)
    with pytest.raises(client.EngineGoneError, match="needs asyncssh: pip install asyncssh") as caught:
        carry_out(tmp_path, WORK)
    assert not caught.value.sent
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(client.EngineGoneError, match="No such file or directory") as caught:
        carry_out(tmp_path / "none", WORK)
    assert not caught.value.sent
