# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    CANCELLED,
    INVALID,
    NO_CONNECTION,
    UNKNOWN_TASK,
    OcpError,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import for_one_host
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task

NewTask = Callable[..., Task]
Play = Callable[..., Task]
FIXTURES = Path(__file__).parents[3] / "fixtures"
# Public samples of OCP's API: OCP 3.1, "Batch stop basic OCP Agent processes on a host", its equivalent for restart,
# "Query task details", "Query the task list".
SAMPLE = json.loads((FIXTURES / "batch-stop-agents.json").read_text())
RESTART = json.loads((FIXTURES / "batch-restart-agents.json").read_text())
DETAIL = json.loads((FIXTURES / "task-detail.json").read_text())
LIST = json.loads((FIXTURES / "task-list.json").read_text())
REQUEST = Request("688d3147a10b45e8", "192.0.2.7", 1_630_652_470_605)
NOT_PART_OF_THE_SHAPE = {"listMap", "stringMap"}  # their keys are data


def differences(actual: Any, sample: Any, *, more: bool = False, path: str = "response") -> list[str]:
    """Differences between the keys and types of two documents. more: additional keys are no difference.

    All elements of an array are compared with the sample's first one. The sample's array must not be empty.
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
    """The subtasks without arbitrary values, in the order of the graph."""
    subtasks = {subtask["id"]: subtask for subtask in response["data"]["subtasks"]}

    def depth(subtask: dict[str, Any]) -> int:
        return 1 + max([depth(subtasks[other]) for other in subtask["upstreams"]], default=0)

    arbitrary = ("id", "seriesId", "upstreams", "downstreams")
    return [
        {key: value for key, value in subtask.items() if key not in arbitrary}
        for subtask in sorted(subtasks.values(), key=depth)
    ]


def test_the_comparison_sees_differences() -> None:
    assert differences(SAMPLE, SAMPLE) == []
    assert differences({**SAMPLE, "status": "200"}, SAMPLE) == ["response.status is str, not int"]
    assert differences({**SAMPLE, "more": 1}, SAMPLE) == ["response.more is not in the sample"]
    assert differences({key: value for key, value in SAMPLE.items() if key != "data"}, SAMPLE) == [
        "response.data is missing"
    ]
    assert differences({**SAMPLE, "successful": 1}, SAMPLE) == ["response.successful is int, not bool"]


@pytest.mark.parametrize(
    ("definition", "sample"),
    [("batch_stop_agents", SAMPLE), ("batch_restart_agents", RESTART)],
    ids=["stop", "restart"],
)
def test_the_create_response_has_the_shape_of_the_sample(
    new_task: NewTask, definition: str, sample: dict[str, Any]
) -> None:
    response = json.loads(json.dumps(REQUEST.respond(new_task(1, definition))))
    assert differences(response, sample) == []
    assert by_name(response) == by_name(sample), "and its values, where they are not arbitrary"


def test_the_order_of_the_keys_is_the_sample_s(new_task: NewTask) -> None:
    response = REQUEST.respond(new_task(1))
    assert list(response) == list(SAMPLE)
    assert list(response["data"]) == list(SAMPLE["data"])
    assert list(response["data"]["context"]) == list(SAMPLE["data"]["context"])
    assert list(response["data"]["subtasks"][0]) == list(SAMPLE["data"]["subtasks"][0])


def test_the_final_response_is_a_superset(new_task: NewTask, play: Play) -> None:
    create = REQUEST.respond(new_task(1))
    final = json.loads(json.dumps(REQUEST.respond(play(new_task(1)))))
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
    task.settle("prepare", {0: Outcome.failure(NO_CONNECTION, "no route", "a", "b")})
    task.close("end")
    response = REQUEST.respond(task)
    assert (response["successful"], response["status"], response["data"]["status"]) == (True, 200, "FAILED")
    failed, missing, *others = response["data"]["subtasks"]
    assert failed["error"] == {"code": "CMP07002", "message": "no route"}
    assert (failed["startTime"], failed["finishTime"], failed["executor"]) == ("a", "b", "192.0.2.7")
    assert missing["error"]["code"] == "TSK10013"
    assert "startTime" not in missing
    assert all(other.keys() == SAMPLE["data"]["subtasks"][0].keys() for other in others), "PENDING: as on the page"


@pytest.mark.parametrize(
    ("operation", "name"), [("batch_stop_agents", "Stop OCP agent"), ("batch_restart_agents", "Restart OCP agent")]
)
def test_the_form_for_one_host(new_task: NewTask, operation: str, name: str) -> None:
    task = new_task(1, for_one_host(operation))
    created, detail = REQUEST.respond(task)["data"], REQUEST.detail(task)["data"]
    (listed,) = REQUEST.page([task], 1, 1, 10)["data"]["contents"]
    assert {(shown["name"], shown["hostId"]) for shown in (created, detail, listed)} == {(name, 1001)}
    assert created["context"]["listMap"] == {}
    assert created["context"]["stringMap"] == {"host_id": "1001", "prohibit_rollback": "false"}
    assert {subtask["parallelIdx"] for subtask in created["subtasks"] + detail["subtasks"]} == {-1}


def test_not_every_operation_has_a_form_for_one_host() -> None:
    assert for_one_host("batch_start_agents") == "batch_start_agents"


@pytest.mark.parametrize("hosts", [1, 2, 3, 500])
def test_every_number_of_hosts(new_task: NewTask, hosts: int) -> None:
    response = REQUEST.respond(new_task(hosts))
    assert differences(response, SAMPLE) == []
    assert response["data"]["context"]["listMap"] == {"host_ids": [str(1001 + index) for index in range(hosts)]}
    assert len(response["data"]["subtasks"]) == 3 * hosts + 2


def test_the_detail_response_has_the_shape_of_the_sample(new_task: NewTask, play: Play) -> None:
    response = json.loads(json.dumps(REQUEST.detail(play(new_task(2)))))
    assert differences(response, DETAIL) == []
    data = response["data"]
    assert data["creator"] == {"id": 100, "name": "admin"}
    assert (data["createTime"], data["startTime"]) == ("2021-09-03T15:01:10.636+08:00",) * 2
    assert {subtask["createTime"] for subtask in data["subtasks"]} == {"2021-09-03T15:01:10.636+08:00"}


def test_the_order_of_the_detail_s_keys_is_the_sample_s(new_task: NewTask, play: Play) -> None:
    response = REQUEST.detail(play(new_task(1)))
    assert list(response) == list(DETAIL)
    assert list(response["data"]["creator"]) == list(DETAIL["data"]["creator"])


def test_the_detail_of_a_task_that_runs_has_what_is_known(new_task: NewTask, play: Play) -> None:
    data = REQUEST.detail(play(new_task(1), until="prepare"))["data"]
    assert DETAIL["data"].keys() - data.keys() == {"finishTime"}
    sample = DETAIL["data"]["subtasks"][0].keys()
    missing = {subtask["name"]: sample - subtask.keys() for subtask in data["subtasks"]}
    assert missing["Prepare stop OCP agent"] == set()
    assert missing["Stop all OCP agent processes"] == {"executor", "startTime", "finishTime"}
    assert missing["Finish OCP agent operation"] == {"executor", "startTime", "finishTime"}
    assert all(subtask.keys() <= sample for subtask in data["subtasks"])


def test_the_detail_of_a_failure_tells_why(new_task: NewTask, play: Play) -> None:
    failure = Outcome.failure(NO_CONNECTION, "no route", "a", "b")
    data = REQUEST.detail(play(new_task(1), {("prepare", 0): failure}))["data"]
    assert data["status"] == "FAILED"
    assert data["subtasks"][0]["error"] == {"code": "CMP07002", "message": "no route"}
    assert data["subtasks"][0].keys() - DETAIL["data"]["subtasks"][0].keys() == {"error"}


def test_a_page_has_the_shape_of_the_sample(new_task: NewTask, play: Play) -> None:
    """A task on hosts belongs to no cluster and no tenant."""
    sample = json.loads(json.dumps(LIST))
    for task in sample["data"]["contents"]:
        task.pop("cluster")
        task.pop("tenant", None)
    response = json.loads(json.dumps(REQUEST.page([play(new_task(2)), play(new_task(1))], 2, 1, 10)))
    assert differences(response, sample) == []
    assert response["data"]["page"] == sample["data"]["page"]
    assert [len(task["subtasks"]) for task in response["data"]["contents"]] == [8, 5]


@pytest.mark.parametrize(
    ("total", "size", "pages"), [(0, 10, 0), (1, 10, 1), (10, 10, 1), (11, 10, 2), (2001, 2000, 2), (7, 1, 7)]
)
def test_how_many_pages(total: int, size: int, pages: int) -> None:
    assert REQUEST.page([], total, 3, size)["data"] == {
        "contents": [],
        "page": {"number": 3, "size": size, "totalElements": total, "totalPages": pages},
    }


@pytest.mark.parametrize("form", ["respond", "detail"])
def test_the_errors_of_a_task_are_spelled_as_asked_for(new_task: NewTask, play: Play, form: str) -> None:
    task = play(
        new_task(2),
        {("prepare", 0): Outcome.failure(NO_CONNECTION, "x"), ("prepare", 1): Outcome.failure(CANCELLED, "y")},
    )
    request = replace(REQUEST, error_codes="3.1")
    codes = [s["error"]["code"] for s in getattr(request, form)(task)["data"]["subtasks"] if "error" in s]
    assert codes == [7002, "TSK10014"], "3.1 has no code for the latter"


def test_how_interventions_show(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2, prohibit_rollback=True), {("prepare", 0): Outcome.failure(NO_CONNECTION, "x", "a", "b")})
    retry(task)
    again = REQUEST.respond(task)["data"]
    assert (again["status"], again["operation"]) == ("RUNNING", "RETRY")
    assert "finishTime" not in again
    assert again["context"]["stringMap"]["prohibit_rollback"] == "true"
    first, second, *dummy = again["subtasks"]
    assert (first["status"], first["operation"], first["runTime"]) == ("READY", "RETRY", 2)
    assert "error" not in first
    assert (second["status"], second["operation"], second["runTime"]) == ("SUCCESSFUL", "EXECUTE", 1)
    assert {s["prohibitRollback"] for s in again["subtasks"]} == {True}
    assert REQUEST.detail(task)["data"]["prohibitRollback"] is True


def test_a_success_that_carries_something_else() -> None:
    response = REQUEST.success({"log": "text"})
    assert response.keys() == SAMPLE.keys()
    assert (response["data"], response["status"], response["successful"]) == ({"log": "text"}, 200, True)


def test_the_context_is_made_of_texts(new_task: NewTask) -> None:
    context = REQUEST.respond(new_task(1), {"check_mode": "true"})["data"]["context"]
    assert context["stringMap"] == {"prohibit_rollback": "false", "check_mode": "true"}
    assert (context["parallel"], context["parallelIdx"]) == (False, -1)


def test_the_envelope(new_task: NewTask, monkeypatch: pytest.MonkeyPatch) -> None:
    import ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response as response_module

    monkeypatch.setattr(response_module, "now_ms", lambda: REQUEST.received + 40)
    response = REQUEST.respond(new_task(1))
    assert (response["duration"], response["server"], response["traceId"]) == (40, "192.0.2.7", "688d3147a10b45e8")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?[+-]\d\d:\d\d", response["timestamp"])
    monkeypatch.setattr(response_module, "now_ms", lambda: REQUEST.received - 5)
    assert REQUEST.respond(new_task(1))["duration"] == 0, "a clock that was set back"


def test_a_refused_request() -> None:
    sub_errors = [{"object": "request", "field": "hostIds", "rejectedValue": 0, "message": "must be ..."}]
    response = REQUEST.refuse(OcpError(INVALID, "hostIds: 0", sub_errors))
    assert response.keys() == SAMPLE.keys() - {"data"} | {"error"}
    assert response["error"] == {"code": "COM10001", "message": "hostIds: 0", "subErrors": sub_errors}
    assert (response["status"], response["successful"]) == (400, False)
    assert "subErrors" not in REQUEST.refuse(OcpError(INVALID, "x"))["error"]
    json.dumps(response, allow_nan=False)


@pytest.mark.parametrize(("spelling", "code"), [("4.x", "TSK10001"), ("3.1", 4001)])
def test_a_refusal_is_spelled_as_asked_for(spelling: str, code: object) -> None:
    response = replace(REQUEST, error_codes=spelling).refuse(OcpError(UNKNOWN_TASK, "there is no task 7"))
    assert (response["status"], response["error"]) == (404, {"code": code, "message": "there is no task 7"})


def test_a_request_survives_its_dump() -> None:
    assert Request(**json.loads(json.dumps(REQUEST.dump()))) == REQUEST
    told = replace(REQUEST, context={"awx_job_id": "17"})
    assert Request(**json.loads(json.dumps(told.dump()))) == told


def test_every_answer_has_the_context_of_its_request(new_task: NewTask) -> None:
    request = replace(REQUEST, context={"awx_job_id": "17"})
    for context, shown in (({}, {}), ({"check_mode": "true"}, {"check_mode": "true"})):
        answer = request.respond(new_task(1), context)["data"]["context"]["stringMap"]
        assert answer == {"prohibit_rollback": "false", "awx_job_id": "17", **shown}
