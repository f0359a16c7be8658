# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a host, by its answer to the fan-out or the lack of one."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.client import Answer, Failure
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.fan_out_results import FanOutResults
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES

BEGAN, ENDED = "2026-11-23T22:00:01.5+08:00", "2026-11-23T22:00:02.5+08:00"
TIMES = {"started_at": BEGAN, "finished_at": ENDED}

RAN_AS = {"generation": "gen2", "user": "admin", "unit": None, "programs": ["ocp_agentd"]}


def fan_out(phase: str = "stop", *, check_mode: bool = False, **run: Any) -> FanOutResults:
    return FanOutResults.of_phase(phase, a_run(**run), check_mode=check_mode)


def a_run(**run: Any) -> Any:
    task = SimpleNamespace(id=7, timeouts=dict.fromkeys(PHASES, 60))
    return SimpleNamespace(**{"transport": "auto", "the_task": task, "due": {}, "resumed": False, **run})


def answer(failure: Failure | None = None, *, sent: bool = False, **output: Any) -> Answer:
    message = f"it was {failure.value}" if failure else ""
    answered = output if "failed" in output else {"processes": [], **output}
    return Answer("db1", BEGAN, ENDED, sent, None if failure else answered, failure, message)


def test_an_answer_becomes_the_result_that_a_task_would_have() -> None:
    one = fan_out()
    result = one.take("db1", answer(changed=True, home="/h", warnings=["stale"], ansible_facts={"x": 1}))
    assert result == one.answers["db1"] == {**TIMES, "changed": True, "home": "/h", "processes": []}
    assert one.warnings == [("db1", "stale")]
    assert one.result(a_run()) == {
        "changed": True,
        "task": 7,
        "phase": "stop",
        "answers": {"db1": json.dumps(one.answers["db1"])},
        "rest": {},
        "msg": "stop: 1 host in one fan-out",
    }


@pytest.mark.parametrize("transport", ["auto", "fanout"])
@pytest.mark.parametrize(
    ("failure", "sent", "expected"),
    [
        (Failure.DENIED, False, {"unreachable": True, "reason": "not_connected", "msg": "it was denied"}),
        (Failure.MISTRUSTED, False, {"unreachable": True, "reason": "not_connected", "msg": "it was mistrusted"}),
        (Failure.NOT_BECOME, False, {"failed": True, "reason": "not_permitted", "msg": "it was not_become"}),
        (Failure.OVERDUE, False, {"failed": True, "reason": "deadline", "msg": "no answer within 60 s"}),
        (Failure.CANCELLED, False, {"failed": True, "reason": "cancelled"}),
    ],
)
def test_a_failure_that_is_final(transport: str, failure: Failure, sent: bool, expected: dict[str, Any]) -> None:
    one = fan_out(transport=transport)
    result = one.take("db1", answer(failure, sent=sent))
    assert result is not None
    assert {**result, **expected} == result
    assert not one.rest


def test_who_may_have_been_changed_is_said_to() -> None:
    late = fan_out().take("db1", answer(Failure.OVERDUE, sent=True))
    assert late is not None
    assert "not known" in late["msg"]


@pytest.mark.parametrize("failure", [Failure.REFUSED, Failure.NO_ANSWER])
def test_what_ssh_may_be_able_to_do_is_left_to_the_task(failure: Failure) -> None:
    one = fan_out()
    assert one.take("db1", answer(failure)) is None
    text = f"it was {failure.value}"
    assert one.rest == {"db1": {"why": text, "said": text}}
    strict = fan_out(transport="fanout")
    result = strict.take("db1", answer(failure))
    assert result is not None
    assert (bool(result.get("unreachable")), bool(result.get("failed"))) == (
        failure is Failure.REFUSED,
        failure is Failure.NO_ANSWER,
    )


@pytest.mark.parametrize("transport", ["auto", "fanout"])
def test_who_was_lost_in_the_middle_of_a_change_is_asked_again(transport: str) -> None:
    one = fan_out(transport=transport)
    assert one.take("db1", answer(Failure.LOST, sent=True)) is None
    assert one.rest == {"db1": {"why": "it was lost", "lost": "it was lost", "started_at": BEGAN}}
    assert one.take("db2", answer(Failure.NO_ANSWER, sent=True)) is None
    assert one.rest["db2"]["lost"] == "it was no_answer"


