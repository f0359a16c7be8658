# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of the service as OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import MAX_ID

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_VALUE_OR_NULL: Schema = {"type": ["string", "integer", "null"]}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_TRUTH: Schema = {"type": "boolean"}
_NUMBER: Schema = {"type": "integer"}
_ID: Schema = {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_NUMBER_OR_NULL: Schema = {"type": ["integer", "null"]}
_MOMENT_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_IDS: Schema = {"type": "array", "items": _ID}
_STATUS: Schema = {"enum": ["RUNNING", "FAILED", "SUCCESSFUL"]}
_SUBTASK_STATUS: Schema = {"enum": ["PENDING", "READY", "RUNNING", "CANCELING", "FAILED", "SUCCESSFUL"]}
_OPERATION: Schema = {"enum": ["EXECUTE", "RETRY", "ROLLBACK", "SKIP", "CANCEL"]}


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    """An object with these properties and no other."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list_of(name: str) -> Schema:
    page = _object(dict.fromkeys(("number", "size", "totalElements", "totalPages"), _NUMBER))
    return _object({"contents": {"type": "array", "items": _ref(name)}, "page": page})


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_CODE: Schema = {"type": ["string", "integer"]}
_ENVELOPE: Schema = {
    "duration": {"type": "integer", "minimum": 0},
    "server": _TEXT,
    "status": _NUMBER,
    "successful": _TRUTH,
    "timestamp": _MOMENT,
    "traceId": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
}
_SUBTASK: Schema = {
    "description": _TEXT,
    "downstreams": _IDS,
    "id": _ID,
    "name": _TEXT,
    "nodeType": _TEXT,
    "operation": _OPERATION,
    "parallelIdx": _NUMBER,
    "prohibitRollback": _TRUTH,
    "runTime": _NUMBER,
    "seriesId": _NUMBER,
    "status": _SUBTASK_STATUS,
    "timeout": _NUMBER,
    "upstreams": _IDS,
}
_RUN: Schema = {
    "error": _object({"code": _CODE, "message": _TEXT}),
    "executor": _TEXT,
    "finishTime": _MOMENT,
    "startTime": _MOMENT,
}
_TASK: Schema = {
    "executor": _TEXT,
    "id": _ID,
    "name": _TEXT,
    "operation": _OPERATION,
    "startTime": _MOMENT,
    "status": _STATUS,
    "taskDefinitionId": _NUMBER,
    "type": _TEXT,
}
_CREATOR = _object({"id": _NUMBER, "name": _TEXT})
_CONTEXT = _object({
    "listMap": {"type": "object", "additionalProperties": _TEXTS},
    "parallel": _TRUTH,
    "parallelIdx": _NUMBER,
    "stringMap": {"type": "object", "additionalProperties": _TEXT},
})
_SERVICE = {"type": "object", "additionalProperties": _TEXT_OR_NULL}
_NULLS = (
    *("alias", "architecture", "createTime", "description", "hostAgentId", "hostAgentStatus", "hostAgentVersion"),
    *("idcDescription", "idcId", "idcName", "kind", "operatingSystem", "operatingSystemRelease", "publishPorts"),
    *("regionDescription", "regionId", "regionName", "serialNumber", "status", "typeDescription", "typeId", "typeName"),
    "updateTime",
)

SCHEMAS: dict[str, Schema] = {
    "Error": _object({
        **_ENVELOPE,
        "error": _object(
            {"code": _CODE, "message": _TEXT},
            {
                "subErrors": {
                    "type": "array",
                    "items": _object({"object": _TEXT, "field": _TEXT, "rejectedValue": {}, "message": _TEXT}),
                }
            },
        ),
    }),
    "Host": _object({
        **dict.fromkeys(_NULLS, _VALUE_OR_NULL),
        "id": _ID,
        "innerIpAddress": _TEXT,
        "name": _TEXT,
        "services": {"type": "array", "items": _SERVICE},
        "sshPort": _NUMBER,
    }),
    "CreatedSubtask": _object({**_SUBTASK, "className": _TEXT}, _RUN),
    "CreatedTask": _object(
        {
            **_TASK,
            "context": _CONTEXT,
            "creator": _TEXT,
            "subtasks": {"type": "array", "items": _ref("CreatedSubtask")},
        },
        {"finishTime": _MOMENT, "hostId": _ID},
    ),
    "Subtask": _object({**_SUBTASK, "createTime": _MOMENT}, _RUN),
    "Task": _object(
        {
            **_TASK,
            "createTime": _MOMENT,
            "creator": _CREATOR,
            "prohibitRollback": _TRUTH,
            "subtasks": {"type": "array", "items": _ref("Subtask")},
        },
        {"finishTime": _MOMENT, "hostId": _ID},
    ),
    "ListedTask": _object(
        {
            "creator": _CREATOR,
            "id": _ID,
            "name": _TEXT,
            "startTime": _MOMENT,
            "status": _STATUS,
            "subtasks": {
                "type": "array",
                "items": _object({
                    "description": _TEXT,
                    "id": _ID,
                    "name": _TEXT,
                    "operation": _OPERATION,
                    "status": _SUBTASK_STATUS,
                }),
            },
        },
        {"finishTime": _MOMENT, "hostId": _ID},
    ),
    "Process": _object({
        "alias": _TEXT,
        "createTime": _MOMENT_OR_NULL,
        "elapsedTime": _NUMBER_OR_NULL,
        "hostId": _ID,
        "id": _NUMBER_OR_NULL,
        "lastActiveTime": _MOMENT_OR_NULL,
        "logFilePattern": _TEXT_OR_NULL,
        "operable": _TRUTH,
        "pid": _NUMBER_OR_NULL,
        "ports": _TEXT_OR_NULL,
        "startCommand": _TEXT_OR_NULL,
        "status": {"enum": ["STARTED", "STOPPED"]},
        "updateTime": _MOMENT_OR_NULL,
        "user": _TEXT_OR_NULL,
    }),
    "Agent": _object({
        "createTime": _MOMENT_OR_NULL,
        "hostId": _ID,
        "hostInnerIpAddress": _TEXT_OR_NULL,
        "id": _NUMBER_OR_NULL,
        "installHome": _TEXT_OR_NULL,
        "lastAvailableTime": _MOMENT_OR_NULL,
        "logHome": _TEXT_OR_NULL,
        "managerPort": _TEXT_OR_NULL,
        "monitorPort": _TEXT_OR_NULL,
        "processes": {"type": "array", "items": _ref("Process")},
        "status": _TEXT_OR_NULL,
        "updateTime": _MOMENT_OR_NULL,
        "version": _TEXT_OR_NULL,
    }),
    "Hosts": _list_of("Host"),
    "Processes": _list_of("Process"),
    "Tasks": _list_of("ListedTask"),
    "Log": _object({"log": _TEXT}),
    "Time": _object({"currentTime": _MOMENT}),
}

# What a call answers with: None without data. Every other POST answers with a task that is created.
_ANSWERS = {
    "/time": "Time",
    "/compute/hosts": "Hosts",
    "/compute/hosts/{hostId}": "Host",
    "/compute/hosts/{hostId}/agent": "Agent",
    "/compute/hosts/{hostId}/agent/processes": "Processes",
    "/tasks/instances": "Tasks",
    "/tasks/instances/{taskId}": "Task",
    "/tasks/instances/{taskId}/cancel": "Task",
    "/tasks/instances/{taskId}/retry": "Task",
    "/tasks/instances/{taskId}/rollback": "Task",
    "/tasks/instances/{taskId}/subtasks/{subtaskId}/cancel": None,
    "/tasks/instances/{taskId}/subtasks/{subtaskId}/log": "Log",
    "/tasks/instances/{taskId}/subtasks/{subtaskId}/retry": "Subtask",
    "/tasks/instances/{taskId}/subtasks/{subtaskId}/skip": None,
}
# What is refused, and with which status. Others are in the default.
_OF_QUERIES = {
    400: "A value is not valid, or a field is not known",
    401: "The caller is not logged on",
    403: "The caller lacks the role",
    404: "There is no such host, task or subtask",
    413: "The body is too large",
    429: "Too much is asked for at once, see Retry-After",
}
_OF_CHANGES = {
    **_OF_QUERIES,
    409: "Another task works on a host, or the task is in the wrong state",
    415: "The body is not JSON",
}
_OF_LOOKS = {
    **_OF_QUERIES,
    409: "The agent is in the wrong state, or not there",
    500: "The host is not reached (CMP07002): OCP has no status of its own for it",
}
_PAGE = {"page": {**_NUMBER, "default": 1}, "size": {**_NUMBER, "default": 10}}
_QUERIES: dict[str, dict[str, Schema]] = {
    "/compute/hosts": {
        "status": _TEXTS,
        "keyword": _TEXT,
        "includedServiceType": _TEXTS,
        "excludedServiceType": _TEXTS,
        "sort": _TEXT,
        **_PAGE,
    },
    "/tasks/instances": {
        "name": _TEXT,
        "keyword": _TEXT,
        "status": {"type": "array", "items": _STATUS},
        "type": _TEXT,
        "hostId": _ID,
        "clusterId": _TEXT,
        "clusterName": _TEXT,
        "tenantId": _TEXT,
        "tenantName": _TEXT,
        "sort": _TEXT,
        **_PAGE,
    },
}


def document(calls: Iterable[tuple[str, str, str | None]], prefix: str) -> dict[str, Any]:
    """The description. calls: method, path and role of each; the role is None where no login is needed."""
    paths: dict[str, dict[str, Any]] = {}
    for method, path, role in calls:
        paths.setdefault(prefix + path, {})[method.lower()] = _operation(method, path, role)
    return {
        "openapi": "3.1.0",
        "info": {"title": "OCP agent operations", "version": version("oceanbase-ocp")},
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "signature": {"type": "apiKey", "in": "header", "name": "Authorization"},
            },
        },
    }


def _operation(method: str, path: str, role: str | None) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _ID} for name in re.findall(r"\{(\w+)\}", path)
    ]
    for name, schema in _QUERIES.get(path, {}).items():
        # Lists are taken with commas, as here, and repeated.
        joined = {"style": "form", "explode": False} if schema.get("type") == "array" else {}
        parameters.append({"name": name, "in": "query", "schema": schema, **joined})
    answer = _ANSWERS.get(path, "CreatedTask")
    data = {"data": _ref(answer)} if answer else {}
    refused = _OF_CHANGES if method == "POST" else _OF_LOOKS if "/agent" in path else _OF_QUERIES if role else {}
    described: dict[str, Any] = {
        "summary": f"Takes the role {role}" if role else "Needs no login",
        "parameters": parameters,
        "responses": {
            "200": _response("The answer in OCP's envelope", _object({**_ENVELOPE, **data})),
            **{str(status): _response(meaning, _ref("Error")) for status, meaning in sorted(refused.items())},
            "default": _response("Another error in OCP's envelope", _ref("Error")),
        },
        "security": [{"basic": []}, {"signature": []}] if role else [],
    }
    if path.rpartition("/")[2].startswith("batch"):
        ids = _object({"hostIds": {**_IDS, "minItems": 1, "uniqueItems": True}})
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": ids}}}
    return described


def _response(description: str, schema: Schema) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}
