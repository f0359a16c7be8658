# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from http import HTTPStatus

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import errors
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    BY_REASON,
    CATALOGUE,
    Code,
    OcpError,
    join,
)


def test_codes_are_those_of_ocp_4() -> None:
    codes = {name: value for name, value in vars(errors).items() if isinstance(value, Code)}
    assert len(codes) >= 10
    for name, code in codes.items():
        assert re.fullmatch(r"(COM|IAM|TSK|CMP|BAK)\d{5}", code.code), name
        assert code.status in HTTPStatus
        assert code.status >= HTTPStatus.BAD_REQUEST, name
    assert len({code.code for code in codes.values()}) == len(codes)
    assert {code.code: code for code in codes.values()} == CATALOGUE
    legacy = [code.legacy for code in codes.values() if code.legacy is not None]
    assert len(set(legacy)) == len(legacy)


@pytest.mark.parametrize(
    ("name", "code", "legacy", "status"),
    [
        ("INVALID", "COM10001", 1001, 400),
        ("CONFLICT", "COM10005", 1005, 409),
        ("UNEXPECTED", "COM10010", None, 500),
        ("UNKNOWN_HOST", "CMP07005", 7005, 404),
        ("HOST_STATE", "CMP07006", 7006, 409),
        ("NO_CONNECTION", "CMP07002", 7002, 500),
        ("AGENT_STATE", "CMP07019", 7019, 409),
        ("NOT_AUTHORIZED", "IAM11000", 3100, 403),
        ("STILL_RUNNING", "COM32001", None, 500),
        ("UNKNOWN_TASK", "TSK10001", 4001, 404),
        ("TASK_STATE", "TSK10007", 4007, 409),
        ("NO_ROLLBACK", "TSK10009", None, 409),
        ("NO_SKIP", "TSK10010", None, 409),
        ("TIMED_OUT", "TSK10012", None, 500),
        ("INTERRUPTED", "TSK10013", None, 500),
        ("CANCELLED", "TSK10014", None, 500),
        ("EXECUTOR_GONE", "TSK10015", None, 500),
        ("HOST_BUSY", "BAK29003", 20021, 409),
    ],
)
def test_a_code(name: str, code: str, legacy: int | None, status: int) -> None:
    found = getattr(errors, name)
    assert (found.code, found.legacy, found.status) == (code, legacy, status)
    assert found.spelled("4.x") == code
    assert found.spelled("3.1") == (code if legacy is None else legacy)


def test_every_reason_of_a_host_is_a_code_of_a_subtask() -> None:
    assert set(BY_REASON.values()) <= set(CATALOGUE.values())


def test_an_error() -> None:
    error = OcpError(errors.INVALID, "no", ({"field": "x"},))
    assert (str(error), error.message, error.sub_errors) == ("no", "no", [{"field": "x"}])
    assert OcpError(errors.INVALID, "no").sub_errors == []


@pytest.mark.parametrize(
    ("values", "most", "text"),
    [
        ([], 3, ""),
        ([1], 3, "1"),
        ([1, "b", 3], 3, "1, b, 3"),
        ([1, 2, 3, 4], 3, "1, 2, 3 and 1 more"),
        (range(1000), 2, "0, 1 and 998 more"),
    ],
)
def test_join(values: list[object], most: int, text: str) -> None:
    assert join(values, most) == text
