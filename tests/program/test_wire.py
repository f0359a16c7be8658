# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and answers of the host program are the same in every Python."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier

# The host program with its imports. It returns its request.
ECHO = """
import sys
loaded = set(sys.modules)
library = {"__name__": "ocp_agent"}
with open(sys.argv[1]) as stream:
    exec(compile(stream.read(), "ocp_agent", "exec"), library)
assert not {"enum", "json", "re"} & (set(sys.modules) - loaded), sorted(set(sys.modules) - loaded)
sys.stdout.write(library["as_json"](library["value_of"](sys.argv[2])) + "\\n")
"""
VALUES = [
    None,
    [True, False, 0, 1, -7, 10**12, 0.25, 1e-07, 1e22],
    {},
    {"home": "/home/admin/ocp_agent", "nested": {"list": [[], {"": None}]}},
    ["", "'\"\\/", "\0\b\t\n\r\x1b\x7f", "u'", "\\u00e4", "%s{}"],
    ["h\xf6me", "\u0100\u4e2d\uffff", "\U0001f600\U0010ffff", "\u2028\xa0"],
    {"h\xf6me \U0001f600": "/h\xf6me"},
]


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_what_is_told_comes_back(every_python: Path, tmp_path: Path, value: object) -> None:
    (tmp_path / "library").write_bytes(carrier.library([{"phase": "stop"}]))
    command = [every_python, "-E", "-s", "-S", "-c", ECHO, tmp_path / "library", carrier.expression(value)]
    said = subprocess.run(command, capture_output=True, check=True, env={"LC_ALL": "C"}).stdout
    assert said.isascii()
    assert json.loads(said) == value


@pytest.mark.parametrize("value", [{1, 2}, object()], ids=["set", "object"])
def test_what_json_cannot_carry_is_no_request(value: object) -> None:
    with pytest.raises(TypeError):
        carrier.expression(value)
