# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When people are told how far a phase is, and in which words."""

from __future__ import annotations

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.progress import Progress


def progress(hosts: int = 10, every: float = 5) -> Progress:
    return Progress("stop", hosts, 600, every, 100)


def lines(one: Progress, since: int, until: int) -> list[int]:
    """The seconds at which there is a line."""
    return [now for now in range(since, until) if one.line(now)]


def test_a_phase_that_is_quick_has_no_line() -> None:
    one = progress(1)
    one.begun("db1", 100)
    assert lines(one, 100, 105) == []
    one.ended("db1", failed=False)
    assert lines(one, 105, 200) == []


def test_a_line_tells_the_slowest_hosts_by_name() -> None:
    one = progress()
    for number in range(7):
        one.begun(f"db{number}", 100 + number)
    one.ended("db0", failed=True)
    one.ended("db2", failed=False)
    assert one.line(110) == (
        "stop: 2 of 10 hosts, 1 failed, 3 to begin, at work: db1 for 9 s, db3 for 7 s, db4 for 6 s and 2 more"
    )


def test_lines_come_every_few_seconds_while_something_changes() -> None:
    one = progress(100)
    found = []
    for second in range(100, 120):
        one.begun(f"db{second}", second)
        one.ended(f"db{second}", failed=False)
        found += lines(one, second, second + 1)
    assert found == [105, 110, 115]


def test_lines_come_every_half_minute_while_nothing_changes() -> None:
    one = progress()
    one.begun("db1", 100)
    one.ended("db1", failed=False)
    assert lines(one, 100, 200) == [105, 135, 165, 195]


@pytest.mark.parametrize("every", [5, 60])
def test_a_cancel_is_told_at_once_and_how_long_it_takes_at_most(every: int) -> None:
    one = progress(every=every)
    one.begun("db1", 100)
    one.begun("db2", 101)
    one.cancelled()
    assert one.line(102) == (
        "stop: 0 of 10 hosts, cancelled, no other host is begun, 599 s at most for those at work, "
        "at work: db1 for 2 s, db2 for 1 s"
    )
    assert lines(one, 102, 200) == list(range(102 + max(every, 30), 200, max(every, 30)))


def test_a_cancel_with_no_host_at_work_has_no_line() -> None:
    one = progress()
    one.cancelled()
    assert lines(one, 100, 104) == []


def test_a_program_is_told_within_a_second_of_each_change() -> None:
    one = progress(2, every=0)
    first = one.for_program(100)
    assert first == {
        "phase": "stop",
        "hosts": 2,
        "done": 0,
        "failed": 0,
        "working": 0,
        "waiting": 2,
        "cancelled": False,
        "slowest": [],
    }
    assert one.for_program(129) is None
    one.begun("db1", 129)
    one.begun("db2", 129)
    one.stepped("db2", TERMINATED, 129)
    found = one.for_program(129.5) or {}
    assert (found["working"], found["waiting"]) == (2, 0)
    assert found["slowest"] == [
        {"host": "db1", "seconds": 0.5, "at": ""},
        {"host": "db2", "seconds": 0.5, "at": "SIGTERM 0 s ago, SIGKILL in 20 s"},
    ]
    one.ended("db1", failed=True)
    assert one.for_program(130) is None
    found = one.for_program(130.6) or {}
    assert (found["done"], found["failed"], len(found["slowest"])) == (1, 1, 1)
    one.ended("db2", failed=False)
    found = one.for_program(130.7) or {}
    assert found["done"] == 2, "the end is told at once"
    assert one.for_program(131.9) is None, "and once"


def test_nothing_is_told_when_it_is_off() -> None:
    one = progress(every=0)
    one.begun("db1", 100)
    one.cancelled()
    assert lines(one, 100, 300) == []


TERMINATED = {"step": "terminate_and_kill", "seconds": 20}


def test_a_line_tells_what_the_slowest_hosts_are_at() -> None:
    one = progress(37)
    for number in range(37):
        one.begun(f"db{number}", 100)
        if number != 20:
            one.ended(f"db{number}", failed=False)
            one.stepped(f"db{number}", TERMINATED, 100)  # too late
    one.stepped("db20", {"step": "of_a_later_version"}, 101)
    assert one.line(106) == "stop: 36 of 37 hosts, at work: db20 for 6 s"
    one.stepped("db20", TERMINATED, 107)
    assert one.line(121) == "stop: 36 of 37 hosts, at work: db20 for 21 s (SIGTERM 14 s ago, SIGKILL in 6 s)"
    one.stepped("db20", {"step": "kill"}, 127)
    assert lines(one, 127, 200) == [127, 157, 187], "a step is a change"


def test_after_a_cancel_the_steps_say_what_is_awaited() -> None:
    one = progress()
    one.begun("db1", 100)
    one.stepped("db1", TERMINATED, 101)
    one.cancelled()
    assert one.line(103) == (
        "stop: 0 of 10 hosts, cancelled, no other host is begun, 597 s at most for those at work, "
        "at work: db1 for 3 s (SIGTERM 2 s ago, SIGKILL in 18 s)"
    )
