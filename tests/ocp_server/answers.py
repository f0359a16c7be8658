# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OCP's API answers, as its documentation shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

_TIMESTAMP = "2021-08-25T17:19:47.311+08:00"


@dataclass(frozen=True)
class Answer:
    """One HTTP response, also one that no sound server would give.

    delay: seconds before it begins. sent: how many bytes of the body are sent before the connection is closed, all
    without it. pause: seconds between two bytes of the body.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    sent: int | None = None
    pause: float = 0


def envelope(data: Any, **answer: Any) -> Answer:
    """A success with data."""
    return _json(200, {
        "data": data,
        "duration": 31,
        "server": "a83ad33525",
        "status": 200,
        "successful": True,
        "timestamp": _TIMESTAMP,
        "traceId": "7afbe6e4d7ad403b",
    }, **answer)


def error(
    status: int, code: str | int, message: str, sub_errors: list[dict[str, Any]] | None = None, **answer: Any
) -> Answer:
    """OCP's error envelope. answer: other fields of Answer."""
    content: dict[str, Any] = {"code": code, "message": message}
    if sub_errors:
        content["subErrors"] = sub_errors
    return _json(status, {
        "duration": 0,
        "error": content,
        "server": "a83ad33525",
        "status": status,
        "successful": False,
        "timestamp": _TIMESTAMP,
        "traceId": "45d755410e824b50",
    }, **answer)


def _json(status: int, content: Any, **answer: Any) -> Answer:
    headers = {"Content-Type": "application/json;charset=UTF-8", **answer.pop("headers", {})}
    return Answer(status, json.dumps(content).encode(), headers, **answer)


def host(host_id: int, **fields: Any) -> dict[str, Any]:
    """A host with every field of the documented list. fields: what is different about it."""
    return {
        "alias": None,
        "architecture": "x86_64",
        "createTime": "2021-08-10T11:56:16+08:00",
        "description": None,
        "hostAgentId": 6000000 + host_id,
        "hostAgentStatus": "AVAILABLE",
        "hostAgentVersion": "3.1.2-20210812221645",
        "id": host_id,
        "idcDescription": None,
        "idcId": 1,
        "idcName": "bejing1",
        "innerIpAddress": f"192.0.2.{host_id % 256}",
        "kind": "DEDICATED_PHYSICAL_MACHINE",
        "name": f"db{host_id:03}",
        "operatingSystem": "4.9.168-018.ali3000.alios7.x86_64",
        "operatingSystemRelease": "alios7",
        "publishPorts": None,
        "regionDescription": None,
        "regionId": 1,
        "regionName": "beijing",
        "serialNumber": None,
        "services": [{"name": "cluster01:1", "softwarePackageId": None, "type": "OB_CLUSTER", "version": "2.2.76"}],
        "sshPort": 22,
        "status": "ONLINE",
        "typeDescription": None,
        "typeId": 1,
        "typeName": "bigdisk",
        "updateTime": "2021-08-25T15:09:53+08:00",
        **fields,
    }
