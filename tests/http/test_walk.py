# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented calls by curl, run as they are printed, on hosts with agents."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/http-walk.md"

pytestmark = pytest.mark.fleet


def commands(page: str) -> list[str]:
    """The commands of a page, without what differs from run to run."""
    return re.findall(r"(?m)^\$ (.*)$", re.sub(r"(instances|subtasks)/\d+|\"id\": \d+", r"\1", page))


def test_the_calls_of_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"

    subprocess.run([sys.executable, ROOT / "tools/http_walk.py", "--page", page], check=True, timeout=600)

    text = page.read_text()
    assert commands(text) == commands(PAGE.read_text())
    answers = [json.loads(found) for found in re.findall(r"(?m)^(\{\n(?:.*\n)*?\})\n```", text)]
    tasks = [answer["data"] for answer in answers if "subtasks" in answer.get("data", {})]
    assert [(task["id"], task["operation"], task["status"]) for task in tasks] == [
        (1, "EXECUTE", "RUNNING"),
        (1, "EXECUTE", "FAILED"),
        (1, "RETRY", "RUNNING"),
        (1, "RETRY", "SUCCESSFUL"),
        (2, "EXECUTE", "RUNNING"),
        (2, "EXECUTE", "SUCCESSFUL"),
    ]
    listed = [entry for answer in answers for entry in answer.get("data", {}).get("contents", [])]
    processes = {entry["alias"]: entry["status"] for entry in listed if "startCommand" in entry}
    assert processes == dict.fromkeys(("ocp_agentd", "ocp_mgragent", "ocp_monagent"), "STARTED")
    refused = [(answer["status"], answer["error"]["code"]) for answer in answers if "error" in answer]
    assert refused == [
        (500, "CMP07002"),
        (401, "IAM10000"),
        (403, "IAM11000"),
        (404, "CMP07005"),
        (409, "TSK10007"),
        (405, "COM10001"),
    ]
