# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._errors import INVALID, NO_CONNECTION, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import Outcome, Task

NewTask = Callable[..., Task]
# A public sample of OCP's API: OCP 3.1, "Batch stop basic OCP Agent processes on a host".
SAMPLE = json.loads((Path(__file__).parents[2] / "fixtures/batch-stop-agents.json").read_text())
REQUEST = Request("688d3147a10b45e8", "192.0.2.7", 1_630_652_470_605)
NOT_PART_OF_THE_SHAPE = {"listMap", "stringMap"}  # their keys are data


def differences(actual: Any, sample: Any, *, more: bool = False, path: str = "response") -> list[str]:
    """Where the key sets and types of two documents differ. more: additional keys are no difference.

    The elements of an array are all compared with the sample's first one, whose array may not be empty then.
    """
    if type(actual) is not type(sample):
        return [f"{path} is {type(actual).__name__}, not {type(sample).__name__}"]
    found = []
    if isinstance(sample, dict):
        missing, additional = sample.keys() - actual.keys(), actual.keys() - sample.keys()
        found += [f"{path}.{key} is missing" for key in sorted(missing)]
        found += [] if more else [f"{path}.{key} is not in the sample" for key in sorted(additional)]
        for key in sample.keys() & actual.keys():
            found += differences(actual[key], sample[key], more=more, path=f"{path}.{key}")
    elif isinstance(sample, list) and sample:
        for index, item in enumerate(actual):
            found += differences(item, sample[0], more=more, path=f"{path}[{index}]")
    return found


def by_name(response: dict[str, Any]) -> list[dict[str, Any]]:
    """The subtasks without what is arbitrary, in an order that is not: along the graph."""
    subtasks = {subtask["id"]: subtask for subtask in response["data"]["subtasks"]}

    def depth(subtask: dict[str, Any]) -> int:
        return 1 + max([depth(subtasks[other]) for other in subtask["upstreams"]], default=0)

    arbitrary = ("id", "seriesId", "upstreams", "downstreams")
    return [
        {key: value for key, value in subtask.items() if key not in arbitrary}
        for subtask in sorted(subtasks.values(), key=depth)
    ]


def finished(task: Task, success: Outcome) -> Task:
    for number in range(3):
        due = task.due()
        assert due
        task.settle(dict.fromkeys(due[1], success))
        if number < 2:
            task.pass_wait("2021-09-03T15:01:13+08:00", "2021-09-03T15:01:13+08:00")
    task.close("2021-09-03T15:01:20+08:00")
    return task


def test_the_comparison_sees_differences() -> None:
    assert differences(SAMPLE, SAMPLE) == []
    assert differences({**SAMPLE, "status": "200"}, SAMPLE) == ["response.status is str, not int"]
    assert differences({**SAMPLE, "more": 1}, SAMPLE) == ["response.more is not in the sample"]
    assert differences({key: value for key, value in SAMPLE.items() if key != "data"}, SAMPLE) == [
        "response.data is missing"
    ]
    assert differences({**SAMPLE, "successful": 1}, SAMPLE) == ["response.successful is int, not bool"]


def test_the_create_response_has_the_shape_of_the_sample(new_task: NewTask) -> None:
    response = json.loads(json.dumps(REQUEST.answer(new_task(1))))
    assert differences(response, SAMPLE) == []
    assert by_name(response) == by_name(SAMPLE), "and its values, where they are not arbitrary"


def test_the_order_of_the_keys_is_the_sample_s(new_task: NewTask) -> None:
    def keys(value: Any) -> Any:
        return [(key, keys(item)) for key, item in value.items()] if isinstance(value, dict) else None

    assert keys(REQUEST.answer(new_task(1))) == keys(SAMPLE)
    assert list(REQUEST.answer(new_task(1))["data"]["subtasks"][0]) == list(SAMPLE["data"]["subtasks"][0])


