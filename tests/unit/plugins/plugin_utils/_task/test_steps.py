# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is at, in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import log
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.steps import _TEXTS, told


@pytest.mark.parametrize(
    ("step", "ago", "text"),
    [
        ({"step": "terminate_and_kill", "seconds": 20.0}, 14.2, "SIGTERM 14 s ago, SIGKILL in 6 s"),
        ({"step": "terminate_and_kill", "seconds": 20.0}, 31, "SIGTERM 31 s ago, SIGKILL in 0 s"),
        ({"step": "kill"}, 2, "SIGKILL 2 s ago"),
        ({"step": "unit_stop", "name": "x.service", "seconds": 9}, 3, "systemctl stop x.service for 3 s"),
        ({"step": "settle", "seconds": 3}, 1, "waiting whether it stays so, for 2 s"),
        ({"step": "unit_start"}, 3, "systemctl start ? for 3 s"),
        ({"step": "of_a_later_version", "seconds": 3}, 1, ""),
    ],
)
def test_what_is_told(step: dict[str, object], ago: float, text: str) -> None:
    assert told(step, ago) == text


def test_a_name_from_a_host_is_no_template() -> None:
    assert told({"step": "unit_stop", "name": "{left.__class__}"}, 1) == "systemctl stop {left.__class__} for 1 s"


def test_the_host_program_has_these_words() -> None:
    used: set[str] = set()
    for path in Path(log.__file__).parent.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        used.update(re.findall(r"""\.at\(\"(\w+)\"""", text), re.findall(r"""self\._terminate\(\"(\w+)\"""", text))
        used.update(re.findall(r"""self\._signal\(\"SIGKILL\", \"(\w+)\"""", text))
    assert used == set(_TEXTS)
