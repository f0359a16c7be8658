# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of HTTP itself: those that no operation has, beside the catalogue of the collection."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, Code, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request

NOT_LOGGED_ON = Code("IAM10000", 3000, HTTPStatus.UNAUTHORIZED, "the caller is not logged on")
NO_RECORD = Code("COM10002", 1002, HTTPStatus.NOT_FOUND, "there is nothing at this path")
NO_METHOD = Code(INVALID.code, INVALID.legacy, HTTPStatus.METHOD_NOT_ALLOWED, "the path has no such method")
TOO_LARGE = Code(INVALID.code, INVALID.legacy, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
TOO_SLOW = Code(INVALID.code, INVALID.legacy, HTTPStatus.REQUEST_TIMEOUT, "the body does not arrive")
NOT_JSON = Code(INVALID.code, INVALID.legacy, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body is not JSON")
ENDING = Code("COM10010", None, HTTPStatus.SERVICE_UNAVAILABLE, "the service ends")
# OCP's code of a throttled request is 0.
_THROTTLED = Code("0", 0, HTTPStatus.TOO_MANY_REQUESTS, "too many requests")


class HttpError(OcpError):
    """An error whose answer has headers of its own."""

    def __init__(self, code: Code, message: str, headers: Mapping[str, str]) -> None:
        super().__init__(code, message)
        self.headers = dict(headers)


class NotLoggedOnError(HttpError):
    """The caller has not shown who it is (401)."""

    def __init__(self, message: str) -> None:
        super().__init__(NOT_LOGGED_ON, message, {"WWW-Authenticate": 'Basic realm="OCP", charset="UTF-8"'})


class ThrottledError(HttpError):
    """Too much is asked for at once (429). seconds: after which it is worth another try."""

    def __init__(self, seconds: int) -> None:
        message = (
            "Excessive number of requests. You have exceeded the request limit for the current throttling window."
        )
        super().__init__(_THROTTLED, message, {"Retry-After": str(seconds)})


def refusal(request: Request, error: OcpError) -> dict[str, Any]:
    """OCP's error envelope."""
    if isinstance(error, ThrottledError):
        return request.envelope(error.code.status, {"error": {"code": 0, "message": error.message}})
    return request.refuse(error)