def test_the_final_response_is_a_superset(new_task: NewTask, success: Outcome) -> None:
    create = REQUEST.answer(new_task(1))
    final = json.loads(json.dumps(REQUEST.answer(finished(new_task(1), success))))
    assert differences(final, SAMPLE, more=True) == []
    assert final["data"].keys() - create["data"].keys() == {"finishTime"}
    for subtask in final["data"]["subtasks"]:
        assert subtask.keys() - SAMPLE["data"]["subtasks"][0].keys() == {"executor", "startTime", "finishTime"}
        assert subtask["status"] == "SUCCESSFUL"
    for before, after in zip(create["data"]["subtasks"], final["data"]["subtasks"], strict=True):
        assert {key: after[key] for key in before if key != "status"} == {
            key: before[key] for key in before if key != "status"
        }
    assert (final["data"]["status"], final["successful"], final["status"]) == ("SUCCESSFUL", True, 200)


def test_a_failed_task_is_a_successful_request(new_task: NewTask) -> None:
    task = new_task(2)
    task.settle({0: Outcome.failure(NO_CONNECTION, "no route", "a", "b")})
    task.close("end")
    response = REQUEST.answer(task)
    assert (response["successful"], response["status"], response["data"]["status"]) == (True, 200, "FAILED")
    failed, missing, *others = response["data"]["subtasks"]
    assert failed["error"] == {"code": "CMP07002", "message": "no route"}
    assert (failed["startTime"], failed["finishTime"], failed["executor"]) == ("a", "b", "192.0.2.7")
    assert missing["error"]["code"] == "TSK10013"
    assert "startTime" not in missing
    assert all(other.keys() == SAMPLE["data"]["subtasks"][0].keys() for other in others), "PENDING: as on the page"


@pytest.mark.parametrize("hosts", [1, 2, 3, 500])
def test_every_number_of_hosts(new_task: NewTask, hosts: int) -> None:
    response = REQUEST.answer(new_task(hosts))
    assert differences(response, SAMPLE) == []
    assert response["data"]["context"]["listMap"] == {"host_ids": [str(1001 + index) for index in range(hosts)]}
    assert len(response["data"]["subtasks"]) == 3 * hosts + 2


def test_the_context_is_made_of_texts(new_task: NewTask) -> None:
    context = REQUEST.answer(new_task(1), {"check_mode": "true"})["data"]["context"]
    assert context["stringMap"] == {"prohibit_rollback": "false", "check_mode": "true"}
    assert (context["parallel"], context["parallelIdx"]) == (False, -1)


def test_the_envelope(new_task: NewTask, monkeypatch: pytest.MonkeyPatch) -> None:
    import ansible_collections.oceanbase.ocp.plugins.plugin_utils._response as response_module

    monkeypatch.setattr(response_module, "now_ms", lambda: REQUEST.received + 40)
    response = REQUEST.answer(new_task(1))
    assert (response["duration"], response["server"], response["traceId"]) == (40, "192.0.2.7", "688d3147a10b45e8")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?[+-]\d\d:\d\d", response["timestamp"])
    monkeypatch.setattr(response_module, "now_ms", lambda: REQUEST.received - 5)
    assert REQUEST.answer(new_task(1))["duration"] == 0, "a clock that was set back"


def test_a_refused_request() -> None:
    sub_errors = [{"object": "request", "field": "hostIds", "rejectedValue": 0, "message": "must be ..."}]
    response = REQUEST.refuse(OcpError(INVALID, "hostIds: 0", sub_errors))
    assert response.keys() == SAMPLE.keys() - {"data"} | {"error"}
    assert response["error"] == {"code": "COM10001", "message": "hostIds: 0", "subErrors": sub_errors}
    assert (response["status"], response["successful"]) == (400, False)
    assert "subErrors" not in REQUEST.refuse(OcpError(INVALID, "x"))["error"]
    json.dumps(response, allow_nan=False)


def test_a_request_survives_its_dump() -> None:
    assert Request(**json.loads(json.dumps(REQUEST.dump()))) == REQUEST
