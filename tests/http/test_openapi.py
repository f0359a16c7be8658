# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's description: it is sound, and what the service answers is what it describes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from oceanbase_ocp.http.openapi import SCHEMAS
from tests.http.client import Client
from tests.http.envelope import check

PREFIX = "/api/v2"


@pytest.fixture
def described(anybody: Client) -> dict[str, Any]:
    answer = anybody.get("/openapi.json")
    assert answer.status == 200
    document: dict[str, Any] = answer.body
    return document


def validate(described: dict[str, Any], operation: dict[str, Any], status: int, body: Any) -> None:
    """That a body is as the description has it."""
    response = operation["responses"].get(str(status), operation["responses"]["default"])
    schema = {**response["content"]["application/json"]["schema"], "components": described["components"]}
    Draft202012Validator(schema).validate(body)


def test_it_is_sound(described: dict[str, Any]) -> None:
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)
    assert described["openapi"].startswith("3.1")
    assert all(path.startswith(f"{PREFIX}/") for path in described["paths"])
    named = set(re.findall(r"#/components/schemas/(\w+)", str(described)))
    assert named <= set(SCHEMAS)


def test_answers_to_queries(anybody: Client, described: dict[str, Any]) -> None:
    """Of each GET that asks no host, with ids that are there and with one that is not."""
    tasks = check(anybody.get("/tasks/instances")).data["contents"]
    there = {"hostId": 1001, "taskId": tasks[0]["id"], "subtaskId": tasks[0]["subtasks"][0]["id"]}
    asked = 0
    for path, operations in described["paths"].items():
        if "get" not in operations or "/agent" in path:
            continue
        for ids in (there, dict.fromkeys(there, 424242), dict.fromkeys(there, 0)):
            answer = check(anybody.get(path.format(**ids)))
            assert answer.status == 200 if ids is there else answer.status in (200, 400, 404)
            validate(described, operations["get"], answer.status, answer.body)
            asked += 1
    assert asked >= 15


def test_refused_requests(anybody: Client, described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        if "post" in operations:
            answer = check(anybody.post(path.format(hostId=0, taskId=424242, subtaskId=1), {"hostIds": [0, None]}))
            assert answer.status in (400, 404)
            validate(described, operations["post"], answer.status, answer.body)
