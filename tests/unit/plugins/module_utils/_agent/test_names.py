# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host program matches names by hand, since importing re costs time on a host. Here re gives the right answers."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import home as agent_home
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import scripts as agent_scripts
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import unit_files as agent_unit_files

NAMES = [
    (
        agent_scripts.is_interpreter,
        r"(platform-)?(python|pypy|bash|dash|sh|perl)[0-9.]*[a-z]{0,2}(-[a-z]+)?",
        ["", "platform-", "python", "pypy", "bash", "sh", "3.11", "9", "m", "dbg", "-", "P", "\n", "\u00b2", "\u00e4"],
    ),
    (
        agent_unit_files.is_service,
        r"[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*\.service",
        ["", ".service", "ocp", "Z", "-", "--", "@", "\\x2d", ":_", ".", "/", " ", "\n", "\u00e4"],
    ),
    (
        agent_home._is_pid,
        r"[1-9][0-9]{0,9}",
        ["", "0", "1", "9", "41", "12345", "-", "+", " ", "\n", "_", "\u00b2", "\u0661"],
    ),
]


@pytest.mark.parametrize(("is_one", "pattern", "parts"), NAMES, ids=["interpreter", "service", "pid"])
def test_names_are_told_apart(is_one: Callable[[str], object], pattern: str, parts: list[str]) -> None:
    expected = re.compile(pattern)
    names = {"".join(chosen) for chosen in itertools.product(parts, repeat=4)}
    assert any(map(expected.fullmatch, names))
    wrong = [name for name in names if bool(is_one(name)) != bool(expected.fullmatch(name))]
    assert not wrong
