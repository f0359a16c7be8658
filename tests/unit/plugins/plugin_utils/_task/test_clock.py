# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso, iso_now, now_ms

NOON = 1_630_652_470_000  # 2021-09-03T07:01:10Z


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def set_zone(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield set_zone
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "milliseconds", "text"),
    [
        ("CST-8", 636, "2021-09-03T15:01:10.636+08:00"),
        ("CST-8", 630, "2021-09-03T15:01:10.63+08:00"),
        ("CST-8", 600, "2021-09-03T15:01:10.6+08:00"),
        ("CST-8", 0, "2021-09-03T15:01:10+08:00"),
        ("CST-8", 6, "2021-09-03T15:01:10.006+08:00"),
        ("CST-8", 60, "2021-09-03T15:01:10.06+08:00"),
        ("CST-8", 999, "2021-09-03T15:01:10.999+08:00"),
        ("UTC0", 636, "2021-09-03T07:01:10.636+00:00"),
        ("NST3:30", 636, "2021-09-03T03:31:10.636-03:30"),
        ("IST-5:30", 1, "2021-09-03T12:31:10.001+05:30"),
    ],
)
def test_iso(in_zone: Callable[[str], None], zone: str, milliseconds: int, text: str) -> None:
    in_zone(zone)
    assert iso(NOON + milliseconds) == text


@pytest.mark.parametrize("milliseconds", [0, 1, 999, NOON, NOON + 123, 4_102_444_800_001])
@pytest.mark.parametrize("zone", ["UTC0", "CST-8", "NST3:30"])
def test_it_reads_back(in_zone: Callable[[str], None], zone: str, milliseconds: int) -> None:
    in_zone(zone)
    assert round(datetime.fromisoformat(iso(milliseconds)).timestamp() * 1000) == milliseconds


def test_daylight_saving(in_zone: Callable[[str], None]) -> None:
    in_zone("CET-1CEST,M3.5.0,M10.5.0/3")
    assert iso(NOON).endswith("+02:00")
    assert iso(1_610_000_000_000).endswith("+01:00")


def test_now() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= now_ms() <= time.time_ns() // 1_000_000
    assert before <= round(datetime.fromisoformat(iso_now()).timestamp() * 1000) <= now_ms()
