# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (yes|no) \|", re.MULTILINE)


@pytest.mark.parametrize("role", sorted(path.name for path in ROLES.iterdir()))
def test_a_readme_has_every_variable_of_its_role(role: str) -> None:
    specs = yaml.safe_load((ROLES / role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    options = specs["main"]["options"]
    expected = [(name, option["type"], "yes" if option.get("required") else "no") for name, option in options.items()]
    assert ROW.findall((ROLES / role / "README.md").read_text()) == expected
