# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/recording.cast is what docs/recording.md tells of it, and is small."""

from __future__ import annotations

import json
import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[3] / "docs"
RECORD = DOCS / "recording.cast"
FIVE = ("db007", "db023", "db031", "db042", "db055")


def chapters() -> dict[str, str]:
    """The text of each chapter, without colours."""
    found, text = {}, ""
    for line in RECORD.read_text().splitlines()[1:]:
        _moment, kind, data = json.loads(line)
        if kind == "m":
            found[data], text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text), ""
        else:
            text += data
    return found


def test_it_is_an_asciicast_of_the_second_version() -> None:
    head = json.loads(RECORD.read_text().splitlines()[0])
    assert head["version"] == 2
    assert head["width"] > 0
    assert head["idle_time_limit"] > 0


def test_its_chapters_are_those_of_the_page() -> None:
    page = (DOCS / "recording.md").read_text()
    assert list(chapters()) == [name for name in re.findall(r"^\| (\w+) \|", page, re.MULTILINE) if name != "chapter"]


def test_the_status_and_the_last_screen_name_the_five() -> None:
    found = chapters()
    last_screen = found["stop"].rpartition("PLAY RECAP")[2]
    assert [host for host in FIVE if host not in found["status"].rpartition("HOSTS ")[2]] == []
    assert [host for host in FIVE if host not in last_screen] == []
    assert "did you mean ocp_agent_home" in found["mistake"]
    assert re.search(r"stop: \d+ of \d+", found["stop"])
    assert "5 stopped" in found["after"]


def test_record_and_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in (RECORD, *DOCS.glob("images/recording-*.svg"))) < 500_000
