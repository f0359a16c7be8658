# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OCP's error codes, in the spelling of OCP 4.x, and the exception that carries one."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Code:
    """One of OCP's error codes with the HTTP status of a response that it ends."""

    code: str
    status: HTTPStatus


INVALID = Code("COM10001", HTTPStatus.BAD_REQUEST)
CONFLICT = Code("COM10005", HTTPStatus.CONFLICT)
UNKNOWN_HOST = Code("CMP07005", HTTPStatus.NOT_FOUND)
NO_CONNECTION = Code("CMP07002", HTTPStatus.INTERNAL_SERVER_ERROR)
AGENT_STATE = Code("CMP07019", HTTPStatus.CONFLICT)
NOT_AUTHORIZED = Code("IAM11000", HTTPStatus.FORBIDDEN)
STILL_RUNNING = Code("COM32001", HTTPStatus.INTERNAL_SERVER_ERROR)
TIMED_OUT = Code("TSK10012", HTTPStatus.INTERNAL_SERVER_ERROR)
INTERRUPTED = Code("TSK10013", HTTPStatus.INTERNAL_SERVER_ERROR)
CANCELLED = Code("TSK10014", HTTPStatus.INTERNAL_SERVER_ERROR)

# What the host program gives as the reason of a failure.
BY_REASON = {
    "invalid": INVALID,
    "not_installed": AGENT_STATE,
    "locked": AGENT_STATE,
    "not_permitted": NOT_AUTHORIZED,
    "still_running": STILL_RUNNING,
    "revived": STILL_RUNNING,
    "deadline": TIMED_OUT,
    "interrupted": INTERRUPTED,
}


class OcpError(Exception):
    """An error that ends a request: becomes the error envelope of the response.

    sub_errors: a list of C({"object", "field", "rejectedValue", "message"}), one for each offending value.
    """

    def __init__(self, code: Code, message: str, sub_errors: t.Sequence[dict[str, t.Any]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.sub_errors = list(sub_errors)


def join(values: t.Sequence[object], most: int = 100) -> str:
    """The values in one line; past most of them, how many more there are (sub_errors name each)."""
    shown = ", ".join(str(value) for value in values[:most])
    return shown if len(values) <= most else f"{shown} and {len(values) - most} more"
