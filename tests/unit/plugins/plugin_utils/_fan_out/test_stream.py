# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer in pieces is found, with the steps before it, and other output is limited."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.log import STEPS
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.host_answer import LARGEST
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.stream import NOISE, Stream

ANSWER = b'\nOCP-ANSWER 1 {"changed": true}\n'
PIECE = 32768


@given(st.binary(max_size=40), st.binary(max_size=40), st.lists(st.integers(0, 120), max_size=6))
def test_an_answer_comes_in_any_pieces_among_any_noise(before: bytes, after: bytes, cuts: list[int]) -> None:
    stream, whole, found = Stream(), before + ANSWER + after, []
    stream.expect("1")
    for begin, end in itertools.pairwise([0, *sorted(cuts), len(whole)]):
        stream.take_in(whole[begin:end])
        if (answer := stream.answer()) is not None:
            found.append(answer)
    assert found == [b'{"changed": true}']
    assert not stream.excess


def test_an_answer_that_comes_twice_or_too_early_is_that_of_no_other_call() -> None:
    stream = Stream()
    stream.take_in(b'OCP-ANSWER 1 {"early": true}\n')
    stream.expect("2")
    stream.take_in(ANSWER + ANSWER)
    assert stream.answer() is None
    stream.take_in(b"\nOCP-ANSWER 2 {}\n\nOCP-ANSWER 2 {}\n")
    assert stream.answer() == b"{}"
    stream.expect("3")
    assert stream.answer() is None
    stream.take_in(b"\nOCP-ANSWER 3 []\n")
    assert stream.answer() == b"[]"


@pytest.mark.parametrize(
    "piece",
    [b"y\n" * (PIECE // 2), b"y" * PIECE, b"\n" * PIECE, b"\nOCP-ANSWER 2 " * 2000],
    ids=["lines", "no_line", "empty_lines", "answers"],
)
@pytest.mark.parametrize("where", ["output", "errors", "both"])
@pytest.mark.parametrize("asked", [True, False])
def test_noise_is_bounded_and_costs_little(piece: bytes, where: str, asked: bool) -> None:
    stream = Stream()
    if asked:
        stream.expect("1")
    begun = time.process_time()
    heard = 0
    while not stream.excess:
        if where != "errors":
            stream.take_in(piece)
            heard += len(piece)
        if where != "output":
            stream.take_in_errors(piece)
            heard += len(piece)
        assert stream.answer() is None
    assert NOISE - len(stream.output) <= heard <= NOISE + 2 * len(piece) + 64
    assert "bytes that are no answer" in stream.excess
    assert time.process_time() - begun < 1
    kept = len(stream.output)
    stream.take_in(piece)
    stream.take_in_errors(piece)
    assert len(stream.output) == kept, "who has said too much is listened to no longer"


def test_noise_counts_anew_for_the_next_call() -> None:
    stream = Stream()
    for number in range(4):
        stream.expect(str(number))
        stream.take_in(b"\n".ljust(NOISE // 2, b"x"))
        stream.take_in(f"\nOCP-ANSWER {number} {{}}\n".encode())
        assert stream.answer() == b"{}"
    assert not stream.excess


def test_an_answer_is_bounded() -> None:
    stream = Stream()
    stream.expect("1")
    stream.take_in(b"\nOCP-ANSWER 1 ")
    begun = time.process_time()
    for _piece in range(2 * LARGEST // PIECE):
        stream.take_in(b"[" * PIECE)
        assert stream.answer() is None
    assert stream.excess == f"its answer has more than {LARGEST} bytes"
    assert len(stream.output) < LARGEST + 2 * PIECE
    assert time.process_time() - begun < 2


def test_a_large_answer_is_one() -> None:
    stream = Stream()
    stream.expect("1")
    text = b'{"x": "%b"}' % (b"y" * (2 * NOISE))
    for begin in range(0, len(text), PIECE):
        stream.take_in(b"\nOCP-ANSWER 1 " + text[:PIECE] if begin == 0 else text[begin : begin + PIECE])
        assert stream.answer() is None
    stream.take_in(b"\n")
    assert stream.answer() == text


def test_what_is_kept_for_people() -> None:
    stream = Stream()
    stream.expect("1")
    stream.take_in(b"x" * 10_000 + b"python: not found\n")
    assert stream.answer() is None
    assert stream.said().endswith(b"x" * 100 + b"python: not found")
    assert len(stream.said()) <= 4096
    stream.take_in_errors(b"killed")
    assert stream.said() == b"killed"


# Steps


def step(number: int) -> bytes:
    return b'\nOCP-STEP 1 {"step": "look", "seconds": %d}\n' % number


@given(st.lists(st.sampled_from([b"", b"x", b"\n", b"\nOCP-ST", b"\nOCP-STEP 2 {}\n"])), st.lists(st.integers(0, 400)))
def test_steps_come_in_any_pieces_among_any_noise(noise: list[bytes], cuts: list[int]) -> None:
    stream, answers, steps = Stream(), [], []
    whole = b"".join(before + step(number) for number, before in enumerate(noise)) + ANSWER + step(99)
    stream.expect("1")
    for begin, end in itertools.pairwise([0, *sorted(cuts), len(whole)]):
        stream.take_in(whole[begin:end])
        answers += [answer] if (answer := stream.answer()) is not None else []
        steps += stream.take_steps()
    assert answers == [b'{"changed": true}'], "nothing among them makes an answer, or breaks one"
    assert [b"\nOCP-STEP 1 %b\n" % text for text in steps] == [step(number) for number in range(len(noise))]


def test_steps_are_of_the_call_that_is_waited_for() -> None:
    stream = Stream()
    stream.take_in(b"OCP-STEP 0 {}\n")
    stream.expect("1")
    stream.take_in(step(1) + b"\nOCP-STEP 2 {}\n" + ANSWER)
    assert (stream.answer(), len(stream.take_steps())) == (b'{"changed": true}', 1)
    stream.expect("2")
    stream.take_in(step(2))
    assert stream.take_steps() == []


@pytest.mark.parametrize(
    "piece",
    [step(1) * 500, b"\nOCP-STEP 1 " * 2000, b"\nOCP-STEP 1 " + b"y" * PIECE],
    ids=["steps", "heads", "no_end"],
)
def test_of_a_host_that_babbles_steps_few_are_heard(piece: bytes) -> None:
    stream = Stream()
    stream.expect("1")
    begun = time.process_time()
    heard = 0
    while not stream.excess:
        stream.take_in(piece)
        heard += len(piece)
        assert stream.answer() is None
    assert "bytes that are no answer" in stream.excess
    assert heard <= NOISE + 3 * len(piece)
    assert time.process_time() - begun < 1
    assert len(stream.take_steps()) <= STEPS


def test_steps_are_no_noise_and_their_number_counts_anew() -> None:
    stream = Stream()
    for _call in range(3):
        stream.expect("1")
        stream.take_in(step(1) * STEPS + ANSWER)
        assert len(stream.take_steps()) == STEPS
        assert stream.answer() == b'{"changed": true}'
        assert b"OCP-STEP" not in stream.said()
