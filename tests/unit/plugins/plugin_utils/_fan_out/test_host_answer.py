# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Valid answers of a host. No answer of one host changes the result of another."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import difference
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.client import Answer
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.failure import Failure
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.host_answer import (
    LARGEST,
    AnswerError,
    checked,
    of_module,
    parsed,
    step,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.messages import frame
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.fan_out_results import FanOutResults
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.host_results import no_answer
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.outcomes import collect
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.subtask_log import blocks
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task

BEGAN, ENDED = "2026-11-23T22:00:01.5+08:00", "2026-11-23T22:00:02.5+08:00"
PROCESS = {"program": "ocp_agentd", "pid": 7, "user": "root", "executable": "/h/bin/ocp_agentd"}
HONEST = {
    "changed": True,
    "home": "/home/admin/ocp_agent",
    "processes": [{**PROCESS, "signal": "SIGTERM", "seconds": 3.5}],
    "ran_as": {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]},
    "stopped_at": 86412.27,
    "boot_id": "6c2b5b5e-7f0d-4b43-9c9e-0d7b3f9f7a10",
    "warnings": ["ocp_agentd (pid 9) has no proof"],
    "log": [[0.02, "SIGTERM to ocp_agentd (pid 7)"], [3, "gone"]],
}
FAILED = {"changed": False, "failed": True, "reason": "locked", "msg": "held", "processes": [], "log": []}


@pytest.mark.parametrize("answer", [HONEST, FAILED, {**HONEST, "ran_as": None, "warnings": []}])
def test_an_honest_answer_stays_as_it_is(answer: dict[str, Any]) -> None:
    assert checked(parsed(json.dumps(answer)), "stop") == answer


def test_a_host_sets_nothing_on_the_controller() -> None:
    more = {"ansible_facts": {"x": 1}, "ansible_stats": {}, "started_at": "never", "unreachable": True, "diff": {}}
    assert checked({**HONEST, **more}, "stop") == HONEST
    process = {**PROCESS, "more": [1]}
    assert checked({**HONEST, "processes": [process]}, "stop")["processes"] == [PROCESS]


def test_texts_become_printable() -> None:
    said = checked({**FAILED, "msg": "\x1b[2Jheld\u202e", "log": [[1, "\x07"]], "warnings": ["\x9b"]}, "stop")
    assert (said["msg"], said["log"], said["warnings"]) == ("\\x1b[2Jheld\\u202e", [[1, "\\x07"]], ["\\x9b"])


DEEP = "[" * 900 + "]" * 900
NO_ANSWERS = [
    "",
    "null",
    "[]",
    '"text"',
    "{",
    '{"changed": NaN}',
    '{"changed": true, "processes": [], "stopped_at": NaN}',
    '{"changed": true, "processes": [], "stopped_at": -Infinity}',
    '{"changed": true, "processes": [], "x": 1e999}',
    '{"changed": true, "processes": [], "x": ' + "9" * 5000 + "}",
    '{"changed": true, "processes": [], "x": ' + DEEP + "}",
    '{"changed": true, "processes": [], "x": ' + "[" * 10**5 + "}",
    '{"changed": true, "processes": [], "x": "' + "y" * LARGEST + '"}',
    "{}",
    '{"changed": true}',
    '{"processes": []}',
    '{"failed": true}',
    '{"failed": true, "msg": "x", "changed": true, "processes": [], "failed": false}',
    '{"changed": true, "processes": [{"program": "x", "pid": 1, "pid": 2}]}',
    '{"failed": 1, "msg": "x"}',
    '{"failed": "no", "changed": true, "processes": []}',
]
OTHER_VALUES = [
    ("changed", [1, "true", None, [], {}]),
    ("warnings", [5, "text", {"a": 1}, [5], [["x"]], [None], ["x" * 9000]]),
    ("processes", [None, {}, [5], [[]], [{}], [{**PROCESS, "pid": "7"}], [{**PROCESS, "pid": True}]]),
    ("processes", [[{**PROCESS, "pid": 0}], [{**PROCESS, "pid": 2**64}], [{**PROCESS, "program": 5}]]),
    ("processes", [[{**PROCESS, "seconds": "3"}], [{**PROCESS, "seconds": -1}], [{"pid": 7}], [PROCESS] * 10_001]),
    ("ran_as", ["root", [], {"user": 5}, {"programs": "x"}, {"unit": "a\nb"}, {"user": "\x1b"}, {"unit": ["x"]}]),
    ("home", [None, 5, "", " ", "/h\n", "/h\x1b[2J", "/h\u202e", "/" * 5000, "/h\udcff"]),
    ("log", [None, {}, [5], [[1]], [["1", "x"]], [[1, 5]], [[-1, "x"]], [[1e9, "x"]], [[1, "x" * 501]]]),
    ("log", [[[0, "x"]] * 501]),
    ("stopped_at", ["1", None, True, -1, 1e300, [1]]),
    ("boot_id", [None, 5, "\x00", "x" * 300]),
    ("reason", [None, 5, "Locked", "a b", "\x1b", ["locked"]]),
    ("msg", [None, 5, ["x"], "x" * 9000]),
    ("exception", [None, 5]),
    ("generations", [None, "gen2", [5], [None]]),
    ("removed", [None, 5, {}, [5]]),
]


