# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process.waiting import wait_until


def test_it_ends_as_soon_as_it_is_so() -> None:
    looks = iter([False, False, True])
    assert wait_until(lambda: next(looks), 60, 0.001)
    assert list(looks) == []


def test_it_looks_once_more_when_the_time_is_over() -> None:
    """The time may have gone by while this process was stopped."""
    looks = iter([False, True])
    assert wait_until(lambda: next(looks), 0.001, 0.05)


def test_it_ends_when_the_time_is_over() -> None:
    assert not wait_until(lambda: False, 0.01, 0.001)