@pytest.mark.parametrize(("phase", "check_mode"), [("prepare", False), ("finish", False), ("stop", True)])
@pytest.mark.parametrize("failure", [Failure.LOST, Failure.NOT_CONNECTED])
def test_where_nothing_changes_a_lost_host_is_unreachable(phase: str, check_mode: bool, failure: Failure) -> None:
    one = fan_out(phase, check_mode=check_mode)
    result = one.take("db1", answer(failure, sent=True))
    assert result is not None
    assert (result["unreachable"], result["msg"]) == (True, f"it was {failure.value}")
    assert not one.rest


def test_who_cannot_be_reached_for_a_change_is_tried_for_a_while() -> None:
    one = fan_out()
    assert one.take("db1", answer(Failure.NOT_CONNECTED)) is None
    assert "lost" not in one.rest["db1"]


def test_a_lock_is_waited_for_where_the_last_run_may_hold_it() -> None:
    locked = answer(failed=True, reason="locked", msg="admin.lock is held by 7")
    first = fan_out().take("db1", locked)
    assert first is not None
    assert first["reason"] == "locked"
    again = fan_out(resumed=True)
    assert again.take("db1", locked) is None
    assert again.rest == {"db1": {"why": "admin.lock is held by 7"}}


def test_settings_that_are_not_understood() -> None:
    one, strict = fan_out(), fan_out(transport="fanout")
    for each in (one, strict):
        each.refuse(["db1"], "ansible_connection is local")
    assert one.rest == {"db1": {"why": "ansible_connection is local"}}
    assert strict.answers["db1"]["unreachable"] is True
    assert "ocp_transport=auto" in strict.answers["db1"]["msg"]


def test_a_fan_out_that_breaks_forgets_no_host_and_no_answer() -> None:
    one = fan_out()
    one.take("db1", answer(changed=True))
    one.lose(["db1", "db2"], "the engine is gone", BEGAN)
    assert list(one.answers) == ["db1"]
    assert one.rest == {"db2": {"why": "the engine is gone", "lost": "the engine is gone", "started_at": BEGAN}}
    looking = fan_out("prepare")
    looking.lose(["db2"], "the engine is gone", BEGAN)
    assert looking.rest == {"db2": {"why": "the engine is gone"}}
    looking.refuse(["db1", "db2"], "it broke")
    assert looking.rest == {"db1": {"why": "it broke"}, "db2": {"why": "the engine is gone"}}
    strict = fan_out("prepare", transport="fanout")
    strict.lose(["db2"], "the engine is gone", BEGAN)
    assert strict.answers["db2"]["unreachable"] is True


def test_a_task_hears_where_and_as_what_its_host_was_worked_on_before() -> None:
    due = {"stop": {"db1": {"home": "/h", "ran_as": RAN_AS}, "db2": {}}}
    one = fan_out()
    one.leave(["db1", "db2"], "by ocp_transport")
    why = {"why": "by ocp_transport"}
    assert one.result(a_run(due=due))["rest"] == {"db1": {**why, "home": "/h", "ran_as": RAN_AS}, "db2": why}


def test_lines_for_people() -> None:
    one = fan_out()
    one.take("db1", answer(failed=True, reason="still_running", msg="observer holds it"))
    one.take("db2", answer(Failure.DENIED))
    one.take("db3", answer(changed=True))
    one.leave(["db4", "db5"], "the connection is local")
    one.leave(["db6"], "unknown host key")
    assert one.failures() == ["failed: [db1] observer holds it", "unreachable: [db2] it was denied"]
    assert one.summary() == (
        "stop: 3 hosts in one fan-out; 2 hosts by task: db4, db5 (the connection is local); "
        "1 host by task: db6 (unknown host key)"
    )
    chosen = fan_out()
    chosen.leave(["db1", "db2"])
    assert chosen.summary() == "stop: 2 hosts by task: db1, db2"
