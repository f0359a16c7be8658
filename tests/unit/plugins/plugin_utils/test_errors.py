# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from http import HTTPStatus

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils import _errors
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._errors import Code, OcpError, join


def test_codes_are_those_of_ocp_4() -> None:
    codes = {name: value for name, value in vars(_errors).items() if isinstance(value, Code)}
    assert len(codes) >= 10
    for name, code in codes.items():
        assert re.fullmatch(r"(COM|IAM|TSK|CMP)\d{5}", code.code), name
        assert code.status in HTTPStatus
        assert code.status >= HTTPStatus.BAD_REQUEST, name
    assert len({code.code for code in codes.values()}) == len(codes)


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("INVALID", "COM10001", 400),
        ("CONFLICT", "COM10005", 409),
        ("UNKNOWN_HOST", "CMP07005", 404),
        ("NO_CONNECTION", "CMP07002", 500),
        ("AGENT_STATE", "CMP07019", 409),
        ("NOT_AUTHORIZED", "IAM11000", 403),
        ("STILL_RUNNING", "COM32001", 500),
        ("TIMED_OUT", "TSK10012", 500),
        ("INTERRUPTED", "TSK10013", 500),
    ],
)
def test_a_code(name: str, code: str, status: int) -> None:
    found = getattr(_errors, name)
    assert (found.code, found.status) == (code, status)


def test_an_error() -> None:
    error = OcpError(_errors.INVALID, "no", ({"field": "x"},))
    assert (str(error), error.message, error.sub_errors) == ("no", "no", [{"field": "x"}])
    assert OcpError(_errors.INVALID, "no").sub_errors == []


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
