# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.carrier import call
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.failure import Failure
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.messages import (
    Answer,
    Frames,
    Job,
    Met,
    Work,
    frame,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.route import Route, Start

JUMP = Route("192.0.2.1", 22, "jump", "gate", keys=("/k",), password="secret")
ROUTE = Route("192.0.2.2", 2222, "admin", "db1", known_hosts=("/a", "/b"), connect_timeout=10, jump=JUMP, alias=True)
REQUEST = {"phase": "prepare", "goal": "stopped", "timeout": 60}


def over_the_wire(document: object) -> t.Any:
    return json.loads(frame(document)[4:])


def test_a_work_arrives_as_it_was_sent() -> None:
    start = Start("exec python3", "[sudo] password:", "BECOME-SUCCESS-x", "secret", (("LANG", "C"),))
    met: dict[str, Met] = {}
    job = Job.load(over_the_wire(Work("db1", REQUEST, ROUTE, start, {"task": 7}).dump()), met)
    assert job == Job("db1", ROUTE, start, call(REQUEST))
    assert met == {"db1": Met(ROUTE, start, {"task": 7})}


def test_the_way_is_told_once() -> None:
    start, later = Start("exec python3"), {**REQUEST, "phase": "stop"}
    work = over_the_wire(Work("db1", later).dump())
    assert set(work) == {"host", "call"}
    met = {"db1": Met(ROUTE, start)}
    assert Job.load(work, met) == Job("db1", ROUTE, start, call(later))
    other = Start("exec python2")
    Job.load(over_the_wire(Work("db1", later, ROUTE, other).dump()), met)
    assert met == {"db1": Met(ROUTE, other)}


@pytest.mark.parametrize(
    "answer",
    [
        Answer("db1", "2026-11-24T10:00:00+00:00", "2026-11-24T10:00:01+00:00", True, output={"changed": True}),
        Answer("db1", "2026-11-24T10:00:00+00:00", "2026-11-24T10:00:01+00:00", False, None, Failure.REFUSED, "no"),
    ],
)
def test_an_answer_arrives_as_it_was_sent(answer: Answer) -> None:
    assert Answer.load(over_the_wire(answer.dump())) == answer


def test_a_frame_says_how_long_it_is() -> None:
    assert frame({"a": "ü"}) == b'\x00\x00\x00\x0f{"a": "\\u00fc"}'


def test_frames_are_told_apart_however_they_come() -> None:
    documents = [{"a": 1}, {}, {"b": "x" * 300}]
    whole = b"".join(map(frame, documents))
    for size in (1, 3, 100, len(whole)):
        frames = Frames()
        pieces = (whole[at : at + size] for at in range(0, len(whole), size))
        assert [document for piece in pieces for document in frames.take(piece)] == documents


def test_passwords_are_in_no_text_for_people() -> None:
    start = Start("exec python3", password="secret")
    assert "secret" not in repr((ROUTE, start, Work("db1", REQUEST, ROUTE, start), Met(ROUTE, start)))
