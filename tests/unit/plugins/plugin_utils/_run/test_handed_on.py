# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No playbook or role passes on a variable that a request may set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.handed_on import NAMES, OF_PLAYBOOKS

ROOT = Path(__file__).resolve().parents[5]
FILES = sorted([*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")])


def handed_on(content: Any) -> Iterator[str]:
    """The names that tasks register or set, and that tasks or playbooks pass to their includes and imports."""
    if isinstance(content, list):
        for item in content:
            yield from handed_on(item)
    elif isinstance(content, dict):
        for key, value in content.items():
            if key == "register":
                yield value
            elif key in ("vars", "set_fact", "ansible.builtin.set_fact"):
                yield from value
            else:
                yield from handed_on(value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_handed_on_cannot_be_given(path: Path) -> None:
    found = set(handed_on(yaml.safe_load(path.read_text())))
    assert found <= NAMES | OF_PLAYBOOKS


def test_it_sees_what_is_handed_on() -> None:
    found = {name for path in FILES for name in handed_on(yaml.safe_load(path.read_text()))}
    assert {"ocp_run", "ocp_fan_outs", "phase_name", "stop_result", "ocp_phase_goal", "ocp_operation"} <= found
