# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/troubleshooting.md has an entry for each code and each reason of a host, docs/status.md for each finding."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import BY_REASON, CATALOGUE, Code

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
ENTRIES = dict(re.findall(r"^## (\S+).*?$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_code_has_an_entry_that_says_what_to_do(code: str) -> None:
    assert re.search(r"^\| .+ \| .+ \|$", ENTRIES[code], re.MULTILINE)


@pytest.mark.parametrize(("reason", "code"), BY_REASON.items())
def test_a_reason_is_in_the_entry_of_its_code(reason: str, code: Code) -> None:
    assert f"`{reason}`" in ENTRIES[code.code]


def test_the_page_of_the_status_has_every_finding() -> None:
    program = (ROOT / "plugins" / "module_utils" / "_agent" / "findings.py").read_text()
    kinds = set(re.findall(r'_add\("(\w+)"', program))
    assert len(kinds) > 10
    page = (ROOT / "docs" / "status.md").read_text()
    assert {kind for kind in kinds if f"`{kind}`" not in page} == set()
