# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import CATALOGUE

PAGE = Path(__file__).resolve().parents[3] / "docs" / "errors.md"


def test_the_page_is_the_catalogue() -> None:
    rows = [
        f"| {code.code} | {f'{code.legacy} ' if code.legacy is not None else ''}| {int(code.status)} | {code.meaning} |"
        for code in CATALOGUE.values()
    ]
    families = ("| COM", "| IAM", "| CMP", "| TSK", "| BAK")
    assert [line for line in PAGE.read_text().splitlines() if line.startswith(families)] == rows
