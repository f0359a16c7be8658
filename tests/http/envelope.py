# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every answer of the service must be."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.http.client import Answer

SAMPLES = {
    "success": {"data", "duration", "server", "status", "successful", "timestamp", "traceId"},
    "failure": {"duration", "error", "server", "status", "successful", "timestamp", "traceId"},
}


def check(answer: Answer, *, data: bool = True) -> Answer:
    """That this is one of OCP's envelopes. data: whether a successful one has data. Returns the answer."""
    body: dict[str, Any] = answer.body
    assert answer.headers["content-type"] == "application/json"
    assert body["status"] == answer.status
    assert body["successful"] == (answer.status < 400)
    expected = SAMPLES["success" if body["successful"] else "failure"]
    assert set(body) == (expected if data else expected - {"data"}), body
    assert re.fullmatch("[0-9a-f]{16}", body["traceId"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?[+-]\d\d:\d\d", body["timestamp"])
    assert isinstance(body["duration"], int)
    assert body["duration"] >= 0
    if not body["successful"]:
        assert set(body["error"]) <= {"code", "message", "subErrors"}
        assert body["error"]["message"]
        assert "Traceback" not in json.dumps(body)
    return answer