@pytest.mark.parametrize("text", NO_ANSWERS, ids=range(len(NO_ANSWERS)))
def test_what_is_no_answer(text: str) -> None:
    with pytest.raises(AnswerError) as caught:
        checked(parsed(text), "stop")
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()
    with pytest.raises(AnswerError):
        checked(parsed(text.encode()), "stop")


@pytest.mark.parametrize(("key", "values"), OTHER_VALUES)
def test_a_value_of_another_form_makes_it_none(key: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(AnswerError, match=f"its answer is not one to stop: {key}") as caught:
            checked({**HONEST, key: value}, "stop")
        assert len(str(caught.value)) < 500


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(AnswerError):
        parsed(b'{"changed": true, "processes": [], "x": "\xff"}')


@pytest.mark.parametrize("phase", PHASES)
def test_what_comes_after_a_success_finds_what_it_reads(phase: str) -> None:
    least = {"changed": True, "processes": []}
    needed = {"start": {"generations": ["gen2"]}, "finish": {"removed": []}}.get(phase, {})
    assert difference(phase, checked({**least, **needed}, phase))
    if needed:
        with pytest.raises(AnswerError, match="is missing"):
            checked(least, phase)


def test_a_failure_has_to_say_why_and_nothing_else() -> None:
    assert checked({"failed": True, "msg": "why"}, "finish") == {"failed": True, "msg": "why"}


# The ordinary module, whose output Ansible has read


def test_what_the_module_says() -> None:
    newer = SimpleNamespace(event=SimpleNamespace(msg="new\x1b"))
    said = {**HONEST, "invocation": {}, "warnings": ["old", newer], "_ansible_parsed": True}
    assert checked(of_module(said), "stop") == {**HONEST, "warnings": ["old", "new\\x1b"]}


@pytest.mark.parametrize("warnings", [5, "text", None, {"a": 1}])
def test_warnings_of_the_module_that_are_none(warnings: object) -> None:
    assert of_module({**HONEST, "warnings": warnings})["warnings"] == []


def test_a_module_that_printed_something_else() -> None:
    said = {"failed": True, "msg": "MODULE FAILURE", "module_stdout": "\x1b" * 9000, "exception": object(), "rc": 1}
    found = checked(of_module(said), "stop")
    assert found["failed"]
    assert found["msg"].startswith("MODULE FAILURE: \\x1b")
    assert "exception" not in found


# One host's answer and another's result

KEYS = [*HONEST, *FAILED, "generations", "ready_at", "removed", "exception", "unreachable", "x"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
ALMOST = st.builds(lambda base, changes: {**base, **changes}, st.sampled_from([HONEST, FAILED, {}]), st.dictionaries(
    st.sampled_from(KEYS), JSON, max_size=3))


class HostVars:
    def __init__(self, variables: dict[str, Any]) -> None:
        self.raw_get = variables.__getitem__
        self._variables = variables

    def __contains__(self, host: str) -> bool:
        return host in self._variables


def through_the_fan_out(text: str) -> dict[str, Any]:
    """What the barrier finds of a stop in which one host answers with this text, and the other is honest."""
    task = SimpleNamespace(id=5000, timeouts=dict.fromkeys(PHASES, 60))
    run: Any = SimpleNamespace(transport="fanout", the_task=task, due={}, resumed=False)
    fan_out = FanOutResults.of_phase("prepare", run, check_mode=False)
    for host, said in (("host0", text), ("host1", json.dumps(HONEST))):
        try:
            answer = Answer(host, BEGAN, ENDED, True, parsed(said))
        except AnswerError as error:
            answer = Answer(host, BEGAN, ENDED, True, None, Failure.NO_ANSWER, str(error))
        fan_out.take(host, Answer.load(json.loads(frame(answer.dump())[4:])))
    assert fan_out.failures() == [line for line in fan_out.failures() if line.isprintable()]
    return {"localhost": {"ocp_fan_outs": {**fan_out.result(run), "earlier": "{}"}}}


def through_tasks(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {"localhost": {}}
    for host, said in (("host0", text), ("host1", json.dumps(HONEST))):
        try:
            answer = checked(parsed(said), "prepare")
        except AnswerError as error:
            answer = no_answer(str(error), changing=False)
        found[host] = {"prepare_result": {**answer, "task": 5000, "started_at": BEGAN, "finished_at": ENDED}}
    return found


@pytest.mark.parametrize("transport", [through_the_fan_out, through_tasks])
@given(text=(ALMOST | JSON).map(json.dumps) | st.text())
@example(json.dumps({**HONEST, "stopped_at": float("nan")}))
@example(json.dumps({**HONEST, "warnings": 5}))
@example('{"changed": true, "processes": [], "warnings": [], "x": ' + DEEP + "}")
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_answer_of_one_host_changes_anothers_result(
    new_task: Callable[..., Task], transport: Callable[[str], dict[str, Any]], text: str
) -> None:
    task = new_task(2, max_fail_percentage=70)
    outcomes = collect(task, "prepare", HostVars(transport(text)))
    expected = collect(task, "prepare", HostVars(transport(json.dumps(HONEST))))
    assert outcomes[1] == expected[1]
    settled = task.settle("prepare", outcomes)
    assert task.pass_wait("prepare", BEGAN, ENDED)
    logs = blocks(task, settled, "0123456789abcdef")
    for written in (task.dump(), logs, {index: asdict(outcome) for index, outcome in outcomes.items()}):
        json.dumps(written, allow_nan=False, ensure_ascii=False).encode()
    by_host = {subtask.parallel_idx: subtask.status for subtask in task.subtasks if subtask.phase == "prepare"}
    assert by_host[1] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"step": "settle", "seconds": 3.5, "name": "x.service", "later": [1]}', ("settle", 3.5, "x.service")),
        ('{"step": "look"}', ("look", None, None)),
        ('{"step": "look", "seconds": -1}', None),
        ('{"step": "look", "seconds": NaN}', None),
        ('{"step": "look", "seconds": "3"}', None),
        ('{"step": "look", "seconds": 1e300}', None),
        ('{"step": "look", "name": "\\u001b[31m"}', None),
        ('{"step": "look", "name": "x\\nfailed: [db002]"}', None),
        (json.dumps({"step": "look", "name": "x" * 65}), None),
        ('{"step": "Look at me"}', None),
        ('{"step": ["look"]}', None),
        ('{"seconds": 3}', None),
        ("[]", None),
        ("{", None),
    ],
)
def test_a_step_is_a_word_a_number_and_a_name_or_nothing(text: str, found: tuple[object, ...] | None) -> None:
    told = step(text.encode())
    assert (told and (told["step"], told.get("seconds"), told.get("name"))) == found
