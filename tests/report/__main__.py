# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the picture of docs/report.md, and measures how long a browser takes to open a page of 1,000 hosts."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report.page import of_task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report.view import Page, view
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.ways_on import Caller
from tests.report.browser import browser
from tests.report.made import Made, some_fail

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "images" / "report.png"
SIZE, SCALE = (1060, 1480), 0.75


def page(made: Made) -> str:
    caller = Caller(options=["-i", "inventory.yml"], module_options=["-i", "inventory.yml"])
    facts = [
        ("Store", "sqlite:////home/ops/.local/share/oceanbase-ocp/tasks.db"),
        ("Versions", "oceanbase.ocp 0.1.0, ansible-core 2.20.1, Python 3.11.7"),
    ]
    stopped = len(made.task.targets) - 3
    asked = Page({"stop": stopped}, caller, True, facts, [], "2026-11-28T03:12:20+08:00")
    return of_task(view(made.task, made.logs, asked))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, browser() as found:
        path = Path(folder) / "report.html"
        path.write_text(page(some_fail(24)), encoding="utf-8")
        found.size(*SIZE, SCALE)
        found.open(path)
        PICTURE.parent.mkdir(exist_ok=True)
        found.screenshot(PICTURE)
        print(f"{PICTURE}: {PICTURE.stat().st_size} bytes", file=sys.stderr)
        path.write_text(page(some_fail(1000)), encoding="utf-8")
        found.call("Performance.enable", timeDomain="threadTicks")
        found.open(path)
        loaded = found.js("performance.getEntriesByType('navigation')[0].loadEventEnd")
        metrics = {one["name"]: one["value"] for one in found.call("Performance.getMetrics")["metrics"]}
        elements = found.js("document.querySelectorAll('*').length")
        print(
            f"1,000 hosts: {path.stat().st_size / 1e6:.1f} MB, {elements} elements, "
            f"{metrics['TaskDuration']:.1f} s of CPU, loaded after {loaded / 1000:.1f} s",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
