# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md is short, and lists every plugin, role and playbook with a link."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text()
KINDS = ("callback", "connection", "filter", "inventory", "lookup", "modules", "strategy", "test", "vars")


def test_it_lists_everything() -> None:
    public = [
        *(path for kind in KINDS for path in ROOT.glob(f"plugins/{kind}/[!_]*.py")),
        *ROOT.glob("playbooks/*.yml"),
        *ROOT.glob("roles/*/README.md"),
    ]
    assert len(public) > 30
    missing = [str(path.relative_to(ROOT)) for path in public if f"]({path.relative_to(ROOT)})" not in README]
    assert missing == []


def test_it_is_short() -> None:
    assert len(README.splitlines()) < 150
