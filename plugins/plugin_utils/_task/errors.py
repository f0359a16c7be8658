# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OCP's error codes, as far as this collection uses them, and an exception with such a code."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from http import HTTPStatus

SPELLINGS = ("4.x", "3.1")


@dataclass(frozen=True)
class Code:
    """One of OCP's error codes.

    code: the text of OCP 4.x. legacy: the integer of OCP 3.1, None if its documentation has none.
    status: the HTTP status of a response with this error. meaning: in a few words.
    """

    code: str
    legacy: int | None
    status: HTTPStatus
    meaning: str

    def spelled(self, spelling: str) -> str | int:
        """The code as an OCP of that version writes it. A code unknown to 3.1 stays as it is."""
        return self.legacy if spelling == "3.1" and self.legacy is not None else self.code


INVALID = Code("COM10001", 1001, HTTPStatus.BAD_REQUEST, "a parameter is empty or not valid")
CONFLICT = Code("COM10005", 1005, HTTPStatus.CONFLICT, "what is asked for contradicts what there is")
STILL_RUNNING = Code("COM32001", None, HTTPStatus.INTERNAL_SERVER_ERROR, "a process that should be gone still runs")
NOT_AUTHORIZED = Code("IAM11000", 3100, HTTPStatus.FORBIDDEN, "the user may not do this")
NO_CONNECTION = Code("CMP07002", 7002, HTTPStatus.INTERNAL_SERVER_ERROR, "no SSH connection to the host")
UNKNOWN_HOST = Code("CMP07005", 7005, HTTPStatus.NOT_FOUND, "no such host")
HOST_STATE = Code("CMP07006", 7006, HTTPStatus.CONFLICT, "the host is in a state that forbids this")
AGENT_STATE = Code("CMP07019", 7019, HTTPStatus.CONFLICT, "the agent is in a state that forbids this")
UNKNOWN_TASK = Code("TSK10001", 4001, HTTPStatus.NOT_FOUND, "no such task, or no such subtask of it")
TASK_STATE = Code("TSK10007", 4007, HTTPStatus.CONFLICT, "the task is in a state that forbids this")
NO_ROLLBACK = Code("TSK10009", None, HTTPStatus.CONFLICT, "the task cannot be rolled back")
NO_SKIP = Code("TSK10010", None, HTTPStatus.CONFLICT, "the subtask cannot be skipped")
TIMED_OUT = Code("TSK10012", None, HTTPStatus.INTERNAL_SERVER_ERROR, "the subtask timed out")
INTERRUPTED = Code("TSK10013", None, HTTPStatus.INTERNAL_SERVER_ERROR, "the subtask was interrupted")
CANCELLED = Code("TSK10014", None, HTTPStatus.INTERNAL_SERVER_ERROR, "the subtask was cancelled")
EXECUTOR_GONE = Code("TSK10015", None, HTTPStatus.INTERNAL_SERVER_ERROR, "the controller that executed it is gone")
HOST_BUSY = Code("BAK29003", 20021, HTTPStatus.CONFLICT, "another task works on the host")
UNEXPECTED = Code("COM10010", None, HTTPStatus.INTERNAL_SERVER_ERROR, "what a task needs on the controller fails")

# Codes of subtasks that were ended early, for no fault of the host.
CUT_SHORT = frozenset(code.code for code in (INTERRUPTED, CANCELLED, EXECUTOR_GONE))

CATALOGUE: dict[str, Code] = {code.code: code for code in list(globals().values()) if isinstance(code, Code)}

# By the reason of a failure that the host program gives.
BY_REASON = {
    "invalid": INVALID,
    "configuration": AGENT_STATE,
    "not_installed": AGENT_STATE,
    "locked": AGENT_STATE,
    "not_permitted": NOT_AUTHORIZED,
    "still_running": STILL_RUNNING,
    "revived": STILL_RUNNING,
    "deadline": TIMED_OUT,
    "interrupted": INTERRUPTED,
    "cancelled": CANCELLED,
    "disowned": INTERRUPTED,
    "not_ready": AGENT_STATE,
    "control_failed": AGENT_STATE,
    "foreign_in_unit": AGENT_STATE,
}


class OcpError(Exception):
    """An error that ends a request and becomes the error envelope of the response.

    sub_errors: of sub_error(), one for each offending value.
    """

    def __init__(self, code: Code, message: str, sub_errors: t.Sequence[dict[str, t.Any]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.sub_errors = list(sub_errors)


def sub_error(field: str, value: object, message: str) -> dict[str, t.Any]:
    """An error about one value of a request. field: its name. value: in types of JSON, None without one."""
    return {"object": "request", "field": field, "rejectedValue": value, "message": message}


def join(values: t.Sequence[object], most: int = 100, between: str = ", ") -> str:
    """The first values in one line, and the number of the others. The sub_errors have all of them."""
    shown = between.join(str(value) for value in values[:most])
    return shown if len(values) <= most else f"{shown} and {len(values) - most} more"
