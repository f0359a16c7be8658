# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.executor.playbook_executor import PlaybookExecutor
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.waves import Wave, Waves, partition, sizes, waves

IDS = list(range(1001, 1061))


def ansibles(hosts: list[int], serial: list[int | str]) -> list[list[int]]:
    """The batches that Ansible makes of the hosts of a play."""
    inventory = SimpleNamespace(get_hosts=lambda *_pattern, **_order: list(hosts))
    executor: Any = SimpleNamespace(_inventory=inventory)
    play: Any = SimpleNamespace(hosts="all", order=None, serial=serial)
    return PlaybookExecutor._get_serialized_batches(executor, play)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 10**6), unique=True, min_size=1, max_size=200),
    st.lists(st.integers(1, 50) | st.integers(1, 100).map("{}%".format), min_size=1, max_size=6),
)
def test_waves_are_ansibles_batches(ids: list[int], serial: list[int | str]) -> None:
    assert partition(ids, sizes(serial)) == ansibles(ids, serial)


@pytest.mark.parametrize(
    "value",
    [
        [1, 10, "25%"],
        ("1", " 10", "25%"),
        '[1, 10, "25%"]',
        "[1,10,25%]",
        "['1', '10', '25%']",
        "1,10,25%",
        " 1, 10 ,25% ",
    ],
)
def test_forms_of_a_list(value: object) -> None:
    assert sizes(value) == ["1", "10", "25%"]


@pytest.mark.parametrize(("value", "found"), [(7, ["7"]), ("7", ["7"]), ("30%", ["30%"]), (None, []), ("", [])])
def test_other_forms(value: object, found: list[str]) -> None:
    assert sizes(value) == found


@pytest.mark.parametrize(
    "value", [0, -1, "0%", "101%", "25.5%", 2.5, True, [], [1, ""], "[1,", "all", {"a": 1}, [[1]], "1;2", "[]"]
)
def test_what_is_no_size_is_refused(value: object) -> None:
    with pytest.raises(OcpError, match=r"^ocp_waves: ") as caught:
        sizes(value)
    assert caught.value.sub_errors


def test_waves_of_a_request() -> None:
    found = waves(IDS, ["1", "10", "25%"])
    assert [len(part) for part in found.hosts] == [1, 10, 15, 15, 15, 4]
    assert (found.first, found.of) == (1, 6)
    assert str(Wave(2, found.of, 49)) == "wave 2 of 6"


def test_it_goes_on_after_a_host() -> None:
    whole = waves(IDS, ["1", "10", "25%"])
    assert waves(IDS, ["1", "10", "25%"], after="1011") == Waves(whole.hosts[2:], 3)
    inside = waves(IDS, ["1", "10", "25%"], after=1013)
    assert inside.hosts[0] == list(range(1014, 1027)), "the rest of a wave that was begun otherwise"
    assert inside.of == whole.of
    assert [one for part in inside.hosts for one in part] == IDS[13:]


@pytest.mark.parametrize("after", ["1060", 999, "db001", True, "1011%"])
def test_where_nothing_comes_after_it_is_refused(after: object) -> None:
    with pytest.raises(OcpError, match="ocp_waves_after"):
        waves(IDS, ["10"], after=after)
