# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures as they arrive, and the limit on failed logins, by the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from oceanbase_ocp.http.attempts import Attempts
from oceanbase_ocp.http.errors import NotLoggedOnError
from oceanbase_ocp.http.signed import Arrived, Signatures
from tests.http.client import signature

# The published test vector.
ACCESS_KEY, SECRET_KEY = "cqammmxBpfGjFlto", "2fc0c299cc94c6be266f2ceece765d4d"
KEYS = {ACCESS_KEY: SECRET_KEY, "other": "0" * 32}
DATE = "Tue, 17 Jan 2023 09:13:57 GMT"
THEN = datetime(2023, 1, 17, 9, 13, 57, tzinfo=UTC).timestamp()
VECTOR = Arrived(
    "POST",
    "/api/v2/compute/idcs",
    "",
    {
        "authorization": f"OCP-ACCESS-KEY-HMACSHA1 {ACCESS_KEY}:XN8P+O+v3vUabB16ZCooq5wMJoY=",
        "content-type": "application/json",
        "date": DATE,
        "host": "ocp.alibaba.net:8080",
        "x-ocp-data": "A,1",
    },
    b'{"name":"test01","description":"test","regionId":1}',
)


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def signatures(clock: Clock, *public_hosts: str) -> Signatures:
    """As of a service whose store has no signature yet. It keeps each for ever."""
    used: set[str] = set()

    def use_up(digest: str, seconds: int) -> bool:
        assert seconds == 30 * 60
        is_first = digest not in used
        used.add(digest)
        return is_first

    return Signatures(use_up, public_hosts, clock)


def with_headers(arrived: Arrived, **headers: str) -> Arrived:
    return replace(arrived, headers={**arrived.headers, **headers})


@pytest.mark.parametrize("seconds", [0, 899, -899])
def test_the_published_vector(seconds: int) -> None:
    assert signatures(Clock(THEN + seconds)).check(VECTOR, KEYS) == ACCESS_KEY


@pytest.mark.parametrize(
    "arrived",
    [
        replace(VECTOR, body=VECTOR.body.replace(b"1}", b"2}")),
        replace(VECTOR, body=b""),
        replace(VECTOR, method="PUT"),
        replace(VECTOR, path="/api/v2/compute/idc"),
        replace(VECTOR, query="a=1"),
        with_headers(VECTOR, host="ocp.example.com"),
        with_headers(VECTOR, date="Tue, 17 Jan 2023 09:13:58 GMT"),
        with_headers(VECTOR, **{"x-ocp-data": "A,2"}),
        with_headers(VECTOR, **{"x-ocp-more": ""}),
        with_headers(VECTOR, **{"content-type": "text/plain"}),
        with_headers(VECTOR, authorization="OCP-ACCESS-KEY-HMACSHA1 other:XN8P+O+v3vUabB16ZCooq5wMJoY="),
        with_headers(VECTOR, authorization="OCP-ACCESS-KEY-HMACSHA1 unknown:XN8P+O+v3vUabB16ZCooq5wMJoY="),
        with_headers(VECTOR, authorization=f"OCP-ACCESS-KEY-HMACSHA1 {ACCESS_KEY}:"),
        with_headers(VECTOR, authorization="OCP-ACCESS-KEY-HMACSHA1 \xe9"),
        with_headers(VECTOR, date="yesterday"),
        with_headers(VECTOR, date="Tue, 17 Jan 2023 09:13:57 -0000"),
        with_headers(VECTOR, date=""),
    ],
)
def test_what_was_not_signed_is_refused(arrived: Arrived) -> None:
    with pytest.raises(NotLoggedOnError):
        signatures(Clock(THEN)).check(arrived, KEYS)


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 17 Jan 2023 09:13:57 -0000",
        "Tue, 17 Jan 2023 17:13:57 +0800",
        "Tuesday, 17-Jan-23 09:13:57 GMT",
        "Tue Jan 17 09:13:57 2023",
    ],
)
def test_forms_of_the_date(date: str) -> None:
    headers = {"Date": date, "Host": "localhost"}
    signed = signature("GET", "/time", headers, b"", ACCESS_KEY, SECRET_KEY)
    arrived = Arrived("GET", "/time", "", {"date": date, "host": "localhost", "authorization": signed}, b"")

    assert signatures(Clock(THEN)).check(arrived, KEYS) == ACCESS_KEY


@pytest.mark.parametrize("seconds", [901, -901])
def test_a_clock_that_is_more_than_15_minutes_off(seconds: int) -> None:
    with pytest.raises(NotLoggedOnError, match="15 minutes"):
        signatures(Clock(THEN + seconds)).check(VECTOR, KEYS)


def test_a_replay_is_refused_for_as_long_as_it_would_be_good() -> None:
    clock = Clock(THEN)
    service = signatures(clock)
    service.check(VECTOR, KEYS)
    for clock.now in (THEN, THEN + 1, THEN + 900):
        with pytest.raises(NotLoggedOnError, match="repeated"):
            service.check(VECTOR, KEYS)


def test_a_query_may_be_asked_twice_within_a_second() -> None:
    clock = Clock(THEN)
    service = signatures(clock)
    headers = {"Date": DATE, "Host": "localhost:8080"}
    signed = signature("GET", "/tasks/instances?size=1&page=2", headers, b"", ACCESS_KEY, SECRET_KEY)
    lower = {"authorization": signed, "date": DATE, "host": "localhost:8080"}
    arrived = Arrived("GET", "/tasks/instances", "size=1&page=2", lower, b"")
    for clock.now in (THEN, THEN + 1):
        assert service.check(arrived, KEYS) == ACCESS_KEY
    clock.now = THEN + 60
    with pytest.raises(NotLoggedOnError, match="repeated"):
        service.check(arrived, KEYS)


def test_behind_a_proxy_that_changes_the_host() -> None:
    arrived = with_headers(VECTOR, host="127.0.0.1:8080")
    with pytest.raises(NotLoggedOnError):
        signatures(Clock(THEN)).check(arrived, KEYS)
    assert signatures(Clock(THEN), "other", "ocp.alibaba.net:8080").check(arrived, KEYS) == ACCESS_KEY


def test_failed_logins() -> None:
    clock = Clock(0)
    attempts = Attempts(clock)
    for _time in range(5):
        assert attempts.wait("192.0.2.1", "alice") == 0
        attempts.note("192.0.2.1", "alice")
    assert attempts.wait("192.0.2.1", "alice") > 0
    assert attempts.wait("192.0.2.1", "bob") == attempts.wait("192.0.2.2", "alice") == 0
    for number in range(45):
        attempts.note("192.0.2.1", f"user{number}")
    assert attempts.wait("192.0.2.1", "bob") > 0
    clock.now = 61
    assert attempts.wait("192.0.2.1", "alice") == attempts.wait("192.0.2.1", "bob") == 0
