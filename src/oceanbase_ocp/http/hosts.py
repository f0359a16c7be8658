# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of the inventory, as OCP shows hosts. What the inventory does not know is null."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ocp.host_variables import TEXTS
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    CONFLICT,
    UNEXPECTED,
    UNKNOWN_HOST,
    OcpError,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import known

_LOG = logging.getLogger(__name__)
_PATIENCE = 120
# The fields of OCP's host that no inventory of ours has a value for.
_UNKNOWN: dict[str, Any] = dict.fromkeys((
    "createTime",
    "description",
    "hostAgentId",
    "idcDescription",
    "idcId",
    "operatingSystem",
    "publishPorts",
    "regionDescription",
    "regionId",
    "serialNumber",
    "typeDescription",
    "typeId",
    "updateTime",
))
_SEARCHED = ("name", "alias", "innerIpAddress")
SORTED = sorted({"id", "innerIpAddress", "name", "sshPort", *TEXTS.values(), *_UNKNOWN})


class Hosts:
    """The hosts of an inventory.

    They are read again, in the background, when somebody asks for them and they are older than `seconds`.
    """

    def __init__(self, inventory: Sequence[str], seconds: float) -> None:
        self._inventory = tuple(inventory)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._hosts: list[dict[str, Any]] | None = None
        self._read = 0.0
        self._reading: Future[None] | None = None

    def all(self) -> list[dict[str, Any]]:
        """Every host that has an id, in the order of the ids. Raises OcpError (500) where they could not be read."""
        reading = self.read()
        if self._hosts is None:
            reading.result()
        hosts = self._hosts
        if hosts is None:
            raise OcpError(UNEXPECTED, "the inventory could not be read: the service's log has the cause")
        return hosts

    def read(self) -> Future[None]:
        """Begin to read the hosts, unless they are new, or being read. Returns what tells of the end of that."""
        with self._lock:
            if self._reading is None or (self._reading.done() and time.monotonic() - self._read > self._seconds):
                self._reading = Future()
                threading.Thread(target=self._fetch, args=(self._reading,), name="inventory", daemon=True).start()
            return self._reading

    def _fetch(self, reading: Future[None]) -> None:
        try:
            self._hosts = shown(_variables(self._inventory))
        except Exception as exc:  # what was read before may not be true any more
            self._hosts = None
            _LOG.error("%s", exc)
        self._read = time.monotonic() if self._hosts is not None else 0.0
        reading.set_result(None)

    def one(self, host_id: int) -> dict[str, Any]:
        """The host with this id. Raises OcpError: 404 where there is none, 409 where there are two."""
        found = [host for host in self.all() if host["id"] == host_id]
        if not found:
            raise OcpError(UNKNOWN_HOST, f"no host of the inventory has the id {host_id}")
        if len(found) > 1:
            raise OcpError(CONFLICT, f"more than one host of the inventory has the id {host_id}")
        return found[0]

    def find(
        self,
        statuses: Sequence[str],
        keyword: str | None,
        included: Sequence[str],
        excluded: Sequence[str],
        orders: Sequence[tuple[str, bool]],
    ) -> list[dict[str, Any]]:
        """The hosts in one of these states whose name, alias, address or service contains the keyword.

        statuses: none means all. included: types of services; a host has one of them, where there are any. excluded:
        types that a host has none of. orders: fields of SORTED, the first one foremost, each with whether its highest
        comes first. Raises OcpError (500).
        """
        hosts = self.all()
        if statuses:
            hosts = [host for host in hosts if host["status"] in statuses]
        if keyword:
            part = keyword.casefold()
            hosts = [host for host in hosts if any(part in text.casefold() for text in _searched(host))]
        if included:
            hosts = [host for host in hosts if _service_types(host) & set(included)]
        if excluded:
            hosts = [host for host in hosts if not _service_types(host) & set(excluded)]
        for field, highest_first in reversed(orders):
            hosts = sorted(hosts, key=lambda host: _key(host[field]), reverse=highest_first)
        return hosts


def _searched(host: Mapping[str, Any]) -> list[str]:
    """The texts of a host that a keyword may be in."""
    services = [service.get("name", "") for service in host["services"]]
    return [str(text or "") for text in (*map(host.get, _SEARCHED), *services)]


def _service_types(host: Mapping[str, Any]) -> set[Any]:
    return {str(service.get("type")) for service in host["services"]}


def _key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


def shown(variables: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The hosts as OCP shows them, in the order of their ids. variables: of each host, by its name."""
    found = [
        _shown(host_id, name, of_host)
        for name, of_host in variables.items()
        for host_id in known({name: of_host.get("ocp_host_id")})
    ]
    return sorted(found, key=lambda host: (host["id"], host["name"]))


def _shown(host_id: int, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    texts = {field: _text(variables.get(variable)) for variable, field in TEXTS.items()}
    services = variables.get("ocp_services")
    host = {
        **_UNKNOWN,
        **texts,
        "id": host_id,
        "name": texts["name"] or name,
        "innerIpAddress": _text(variables.get("ansible_host")) or name,
        "services": [
            {"softwarePackageId": None, **service}
            for service in (services if isinstance(services, list) else [])
            if isinstance(service, dict)
        ],
        "sshPort": _port(variables.get("ansible_port")),
    }
    return dict(sorted(host.items()))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _port(value: Any) -> int:
    return int(value) if str(value).isdecimal() else 22


def _variables(inventory: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The variables of each host, from ansible-inventory: in a process of its own, as plugins keep what they import."""
    beside = os.path.join(os.path.dirname(sys.executable), "ansible-inventory")
    command = [beside if os.access(beside, os.X_OK) else "ansible-inventory", "--list"]
    for source in inventory:
        command += ["--inventory", source]
    environment = {
        **os.environ,
        "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        "ANSIBLE_NOCOLOR": "true",
    }
    try:
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=_PATIENCE, check=False
        )
        if run.returncode == 0:
            document = json.loads(run.stdout)
            variables: dict[str, dict[str, Any]] = document["_meta"]["hostvars"]
            return variables
        reason = " ".join(run.stderr.decode(errors="replace").split())[-500:]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError) as exc:
        reason = str(exc)
    raise OcpError(UNEXPECTED, f"the inventory cannot be read: {reason}")
