# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outermost layer: every request has a trace id and a line in the log, every answer is an envelope."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import controller
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import now_ms
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request as Asked

from .errors import NO_RECORD, TOO_LARGE, TOO_SLOW, refusal
from .logs import TRACE_ID
from .metrics import Metrics
from .settings import Settings

_LOG = logging.getLogger(__name__)
_ACCESS = logging.getLogger("oceanbase_ocp.http.access")


class Exchange:
    """Gives a request what its answer repeats, and answers when the application does not."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._server = controller.address()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _routable(scope)
        asked = Asked(controller.trace_id(), self._server, now_ms(), self._settings.error_codes)
        TRACE_ID.set(asked.trace_id)
        scope["state"] = {**scope.get("state", {}), "asked": asked, "user": None, "path": None}
        begun, seen = time.monotonic(), {"status": 0}

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
            await send(message)

        # What is decoded would be another path than a proxy in front has seen.
        is_odd = b"%2f" in scope["raw_path"].lower()
        app = answer(asked, OcpError(NO_RECORD, f"there is nothing at {scope['path']}")) if is_odd else self._app
        try:
            await app(scope, receive, watched)
        except Exception:  # it is answered already
            _LOG.exception("a request failed")
        finally:
            client = scope.get("client")
            user = scope["state"]["user"]
            seconds = time.monotonic() - begun
            self._metrics.count_request(scope["method"], scope["state"]["path"], seen["status"], seconds)
            _ACCESS.info(
                "%s %s",
                scope["method"],
                scope["path"],
                extra={
                    "client": client[0] if client else None,
                    "user": user.name if user else None,
                    "status": seen["status"],
                    "duration": round(seconds * 1000),
                },
            )


def _routable(scope: Scope) -> Scope:
    """The request with its path as the routes have it.

    A slash at its end is ignored, as OCP does. An absolute URL, as proxies are asked for, stands for its path.
    """
    raw, path = scope["raw_path"], scope["path"]
    if raw.lower().startswith((b"http://", b"https://")):
        raw = b"/" + raw.split(b"/", 3)[3] if raw.count(b"/") > 2 else b"/"
        path = unquote(raw.decode("latin-1"))
    if path.endswith("/") and not path.endswith("//"):
        path = path[:-1] or "/"
    return {**scope, "raw_path": raw, "path": path}  # a signature is over the path as it was sent


async def read_body(request: Request, settings: Settings) -> bytes:
    """The body of a request. Raises OcpError where it is larger or slower than it may be."""
    most = settings.max_body
    too_large = OcpError(TOO_LARGE, f"the body has more than {most} bytes")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and len(length) < 20 and int(length) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(settings.body_seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_large
    except ClientDisconnect:  # nobody reads the answer: it is for the log
        raise OcpError(INVALID, "the client has hung up before the end of the body") from None
    except TimeoutError:
        raise OcpError(TOO_SLOW, f"the body has not arrived within {settings.body_seconds:g} seconds") from None
    return bytes(body)


def answer(asked: Asked, outcome: OcpError | dict[str, Any]) -> Response:
    """The HTTP response of an envelope or of an error; its status is that of the envelope."""
    headers: dict[str, str] = {"Cache-Control": "no-store"}
    if isinstance(outcome, OcpError):
        headers |= getattr(outcome, "headers", {})
        if outcome.code in (TOO_LARGE, TOO_SLOW):  # what is left of the body is not read
            headers["Connection"] = "close"
        outcome = refusal(asked, outcome)
    return Response(written(outcome), outcome["status"], headers, "application/json")


def written(envelope: dict[str, Any]) -> bytes:
    """An envelope as OCP writes JSON, since some clients look for parts of it with grep: without blanks, in UTF-8."""
    text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair, which a client may have sent and gets back as rejected, is no character: it stays escaped.
    return text.encode(errors="backslashreplace")
