# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report file of a run: written for a task and for a refusal; where it cannot be, no host is contacted.

A run that is killed has its report in test_interrupted.py, pages themselves are in tests/report.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import unescape
from pathlib import Path

from tests.fleet import Fleet, HostSpec
from tests.integration.cores import Core
from tests.integration.test_screen import last_screen

StartFleet = Callable[[Sequence[HostSpec]], Fleet]


def text_of(path: Path) -> str:
    """What a page says, without its markup."""
    page = re.sub(r"<(script|style)>.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def test_the_report_of_a_run(newest_way: Core, start_fleet: StartFleet, response_file: Path, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="no_agent")])
    nowhere, report = tmp_path / "none/report.html", tmp_path / "report.html"

    refused = newest_way.stop_fleet(fleet, response_file, ocp_report_file=str(nowhere))
    assert refused.status == 2, refused.output
    assert f"The report cannot be written to {nowhere}: No such file or directory. No host" in refused.output
    assert refused.task["status"] == "FAILED"  # and its response file does not say RUNNING for ever
    assert len(fleet.hosts[0].agent_names()) == 3

    run = newest_way.stop_fleet(fleet, response_file, ocp_report_file=str(report), ocp_max_fail_percentage=50)
    assert run.status == 2, run.output
    lines = last_screen(run)
    assert f"Report:{report}Response:" in "".join(lines).replace(" ", "")
    page = text_of(report)
    assert lines[0] in page
    assert "✓ 1 stopped and verified" in page
    assert "CMP07019 no OCP Agent at " in page
    assert re.search(r"ocp_agentd \(pid \d+\) of user \w+, \S+: SIGTERM at [\d:.]+; ended at ", page)
    assert "nothing of the agent runs, and nothing came back" in page
    assert "oceanbase.ocp.task_retry -e task_id=" in page

    refused = newest_way.stop_fleet(fleet, response_file, ocp_report_file=str(report), host_ids=[4711])
    assert refused.status == 2, refused.output
    page = text_of(report)
    assert "REFUSED" in page
    assert "404 CMP07005: no host of the inventory has the variable ocp_host_id with 4711" in page
