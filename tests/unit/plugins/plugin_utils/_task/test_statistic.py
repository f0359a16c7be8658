# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import statistic
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, NO_CONNECTION, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task

NewTask = Callable[..., Task]
Play = Callable[..., Task]
REQUEST = Request("688d3147a10b45e8", "192.0.2.7", 1_630_652_470_605)
WHOLE = "the output of the job"


def size(value: Any) -> int:
    return len(json.dumps(value))


def failed(play: Play, new_task: NewTask, hosts: int, failures: int) -> dict[str, Any]:
    outcomes = {
        ("prepare", n): Outcome.failure(NO_CONNECTION, f"db{n:03}: no route", "a", "b") for n in range(failures)
    }
    return REQUEST.respond(play(new_task(hosts), outcomes))


def test_a_small_response_is_itself(new_task: NewTask, play: Play) -> None:
    response = REQUEST.respond(play(new_task(20)))
    assert size(response) < statistic.MOST_BYTES
    assert statistic.statistic(response, WHOLE) == response
    assert statistic.statistic(response, WHOLE, size(response)) == response
    assert statistic.statistic(response, WHOLE, size(response) - 1) != response


def test_a_summary_has_everything_but_the_subtasks(new_task: NewTask, play: Play) -> None:
    response = failed(play, new_task, 500, 2)
    short = statistic.statistic(response, WHOLE)
    assert size(short) < 4000
    assert {key: value for key, value in short.items() if key != "data"} == {
        key: value for key, value in response.items() if key != "data"
    }
    assert short["data"].keys() - response["data"].keys() == {"summary", "failedSubtasks"}
    assert response["data"].keys() - short["data"].keys() == {"subtasks"}
    assert short["data"]["status"] == "FAILED"
    assert short["data"]["context"] == {**response["data"]["context"], "listMap": {}}
    assert short["data"]["summary"] == {
        "hosts": 500,
        "subtasks": {"FAILED": 2, "PENDING": 1002, "SUCCESSFUL": 498},
        "omittedFailedSubtasks": 0,
        "whole": WHOLE,
    }
    for kept in short["data"]["failedSubtasks"]:
        (whole,) = [subtask for subtask in response["data"]["subtasks"] if subtask["id"] == kept["id"]]
        assert kept == {key: value for key, value in whole.items() if key not in ("upstreams", "downstreams")}
        assert kept["error"]["code"] == "CMP07002"


@pytest.mark.parametrize("hosts", [100, 3000])
def test_a_summary_is_small_when_everything_fails(new_task: NewTask, play: Play, hosts: int) -> None:
    response = failed(play, new_task, hosts, hosts)
    short = statistic.statistic(response, WHOLE)
    kept, omitted = short["data"]["failedSubtasks"], short["data"]["summary"]["omittedFailedSubtasks"]
    assert size(short) <= statistic.MOST_BYTES
    assert len(kept) + omitted == hosts
    assert len(kept) > 50, "and as many as there is room for"


def test_a_summary_of_the_form_for_one_host(new_task: NewTask) -> None:
    response = REQUEST.respond(new_task(1, "stop_agent"))
    short = statistic.statistic(response, WHOLE, size(response) - 1)
    assert (short["data"]["summary"]["hosts"], short["data"]["hostId"]) == (1, 1001)


def test_a_refusal_keeps_the_first_of_its_errors() -> None:
    sub_errors = [
        {"object": "request", "field": "hostIds", "rejectedValue": number, "message": "no host has this id"}
        for number in range(20000)
    ]
    response = REQUEST.refuse(OcpError(INVALID, "no host has these ids", sub_errors))
    short = statistic.statistic(response, WHOLE)
    assert size(short) <= statistic.MOST_BYTES
    kept = short["error"]["subErrors"]
    assert kept == sub_errors[: len(kept)]
    assert len(kept) > 500
    assert short["error"]["summary"] == {"omittedSubErrors": 20000 - len(kept), "whole": WHOLE}
    assert (short["error"]["code"], short["successful"]) == ("COM10001", False)


def test_an_error_that_has_no_sub_errors() -> None:
    response = REQUEST.refuse(OcpError(INVALID, "x" * statistic.MOST_BYTES))
    assert statistic.statistic(response, WHOLE)["error"]["summary"] == {"omittedSubErrors": 0, "whole": WHOLE}


def test_the_line_is_one_line_of_ascii() -> None:
    response = REQUEST.refuse(OcpError(INVALID, "a name with \n, \x1b[31m and \u4e2d"))
    line = statistic.line(response)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line.removeprefix(statistic.PREFIX)) == response


def test_what_a_page_of_awx_shows_of_the_line(new_task: NewTask, play: Play) -> None:
    """AWX's pages cut a line at 1,024 characters: what tells most comes first."""
    response = failed(play, new_task, 2000, 3)
    line = statistic.line(response)
    assert json.loads(line.removeprefix(statistic.PREFIX)) == response
    page = line[:1024]
    for key in ("id", "name", "status", "operation", "startTime", "finishTime"):
        assert f'"{key}": {json.dumps(response["data"][key])}' in page
    refused = statistic.line(REQUEST.refuse(OcpError(INVALID, "unknown", [{"message": "x" * 100}] * 100)))[:1024]
    assert '"code": "COM10001"' in refused
    assert '"message": "unknown' in refused
