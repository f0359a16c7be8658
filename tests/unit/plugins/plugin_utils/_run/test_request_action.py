# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.request_action import Asked
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError

OTHER = Executor.nobody("192.0.2.9")


def asked(**given: Any) -> Asked:
    return Asked(**{**dict.fromkeys(Asked.__dataclass_fields__), **given})


def test_response_and_report_are_two_files(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    one = asked(response_file=str(tmp_path / "out"), report_file=str(tmp_path / "link/out"))
    assert (one.own_file, one.own_report) == (one.response_file, None)
    with pytest.raises(OcpError, match="response and report cannot be one file"):
        one.check_files()
    two = asked(response_file=str(tmp_path / "out"), report_file=str(tmp_path / "out.html"))
    two.check_files()
    assert two.own_report == two.report_file


def test_a_file_of_another_run_is_left_alone(tmp_path: Path) -> None:
    for kind in ("response", "report"):
        held = "held_by" if kind == "response" else "report_held_by"
        one = asked(**{f"{kind}_file": str(tmp_path / "out"), held: OTHER})
        assert (one.own_file, one.own_report) == (None, None)
        with pytest.raises(OcpError, match=f"two runs cannot write one {kind} file: give ocp_{kind}_file another path"):
            one.check_files()
