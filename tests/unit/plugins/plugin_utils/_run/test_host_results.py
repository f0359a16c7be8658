# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.host_results import (
    Results,
    earlier,
    fan_out,
    no_answer,
    overdue,
)


class HostVars:
    """Like Ansible's: raw_get gives a host's variables untemplated, an item would template them."""

    def __init__(self, **variables: dict[str, Any]) -> None:
        self._variables = variables
        self.raw_get = variables.__getitem__

    def __contains__(self, host: str) -> bool:
        return host in self._variables


BY_TASK, IN_FAN_OUT = {"msg": "by task", "task": 7}, {"msg": "in the fan-out"}
ANSWERS = {"db1": json.dumps(IN_FAN_OUT)}


def found(host: str, fan_out: dict[str, Any] | None) -> Any:
    localhost = {} if fan_out is None else {"ocp_fan_outs": {"phase": "stop", "earlier": "{}", **fan_out}}
    hostvars = HostVars(localhost=localhost, db1={"stop_result": BY_TASK}, db2={"stop_result": BY_TASK}, db3={})
    return Results(hostvars, 7).of("stop", host)


def test_the_answer_of_the_fan_out_counts() -> None:
    assert found("db1", {"task": 7, "answers": ANSWERS, "rest": {}}) == IN_FAN_OUT


def test_who_was_left_to_the_task_has_its_result() -> None:
    assert found("db2", {"task": 7, "answers": ANSWERS, "rest": {"db2": {"why": ""}}}) == BY_TASK
    assert found("db3", {"task": 7, "answers": {}, "rest": {"db3": {"why": ""}}}) is None


@pytest.mark.parametrize(
    "fan_out",
    [
        {"task": 7, "answers": {}, "rest": {}},
        {"task": 6, "answers": ANSWERS, "rest": {"db2": {"why": ""}}},
        {"answers": {}, "rest": {}},
        {"failed": True, "msg": "it broke"},
        {"skipped": True},
    ],
    ids=["forgotten", "of another task", "nothing due", "failed", "skipped"],
)
def test_a_result_of_an_earlier_operation_in_the_same_run_does_not_count(fan_out: dict[str, Any]) -> None:
    assert found("db1", fan_out) is None
    assert found("db2", fan_out) is None


def test_roles_that_are_used_by_themselves_have_no_fan_out() -> None:
    assert found("db1", None) == BY_TASK
    assert Results(HostVars(db1={"stop_result": BY_TASK}), 7).of("stop", "db1") == BY_TASK


@pytest.mark.parametrize("other", [{"msg": "a variable of the inventory"}, {"task": 6, "msg": "of another task"}])
def test_what_nobody_has_registered_for_this_task_is_no_result(other: dict[str, Any]) -> None:
    assert Results(HostVars(db1={"stop_result": other}), 7).of("stop", "db1") is None


@pytest.mark.parametrize("failed", [{"failed": True, "msg": "a template is wrong"}, {"unreachable": True, "msg": "x"}])
def test_what_failed_before_it_came_to_the_task_is_a_result(failed: dict[str, Any]) -> None:
    assert Results(HostVars(db1={"stop_result": failed}), 7).of("stop", "db1") == failed


def test_no_answer() -> None:
    assert no_answer("it is no JSON", changing=False) == {"failed": True, "reason": "no_answer", "msg": "it is no JSON"}
    assert "how far it came is not known" in no_answer("it is no JSON", changing=True)["msg"]


def test_overdue() -> None:
    assert overdue(60, changing=False) == {"failed": True, "reason": "deadline", "msg": "no answer within 60 s"}
    assert "how far it came is not known" in overdue(600, changing=True)["msg"]


def test_of_an_earlier_fan_out_there_is_what_later_phases_ask_for() -> None:
    stopped = {"changed": True, "stopped_at": 7.5, "boot_id": "b", "msg": "long", "log": [[0.1, "long"]]}
    prepare = {"phase": "prepare", "task": 7, "answers": {"db1": "{}"}, "rest": {}, "earlier": "{}"}
    before = json.dumps(earlier({"ocp_fan_outs": prepare}, 7))
    answers = {"db1": json.dumps(stopped)}
    stop = {**prepare, "phase": "stop", "answers": answers, "rest": {"db2": {"why": ""}}, "earlier": before}
    start = {"phase": "start", "task": 7, "answers": {}, "rest": {}}
    localhost = {"ocp_fan_outs": {**start, "earlier": json.dumps(earlier({"ocp_fan_outs": stop}, 7))}}
    results = Results(HostVars(localhost=localhost, db1={}, db2={"stop_result": BY_TASK}), 7)
    assert results.of("stop", "db1") == {"changed": True, "stopped_at": 7.5, "boot_id": "b"}
    assert results.of("stop", "db2") == BY_TASK
    assert results.of("prepare", "db1") == {}
    assert fan_out(localhost, "prepare", 7) == {"answers": {"db1": "{}"}, "rest": {}}
    assert earlier({"ocp_fan_outs": stop}, 8) == earlier({}, 7) == {}, "of another task, and of none"
