# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application: which path is which function, for which role."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import UNEXPECTED, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.roles import ROLES

from . import agents, openapi, operations, queries
from .endpoint import Call, Function, for_role, open_to_all
from .errors import NO_METHOD, NO_RECORD, HttpError
from .exchange import Exchange, answer
from .hosts import Hosts
from .login import Login, login
from .metrics import CONTENT_TYPE, Metrics
from .running import Running
from .settings import Settings

PREFIX = "/api/v2"
HOST_MANAGER, HOST_VIEWER, TASK_MANAGER, TASK_VIEWER = ROLES

Row = tuple[str, str, str, Function]


def make_app(settings: Settings) -> ASGIApp:
    """The service as an ASGI application. Raises UsersError where its file of users cannot be used."""
    hosts = Hosts(settings.inventory, settings.inventory_seconds)
    asking = queries.Queries(hosts, settings.task_store)
    looking = agents.Agents(hosts, settings)
    metrics = Metrics()
    running = Running(settings, metrics)
    doing = operations.Operations(running, settings.task_store)
    rows: list[Row] = [
        ("POST", "/compute/hosts/batchStopAgents", HOST_MANAGER, doing.batch_stop_agents),
        ("POST", "/compute/hosts/batchRestartAgents", HOST_MANAGER, doing.batch_restart_agents),
        ("POST", "/compute/hosts/batchStartAgents", HOST_MANAGER, doing.batch_start_agents),
        ("POST", "/compute/hosts/{hostId}/agent/stop", HOST_MANAGER, doing.stop_agent),
        ("POST", "/compute/hosts/{hostId}/agent/restart", HOST_MANAGER, doing.restart_agent),
        ("POST", "/tasks/instances/{taskId}/retry", TASK_MANAGER, doing.retry_task),
        ("POST", "/tasks/instances/{taskId}/rollback", TASK_MANAGER, doing.rollback_task),
        ("POST", "/tasks/instances/{taskId}/cancel", TASK_MANAGER, doing.cancel_task),
        ("POST", "/tasks/instances/{taskId}/subtasks/{subtaskId}/retry", TASK_MANAGER, doing.retry_subtask),
        ("POST", "/tasks/instances/{taskId}/subtasks/{subtaskId}/skip", TASK_MANAGER, doing.skip_subtask),
        ("POST", "/tasks/instances/{taskId}/subtasks/{subtaskId}/cancel", TASK_MANAGER, doing.cancel_subtask),
        ("GET", "/compute/hosts", HOST_VIEWER, asking.list_hosts),
        ("GET", "/compute/hosts/{hostId}", HOST_VIEWER, asking.get_host),
        ("GET", "/compute/hosts/{hostId}/agent", HOST_VIEWER, looking.get_agent),
        ("GET", "/compute/hosts/{hostId}/agent/processes", HOST_VIEWER, looking.list_processes),
        ("GET", "/tasks/instances", TASK_VIEWER, asking.list_tasks),
        ("GET", "/tasks/instances/{taskId}", TASK_VIEWER, asking.get_task),
        ("GET", "/tasks/instances/{taskId}/subtasks/{subtaskId}/log", TASK_VIEWER, asking.get_subtask_log),
    ]
    caller = login(settings)
    hosts.read()  # the first to ask finds them
    return Exchange(_starlette(rows, caller, settings, running, metrics), settings, metrics)


def _starlette(rows: list[Row], caller: Login, settings: Settings, running: Running, metrics: Metrics) -> Starlette:
    """The routes, with the prefix of OCP's API and, as its documentation spells them, without it."""
    routes: list[BaseRoute] = [Route("/time", open_to_all("/time", queries.time))]
    for method, path, role, function in rows:
        routes.append(Route(path, for_role(role, path, function, caller, settings), methods=[method]))
    unprefixed: list[BaseRoute] = [
        Route("/healthz", open_to_all("/healthz", queries.healthz)),
        Route("/openapi.json", _described(rows)),
    ]
    if settings.metrics:

        def exposition(_call: Call) -> Response:
            return Response(metrics.exposition(), media_type=CONTENT_TYPE)

        unprefixed.append(Route("/metrics", for_role(TASK_VIEWER, "/metrics", exposition, caller, settings)))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # A request that begins an operation has a thread until it is answered: queries keep theirs.
        to_thread.current_default_thread_limiter().total_tokens += settings.max_operations
        await to_thread.run_sync(running.prepare)
        yield
        await to_thread.run_sync(running.end)

    app = Starlette(
        lifespan=lifespan,
        routes=[
            *unprefixed,
            Mount(PREFIX, app=Router(routes, redirect_slashes=False)),
            *routes,
        ],
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )
    app.router.redirect_slashes = False
    return app


def _described(rows: list[Row]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of the service's own description."""
    calls = [("GET", "/time", None), *((method, path, role) for method, path, role, _function in rows)]
    text = json.dumps(openapi.document(calls, PREFIX))

    async def endpoint(request: Request) -> Response:
        request.state.path = "/openapi.json"
        return Response(text, media_type="application/json")

    return endpoint


def _refused(request: Request, exc: Exception) -> Response:
    """A path or a method that is not there."""
    where = request.url.path
    if isinstance(exc, HTTPException) and exc.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        error: OcpError = HttpError(NO_METHOD, f"{where} does not take {request.method}", exc.headers or {})
    else:
        error = OcpError(NO_RECORD, f"there is nothing at {where}")
    return answer(request.state.asked, error)


def _failed(request: Request, _exc: Exception) -> Response:
    """A fault of the service. It is raised again, and logged, behind this answer."""
    return answer(request.state.asked, OcpError(UNEXPECTED, "the service has failed: its log has the cause"))
