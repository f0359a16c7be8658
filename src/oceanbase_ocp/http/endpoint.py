# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request to a function and back: the caller and its role, the body, then the function in a thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import controller
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request as Asked
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.roles import User

from . import reading
from .exchange import answer, read_body
from .login import Login
from .settings import Settings

_MOST_PARAMETERS = 100


@dataclass(frozen=True)
class Call:
    """A request that may be carried out.

    asked: what its answer repeats. user: the caller. path: the parameters of the path. query: those of the query, each
    with all its values. body: the JSON object of the body.
    """

    asked: Asked
    user: User
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, list[str]] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


Function = Callable[[Call], dict[str, Any] | Response]
Endpoint = Callable[[Request], Awaitable[Response]]


def open_to_all(path: str, function: Callable[[Asked], dict[str, Any]]) -> Endpoint:
    """The endpoint of a function that anybody may call. path: as for_role() takes it."""

    async def endpoint(request: Request) -> Response:
        request.state.path = path
        asked: Asked = request.state.asked
        return answer(asked, function(asked))

    return endpoint


def for_role(role: str, path: str, function: Function, login: Login, settings: Settings) -> Endpoint:
    """The endpoint of a function that takes a role of OCP. path: with the names of its parameters, without a prefix."""
    name = function.__name__

    async def endpoint(request: Request) -> Response:
        request.state.path = path
        asked: Asked = request.state.asked
        try:
            body = await read_body(request, settings)
            user = request.state.user = await login.user(request, body)
            if settings.role_bindings:
                await to_thread.run_sync(controller.authorize, user, role, settings.role_bindings, name)
            content_type = request.headers.get("content-type", "")
            encoding = request.headers.get("content-encoding", "identity")
            document = reading.document(body, content_type, encoding) if request.method == "POST" else {}
            call = Call(asked, user, request.path_params, _query(request), document)
            outcome: dict[str, Any] | Response | OcpError = await to_thread.run_sync(function, call)
        except OcpError as error:
            outcome = error
        return outcome if isinstance(outcome, Response) else answer(asked, outcome)

    return endpoint


def _query(request: Request) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        text = request.scope["query_string"].decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict")
    except ValueError:
        raise OcpError(INVALID, "the query cannot be read") from None
    for name, value in pairs:
        if "\0" in value:
            raise reading.invalid(name[:100], value, "must not have a NUL")
        found.setdefault(name, []).append(value)
    return found
