# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections: what uvicorn leaves open. What is no HTTP gets an envelope, silence is hung up, and there is a limit."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import controller
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import now_ms
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, UNEXPECTED, Code, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request as Asked

from .exchange import written
from .logs import TRACE_ID

_ACCESS = logging.getLogger("oceanbase_ocp.http.access")
_TOO_MANY = Code(UNEXPECTED.code, None, HTTPStatus.SERVICE_UNAVAILABLE, "too many connections")
HEADER_SECONDS = 15
# A process has 1,024 open files at most by default, and the operations need some.
MOST_CONNECTIONS = 512


class Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 on h11, with a limit on the time that a request line and its headers may take."""

    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(OcpError(_TOO_MANY, f"the service has {MOST_CONNECTIONS} connections: try again later"))
        else:
            self._watch_headers()

    def data_received(self, data: bytes) -> None:
        self._watch_headers()
        super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        if self._in_request:
            self._stop_watching()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    @property
    def _in_request(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _watch_headers(self) -> None:
        if self._header_timer is None and not self._in_request:
            self._header_timer = self.loop.call_later(HEADER_SECONDS, self._hang_up)

    def _stop_watching(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _hang_up(self) -> None:
        self._header_timer = None
        if not self._in_request and not self.transport.is_closing():
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        self._refuse(OcpError(INVALID, f"this is no HTTP request: {msg}"))

    def _refuse(self, error: OcpError) -> None:
        """Answer, and hang up."""
        asked = Asked(controller.trace_id(), controller.address(), now_ms())
        body = written(asked.refuse(error))
        status = error.code.status
        TRACE_ID.set(asked.trace_id)
        _ACCESS.info("%s", error.message, extra={"client": self.client and self.client[0], "status": int(status)})
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        if self.conn.our_state is h11.SEND_RESPONSE or self.conn.our_state is h11.IDLE:
            events: list[Any] = [
                h11.Response(status_code=int(status), headers=headers, reason=status.phrase.encode()),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ]
            for event in events:
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
