# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of agents on hosts. It changes nothing and uses no task store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Unpack, cast

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.home import GENERATIONS
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.agent_status import ocp_part, problem
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import SPELLINGS

from ._arguments import Settings
from ._submission import Submission
from ._types import AgentResponse, HostIds, Inventory, ListResponse, LookOptions, RunnerOptions
from ._wire import Worker

_PROGRAMS = {str(found["name"]): [str(found["daemon"]), *map(str, found["children"])] for found in GENERATIONS}


def agent_info(
    host_ids: HostIds | None = None,
    *,
    inventory: Inventory | None = None,
    extravars: Mapping[str, Any] | None = None,
    response_file: str | os.PathLike[str] | None = None,
    worker: Worker | None = None,
    **runner_kwargs: Unpack[RunnerOptions],
) -> ListResponse:
    """Get the status of the agents of hosts, by the playbook `agent_status`.

    host_ids: OCP's ids of the hosts, as in `submit`; all hosts of the inventory without them. inventory, extravars,
        response_file, worker, runner_kwargs: as in `submit`; a variable of the playbook is `ocp_status_timeout`.

    Returns a list in OCP's envelope. Each item of `["data"]["contents"]` has the fields of OCP's `GET
    /compute/hosts/{id}/agent`, with None for those that only OCP's database has. It also has `host` (the name in the
    inventory), `state` ("ready", "not ready", "running", "stopped", "no agent", "unknown" or "unreachable"), `ready`,
    `generation`, `generations`, `lock`, `units`, `findings` and `plan`. An unreachable host is one of them. A refused
    request is a response with an error.

    Raises OcpRunError if the run failed without a response.
    """
    request = {} if host_ids is None else {"host_ids": host_ids}
    playbook = "oceanbase.ocp.agent_status"
    settings = Settings(playbook, request, inventory, extravars or {}, response_file, None, None, worker)
    with Submission(settings, runner_kwargs).answered() as submission:
        return cast("ListResponse", submission.wait())


def host_agent(host_id: int, **options: Unpack[LookOptions]) -> AgentResponse:
    """The response of OCP to `GET /compute/hosts/{id}/agent`, from the host itself.

    Programs that do not run are STOPPED.
    options: the keywords of `agent_info`. An unreachable host (CMP07002), a host without an agent (CMP07019) or without
    an answer, and an unknown id are responses with an error. Raises OcpRunError as `agent_info`.
    """
    return cast("AgentResponse", _one(host_id, options))


def host_agent_processes(host_id: int, **options: Unpack[LookOptions]) -> ListResponse:
    """The response of OCP to `GET /compute/hosts/{id}/agent/processes`, from the host itself, as a list of one page.

    As `host_agent` in everything else.
    """
    response = _one(host_id, options)
    if not response["successful"]:
        return cast("ListResponse", response)
    processes = response["data"]["processes"]
    total = len(processes)
    page = {"number": 1, "size": max(10, total), "totalElements": total, "totalPages": min(1, total)}
    return cast("ListResponse", {**response, "data": {"contents": processes, "page": page}})


def _one(host_id: int, options: LookOptions) -> dict[str, Any]:
    """The response about one host, from that of agent_info."""
    response = agent_info([host_id], **options)
    if not response["successful"]:
        return dict(response)
    (shown,) = response["data"]["contents"]
    missing = problem(shown)
    if missing is None:
        return {**response, "data": ocp_part(shown, _PROGRAMS)}
    code, message = missing
    rest = {key: value for key, value in response.items() if key != "data"}
    spelling = (options.get("extravars") or {}).get("ocp_error_codes", SPELLINGS[0])
    error = {"code": code.spelled(spelling), "message": message}
    return {**rest, "error": error, "status": int(code.status), "successful": False}
