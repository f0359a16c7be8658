# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML of reports, as far as it can be judged without a browser; tests/report has one."""

from __future__ import annotations

import base64
import hashlib
import re

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report.page import of_refusal, of_task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report.view import Page, refusal, view
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.ways_on import Caller
from tests.report.made import Runs, unreachable

PAGE = Page({"stop": 5}, Caller(), True, [("<b>Label", "<b>text")], [], "2026-11-28T03:20:00+08:00")


def html(name: str = "db001") -> str:
    made = Runs([name, "db002"]).run()
    return of_task(view(made.task, made.logs, PAGE))


def test_the_policy_allows_the_own_script_and_style_and_nothing_else() -> None:
    found = html()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', found)
    assert policy
    hashes = {}
    for tag in ("style", "script"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", found, re.DOTALL)
        hashes[tag] = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert policy[1].replace("&#39;", "'") == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert found.index("Content-Security-Policy") < found.index("<style>")


def test_nothing_is_loaded_and_nothing_is_inline() -> None:
    found = html()
    assert not re.findall(r"""\s(?:src|style|on\w+)\s*=""", re.sub(r"<(script|style)>.*?</\1>", "", found, flags=re.S))
    assert not re.findall(r"https?:|@import|//\w", found.replace("sqlite:////", ""))


def test_a_name_is_no_markup() -> None:
    found = html("<script>alert(1)</script>")
    assert found.count("<script>") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found
    assert "&lt;b&gt;Label" in found


def test_many_hosts_of_one_cause_are_folded() -> None:
    made = Runs([f"db{n}" for n in range(50)]).run({("prepare", n): unreachable(n) for n in range(45)})
    found = of_task(view(made.task, made.logs, PAGE))
    assert "and 5 more</summary>" in found
    assert all(f'<a href="#h{n}">db{n}</a>' in found for n in range(45))


def test_a_refusal() -> None:
    errors = [("hostIds", "<7>", "is unknown")]
    found = of_refusal(refusal("400 COM10001: <no>", [("By", "\x1balice")], errors, PAGE.made))
    assert "400 COM10001: &lt;no&gt;" in found
    assert "&lt;7&gt;" in found
    assert "\\x1balice" in found
