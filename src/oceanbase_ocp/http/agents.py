# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on a host now, asked of the host itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import UNEXPECTED, OcpError

from .._errors import OcpRunError
from .._status import host_agent, host_agent_processes
from . import reading
from .endpoint import Call
from .errors import ThrottledError
from .hosts import Hosts
from .settings import Settings

_LOG = logging.getLogger(__name__)
_RETRY_AFTER_SECONDS = 2


class Agents:
    """The agents of the hosts. As many hosts are looked at at once as operations may run, beside these."""

    def __init__(self, hosts: Hosts, settings: Settings) -> None:
        self._hosts = hosts
        self._settings = settings
        self._places = threading.BoundedSemaphore(settings.max_operations)

    def get_agent(self, call: Call) -> dict[str, Any]:
        """GET /compute/hosts/{hostId}/agent"""
        return self._look(host_agent, call)

    def list_processes(self, call: Call) -> dict[str, Any]:
        """GET /compute/hosts/{hostId}/agent/processes"""
        return self._look(host_agent_processes, call)

    def _look(self, function: Callable[..., Mapping[str, Any]], call: Call) -> dict[str, Any]:
        host_id = reading.number(call.path["hostId"], "hostId")
        self._hosts.one(host_id)
        if not self._places.acquire(blocking=False):
            raise ThrottledError(_RETRY_AFTER_SECONDS)
        try:
            answer = function(
                host_id,
                inventory=list(self._settings.inventory),
                extravars=self._settings.variables,
            )
        except OcpRunError as exc:
            _LOG.exception("a look at a host has failed as a program")
            raise OcpError(UNEXPECTED, f"{exc.message}: the service's log has the cause") from None
        finally:
            self._places.release()
        body: dict[str, Any] = {name: answer[name] for name in ("data", "error") if name in answer}
        return call.asked.envelope(HTTPStatus(answer["status"]), body)
