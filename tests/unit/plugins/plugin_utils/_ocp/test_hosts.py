# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.client import ClientError, OcpClient, Password
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.hosts import read_hosts
from tests.ocp_server import OcpServer, envelope, host


@pytest.fixture
def ocp():
    with OcpServer([host(number) for number in range(1, 8)]) as server:
        yield server


def read(ocp, **options):
    hosts, warnings = read_hosts(OcpClient(ocp.url, Password(ocp.user, ocp.password)), **{"page_size": 3, **options})
    return [found["id"] for found in hosts], warnings


def test_all_pages_are_read_in_order(ocp):
    assert read(ocp) == ([1, 2, 3, 4, 5, 6, 7], [])
    assert [request.query["page"] for request in ocp.requests] == ["1", "2", "3"]


def test_no_hosts_is_an_answer(ocp):
    ocp.hosts.clear()
    assert read(ocp) == ([], [])


def test_filters_are_passed_on(ocp):
    ocp.hosts[1]["status"] = "OFFLINE"
    ocp.hosts[2]["status"] = "NEW"
    ocp.hosts[3]["name"] = "a b&c=d+é"
    assert read(ocp, status=["OFFLINE", "NEW"]) == ([2, 3], [])
    assert read(ocp, keyword="a b&c=d+é") == ([4], [])


def test_a_host_that_appears_twice_is_one_host_and_none_is_missed(ocp):
    def insert(number):
        if number == 2:
            ocp.hosts.insert(0, host(0x7FFF))
            ocp.hosts[0]["id"] = 0  # it comes first, and moves all others one place down

    ocp.before_answer = insert
    assert read(ocp) == ([0, 1, 2, 3, 4, 5, 6, 7], [])
    assert len(ocp.requests) == 6


def test_a_host_that_slips_to_the_page_before_is_not_missed(ocp):
    def remove(number):
        if number == 2:
            del ocp.hosts[0]  # host 4 is now on page 1, which was read before

    ocp.before_answer = remove
    assert read(ocp) == ([2, 3, 4, 5, 6, 7], [])


def test_pages_that_go_away_end_the_reading(ocp):
    def shrink(number):
        if number == 2:
            del ocp.hosts[2:]

    ocp.before_answer = shrink
    assert read(ocp) == ([1, 2], [])


def test_hosts_that_never_hold_still_are_taken_as_they_are_with_a_warning(ocp):
    ocp.before_answer = lambda number: ocp.hosts.append(host(100 + number))
    ids, (warning,) = read(ocp)
    assert set(range(1, 8)) <= set(ids)
    assert "changed each of the 3 times" in warning
    assert "some may be missing" in warning


def test_a_pager_that_repeats_itself_is_an_error(ocp):
    ocp.script.extend(
        envelope({
            "contents": [host(1)],
            "page": {"number": 1, "size": 1, "totalElements": 2 + number, "totalPages": 2 + number},
        })
        for number in range(50)
    )
    with pytest.raises(ClientError, match="have no end"):
        read(ocp)
    assert len(ocp.requests) == 2


def test_a_pager_without_an_end_is_bounded(ocp, monkeypatch):
    monkeypatch.setattr("ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.hosts.MAX_HOSTS", 20)
    ocp.script.extend(
        envelope({
            "contents": [host(3 * number + each) for each in range(3)],
            "page": {"number": number, "size": 3, "totalElements": 10**9, "totalPages": 10**9},
        })
        for number in range(50)
    )
    with pytest.raises(ClientError, match="have no end"):
        read(ocp)
    assert len(ocp.requests) == 7


def test_the_documented_list_without_totals_is_read_too(ocp):
    ocp.alter_page = lambda page: page["page"].pop("totalElements")
    assert read(ocp) == ([1, 2, 3, 4, 5, 6, 7], [])


def test_hosts_without_an_id_are_left_out_with_a_warning(ocp):
    ocp.hosts.append(host(8, name="nameless"))
    ocp.alter_page = lambda page: page.update(contents=[
        {**each, "id": "x"} if each["name"] == "nameless" else each for each in page["contents"]
    ])
    ids, (warning,) = read(ocp)
    assert ids == [1, 2, 3, 4, 5, 6, 7]
    assert warning.startswith("1 of the hosts")


@pytest.mark.parametrize("data", [None, [], {"contents": []}, {"contents": {}, "page": {"totalPages": 1}},
                                  {"contents": [], "page": {"totalPages": "1"}}, {"contents": [], "page": []}])
def test_what_is_no_page_is_an_error(ocp, data):
    ocp.script.append(envelope(data))
    with pytest.raises(ClientError, match="no page of hosts"):
        read(ocp)
