# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that print too much, or no answer, and their neighbours."""

from __future__ import annotations

import time

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.carrier import resident
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.client import Failure
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.route import Start
from tests.fan_out.run import Playbook, further_work, residents, wait_for, work
from tests.fleet import Fleet, Host

START = resident("python3")
LINES = "yes; :"
BYTES = "cat /dev/zero; :"
PATIENCE = 60  # seconds; a failure here never ends by itself


def flooding(host: Host) -> bool:
    return any(process.comm in ("yes", "cat") for process in host.processes() if not process.dead)


FLOODS = {
    "lines before Python": Start(LINES),
    "bytes before Python": Start(BYTES),
    "on standard error": Start("yes >&2; :"),
    "beside Python": Start(f"yes & {START}"),
    "beside Python, on standard error": Start(f"yes >&2 & {START}"),
    "lines during become": Start(LINES, success="BECOME-SUCCESS-x"),
    "errors during become": Start("yes >&2; :", prompt="[sudo] password:", success="BECOME-SUCCESS-x", password="x"),
    "after become": Start("echo BECOME-SUCCESS-x; cat /dev/zero; :", success="BECOME-SUCCESS-x"),
}


@pytest.mark.parametrize("start", FLOODS.values(), ids=FLOODS)
def test_a_host_that_never_stops_to_talk_fails_alone(hosts: Fleet, playbook: Playbook, start: Start) -> None:
    host, *others = hosts.hosts
    begun = time.monotonic()
    sleep = 3 if START in start.command else 0
    answers = playbook.phase([work(host, start=start, sleep=sleep), *(work(other) for other in others)], timeout=30)
    assert time.monotonic() - begun < PATIENCE
    assert all(answers[other.name].output for other in others)
    answer = answers[host.name]
    assert (answer.failure, answer.output) == (Failure.NO_ANSWER, None), answer
    assert "bytes that are no answer" in answer.message
    wait_for(lambda: not flooding(host) and not host.sshd_processes()[1], "the connection is still there")
    assert playbook.one(work(host)).output


def test_a_flood_behind_the_answer_costs_the_next_phase_nothing(hosts: Fleet, playbook: Playbook) -> None:
    host, other = hosts.hosts[:2]
    start = Start(f"(sleep 2; exec yes) & {START}")
    assert playbook.one(work(host, start=start)).output
    wait_for(lambda: not flooding(host) and not residents(host), "it is listened to for ever")
    begun = time.monotonic()
    answers = playbook.phase([work(host), work(other)])
    assert all(answer.output for answer in answers.values()), answers
    assert time.monotonic() - begun < PATIENCE


def test_a_run_with_floods_can_be_cancelled(hosts: Fleet, playbook: Playbook) -> None:
    """Hosts at work finish; waiting hosts do not begin."""
    first, second, *others = hosts.hosts
    start = Start(f"yes & {START}")
    works = [*(work(host, start=start, sleep=60) for host in (first, second)), *(work(host) for host in others)]
    phase = playbook.begin(works, at_once=2, timeout=60)
    playbook.cancel.touch()
    begun = time.monotonic()
    answers = phase.end()
    assert time.monotonic() - begun < PATIENCE
    assert {answers[host.name].failure for host in (first, second)} <= {Failure.NO_ANSWER, Failure.CANCELLED}
    assert {answers[host.name].failure for host in others} == {Failure.CANCELLED}


def test_an_answer_that_comes_twice_is_not_that_of_the_next_phase(hosts: Fleet, playbook: Playbook) -> None:
    host = hosts.hosts[0]
    answers = [playbook.one(work(host, times=2, echo=phase)).output for phase in ("prepare", "stop", "finish")]
    assert [answer and answer["echo"] for answer in answers] == ["prepare", "stop", "finish"]


@pytest.mark.parametrize(
    "text",
    [
        '{"stopped_at": NaN}',
        '{"x": 1e999}',
        '{"x": ' + "[" * 900 + "]" * 900 + "}",
        '{"x": ' + "[" * 100_000,
        "[1]",
        '{"half',
        "",
    ],
    ids=["NaN", "infinity", "deep", "deeper", "a list", "cut off", "empty"],
)
def test_what_is_no_answer_fails_its_host_alone(hosts: Fleet, playbook: Playbook, text: str) -> None:
    host, other = hosts.hosts[:2]
    answers = playbook.phase([work(host, answer=text), work(other, sleep=1)])
    assert (answers[host.name].failure, answers[host.name].sent) == (Failure.NO_ANSWER, True)
    assert answers[other.name].output
    assert playbook.phase([further_work(host), further_work(other)])[host.name].output


def test_a_message_of_a_shell_is_printable(hosts: Fleet, playbook: Playbook) -> None:
    start = Start(r"printf '\033[2J\377\000\342\200\256no shell' >&2; exit 3")
    answer = playbook.one(work(hosts.hosts[0], start=start))
    assert answer.failure is Failure.NO_ANSWER
    assert answer.message == "exit status 3: \\x1b[2J\ufffd\\x00\\u202eno shell"
