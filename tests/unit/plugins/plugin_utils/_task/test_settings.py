# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.settings import (
    age,
    fanout,
    percentage,
    progress,
    timeouts,
    transport,
    workflow_timeout,
)


@pytest.mark.parametrize(("value", "seconds"), [(1, 1), (86400, 86400), ("600", 600), (" 60 ", 60), ("060", 60)])
def test_timeouts(value: object, seconds: int) -> None:
    assert timeouts({"stop": value, "wait": 5}) == {"stop": seconds, "wait": 5}


def test_timeouts_of_every_phase_are_named_after_it() -> None:
    assert timeouts({"restart_pos_proxy": 7, "start": "8"}) == {"restart_pos_proxy": 7, "start": 8}
    with pytest.raises(OcpError, match=r"^ocp_restart_pos_proxy_timeout must be"):
        timeouts({"restart_pos_proxy": 0})


def test_no_timeouts() -> None:
    assert timeouts({}) == {}
    assert timeouts({"stop": "", "wait": 5}) == {"wait": 5}, "a survey sends what nobody filled in as an empty text"


@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        86401,
        True,
        False,
        None,
        1.5,
        60.0,
        " ",
        "x",
        "-1",
        "+5",
        "1_0",
        "1e3",
        "10s",
        "\u0661",
        "\u00b2",
        "{{ 1 }}",
        [],
        {},
        "9" * 5000,
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_refused_timeouts(value: object) -> None:
    with pytest.raises(OcpError, match="ocp_stop_timeout must be a number of seconds from 1 to 86400") as caught:
        timeouts({"stop": value})
    assert caught.value.code is INVALID


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), (100, 100), (33.4, 33.4), ("25", 25), (" 12.5 ", 12.5), ("0", 0), ("100.0", 100), ("", 0), (None, 0)],
)
def test_percentage(value: object, number: float) -> None:
    assert percentage(value) == number


@pytest.mark.parametrize(
    "value",
    [
        -1,
        -0.001,
        100.001,
        101,
        True,
        False,
        " ",
        "x",
        "25%",
        "nan",
        float("nan"),
        "inf",
        "-inf",
        "{{ 1 }}",
        [],
        [25],
        "\u0662\u0665",
        "1_0",
    ],
    ids=ascii,
)
def test_refused_percentages(value: object) -> None:
    with pytest.raises(OcpError, match="ocp_max_fail_percentage must be a number from 0 to 100") as caught:
        percentage(value)
    assert caught.value.code is INVALID


def test_transport() -> None:
    assert [transport(value) for value in (None, "", "auto", "fanout", "task")] == [
        "auto",
        "auto",
        "auto",
        "fanout",
        "task",
    ]


@pytest.mark.parametrize("value", ["ssh", "Auto", True, 1, [], {}, " task"], ids=repr)
def test_refused_transports(value: object) -> None:
    with pytest.raises(OcpError, match="ocp_transport must be auto, fanout or task") as caught:
        transport(value)
    assert caught.value.code is INVALID


@pytest.mark.parametrize(("value", "hosts"), [(None, 500), ("", 500), (1, 1), (" 64 ", 64), ("10000", 10000)])
def test_fanout(value: object, hosts: int) -> None:
    assert fanout(value) == hosts


@pytest.mark.parametrize("value", [0, -1, 10001, True, 1.5, "x", "{{ 1 }}", [], {}], ids=repr)
def test_refused_fanouts(value: object) -> None:
    with pytest.raises(OcpError, match="ocp_fanout must be a number of hosts from 1 to 10000"):
        fanout(value)


@pytest.mark.parametrize(("value", "seconds"), [(None, 5), ("", 5), (0, 0), (" 30 ", 30), ("3600", 3600)])
def test_progress(value: object, seconds: int) -> None:
    assert progress(value) == seconds


@pytest.mark.parametrize("value", [-1, 3601, True, 1.5, "x", "{{ 1 }}", [], {}], ids=repr)
def test_refused_progress(value: object) -> None:
    with pytest.raises(OcpError, match="ocp_progress must be a number of seconds from 0 to 3600"):
        progress(value)


@pytest.mark.parametrize(("value", "seconds"), [("1h", 3600), (" 90d ", 7776000), ("2 w", 1209600)])
def test_age(value: object, seconds: int) -> None:
    assert age("ocp_older_than", value) == seconds


@pytest.mark.parametrize("value", [None, "", 90, "90", "0d", "-1d", "1.5d", "1m", "1y", "{{ 1 }}", [], {}], ids=repr)
def test_refused_ages(value: object) -> None:
    with pytest.raises(OcpError, match="ocp_older_than must be a number of hours, days or weeks"):
        age("ocp_older_than", value)


@pytest.mark.parametrize(("value", "seconds"), [(None, 3600), ("", 3600), (60, 60), (" 120 ", 120), ("604800", 604800)])
def test_workflow_timeout(value: object, seconds: int) -> None:
    assert workflow_timeout(value) == seconds


@pytest.mark.parametrize("value", [0, 59, 604801, -60, True, 60.5, "an hour", "{{ 60 }}", []], ids=repr)
def test_refused_workflow_timeouts(value: object) -> None:
    with pytest.raises(OcpError, match="ocp_workflow_timeout must be a number of seconds from 60 to 604800") as caught:
        workflow_timeout(value)
    assert caught.value.code is INVALID
