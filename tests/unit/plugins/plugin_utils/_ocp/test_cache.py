# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.cache import dump, duration, load
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.host_variables import from_api
from tests.ocp_server import host

SOURCE = {"url": "https://ocp", "user": "ansible", "status": [], "keyword": None}
HOSTS = [from_api(host(number)) for number in (1, 2)]


def entry():
    return json.loads(json.dumps(dump(HOSTS, SOURCE, 1000.0)))


def test_what_was_kept_comes_back_with_its_age():
    cached = load(entry(), SOURCE, 1060.0)
    assert (cached.hosts, cached.age) == (HOSTS, 60.0)


@pytest.mark.parametrize(
    ("age", "timeout", "fresh"), [(0, 60, True), (60, 60, True), (61, 60, False), (10**9, 0, True), (-1, 60, False)]
)
def test_freshness(age, timeout, fresh):
    assert load(entry(), SOURCE, 1000.0 + age).is_fresh(timeout) is fresh


@pytest.mark.parametrize("change", [{"url": "https://other"}, {"user": "other"}, {"status": ["NEW"]}, {"keyword": "x"}])
def test_hosts_of_another_source_do_not_serve(change):
    assert load(entry(), {**SOURCE, **change}, 1060.0) is None


@pytest.mark.parametrize("value", [None, [], "x", {}])
def test_what_is_no_entry_is_none(value):
    assert load(value, SOURCE, 1060.0) is None


@pytest.mark.parametrize("broken", [{"hosts": 5}, {"hosts": ["x"]}, {"hosts": [{}]}, {"fetched": "x"}, {"version": 0}])
def test_a_broken_entry_is_none(broken):
    assert load({**entry(), **broken}, SOURCE, 1060.0) is None


def test_a_cache_cannot_bring_in_other_variables():
    changed = entry()
    changed["hosts"][0]["ansible_connection"] = "local"
    changed["hosts"][0]["ocp_services"][0]["evil"] = 1
    assert load(changed, SOURCE, 1060.0).hosts == HOSTS
    changed["hosts"][0]["ansible_host"] = "-oProxyCommand=x"
    assert load(changed, SOURCE, 1060.0) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 seconds"),
        (1, "1 second"),
        (61, "1 minute 1 second"),
        (7500, "2 hours 5 minutes"),
        (90000, "1 day 1 hour"),
    ],
)
def test_durations_are_for_people(seconds, text):
    assert duration(seconds) == text
