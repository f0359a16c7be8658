# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reader of the agent's YAML agrees with a YAML library, or refuses the text."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.settings import SettingsError, settings_in

WANTED = (("runDir",), ("services", "*", "runDir"))
SHIPPED = """\
runDir: ${obagent.home.path}/run
logDir: ${obagent.home.path}/log
services:
  ob_mgragent:
    program: ${obagent.home.path}/bin/ob_mgragent
    runDir: ${obagent.home.path}/run
    #kill_wait: 0s
    finalWait: 5s
#    limit:
#      cpuQuota: 2.0

  ob_monagent:
    args:
    - -c
    - "a: b"
    limit: {cpuQuota: 2.0, memoryQuota: 2048MB}
    runDir: '/it''s'  # its own
"""


def wanted_of(document: Any) -> dict[tuple[str, ...], str]:
    """The wanted settings of a document that a library has read."""
    found = {}
    if isinstance(document, dict):
        services = document.get("services")
        named = services.items() if isinstance(services, dict) else []
        places = [(("runDir",), document.get("runDir"))] + [
            (("services", str(name), "runDir"), service.get("runDir")) for name, service in named
            if isinstance(service, dict)
        ]
        found = {keys: value for keys, value in places if value not in (None, "")}
    return found


def test_the_files_as_shipped() -> None:
    assert settings_in(SHIPPED.encode(), WANTED) == {
        ("runDir",): "${obagent.home.path}/run",
        ("services", "ob_mgragent", "runDir"): "${obagent.home.path}/run",
        ("services", "ob_monagent", "runDir"): "/it's",
    }


@pytest.mark.parametrize("text", [
    "", "# nothing\n", "---\n---\nrunDir: /x", "---\nrunDir: /x\n---\nrunDir: /y\n", "'runDir': \"/x y\" # z",
    "\ufeffrunDir: /x\r\nlogDir: /y\r\n",
    "a: |\n  runDir: /z\nrunDir: /y", "a: b\n runDir c\nrunDir: /x", "list:\n- runDir: /z\n- b\nrunDir: /x",
    "runDir: ~",
    "%YAML 1.1\n---\nrunDir: /x\n...\n", "a: it's\nrunDir: /b", "a: {b: [c]}\nrunDir: /x#y", "services:\nrunDir: /x",
])
def test_what_it_reads(text: str) -> None:
    assert settings_in(text.encode(), WANTED) == wanted_of(next(yaml.safe_load_all(text), None))


PIECES = [
    "runDir: /x", "runDir:", "services:", "a:", "  b:", "    runDir: /y", "  runDir: /z", "- c", "  - d: e", "a: |",
    "a: 'b",
    "c'", "a: {b: c", "}", "---", "# d", "  # e", "runDir: &f /x", "runDir: *f", "<<: *f", "? g", "a: \"b\\\"\"",
    "\trunDir: /t",
    "runDir: '/q'", "    c: d", "services: {b: {runDir: /y}}", "/x", "    /x", "a: [b]", "...", "runDir: >",
    "\"runDir\": /k",
]


@given(st.lists(st.sampled_from(PIECES), max_size=7))
@example(["  b:", "runDir: /x"])
@example(["runDir:", "# d", "    c: d"])
@example(["  b:", "# d", "    runDir: /y"])
@example(["---", "    c: d", "  d: e", "runDir: /x"])
def test_it_is_right_or_refuses(lines: list[str]) -> None:
    text = "\n".join(lines)
    try:
        found = settings_in(text.encode(), WANTED)
    except SettingsError:
        return
    try:
        document = next(yaml.safe_load_all(text), None)
    except yaml.YAMLError:
        return  # the agent cannot read it either
    assert found == wanted_of(document)
