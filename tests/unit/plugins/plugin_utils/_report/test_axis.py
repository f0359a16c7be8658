# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report.axis import WIDTH, Axis, moment


def test_one_run() -> None:
    axis = Axis([(100, 102), (101, 110)], UTC)
    assert (axis.at(100), axis.at(105), axis.at(110)) == (0, WIDTH / 2, WIDTH)
    assert [(tick.x, tick.label) for tick in axis.ticks()][:3] == [(0, "00:01:40"), (200, "+2 s"), (400, "+4 s")]


def test_the_hours_before_a_retry_take_little_room() -> None:
    axis = Axis([(0, 5), (7200, 7205)], UTC)
    assert (axis.at(5), axis.at(7200), axis.at(7205)) == (440, 560, WIDTH)
    assert [tick.label for tick in axis.ticks() if tick.first] == ["00:00:00", "02:00:00"]
    assert axis.seconds == 10


def test_nothing_has_run() -> None:
    axis = Axis([], UTC)
    assert (axis.ticks(), axis.seconds) == ([], 0)


@pytest.mark.parametrize("runs", [1, 3, 30])
def test_ticks_are_few_and_in_order(runs: int) -> None:
    axis = Axis([(n * 1000, n * 1000 + 33.3) for n in range(runs)], UTC)
    places = [tick.x for tick in axis.ticks()]
    assert places == sorted(places)
    assert 0 <= places[0] <= places[-1] <= WIDTH
    assert len(places) <= 2 * runs + 6


def test_a_moment_that_is_none() -> None:
    assert moment("yesterday") is None
    assert moment("1970-01-01T00:00:01.5+00:00") == 1.5
