# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""A host's variables in the inventory, and a name that Ansible takes for exactly this host."""

from __future__ import annotations

import re
import typing as t
from ipaddress import ip_address

from .._task.errors import OcpError
from .._task.host_ids import parse

Variables = dict[str, t.Any]

# Variable to field of OCP's API. All are texts or null.
TEXTS = {
    "ocp_host_name": "name",
    "ocp_host_alias": "alias",
    "ocp_host_status": "status",
    "ocp_host_type": "typeName",
    "ocp_host_kind": "kind",
    "ocp_host_architecture": "architecture",
    "ocp_host_os": "operatingSystemRelease",
    "ocp_agent_status": "hostAgentStatus",
    "ocp_agent_version": "hostAgentVersion",
    "ocp_region": "regionName",
    "ocp_idc": "idcName",
}
# The columns of a registry file.
COLUMNS = ("ocp_host_id", "ansible_host", "ansible_port", *TEXTS)

_SERVICE = ("name", "type", "version")
_HOST_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}")
_MAX_NAME = 128
# Ansible takes these names for the controller itself.
_CONTROLLER = ("localhost", "127.0.0.1", "::1")


def from_api(host: t.Mapping[str, t.Any]) -> Variables:
    """The variables of a host from OCP's API. Raises ValueError if it cannot be a target."""
    given = {variable: host.get(key) for variable, key in TEXTS.items()}
    services = host.get("services")
    return {
        **from_row({
            "ocp_host_id": host.get("id"),
            "ansible_host": host.get("innerIpAddress"),
            "ansible_port": host.get("sshPort"),
            **{variable: value if isinstance(value, str) else None for variable, value in given.items()},
        }),
        "ocp_services": [
            {key: value if isinstance(value := service.get(key), str) else None for key in _SERVICE}
            for service in (services if isinstance(services, list) else [])
            if isinstance(service, dict)
        ],
    }


def from_row(row: t.Mapping[str, t.Any]) -> Variables:
    """The variables of a host from a row with some of COLUMNS, with any values or texts. Raises ValueError."""
    variables: Variables = {"ocp_host_id": _host_id(row.get("ocp_host_id")), "ansible_host": _address(row)}
    port = row.get("ansible_port")
    if port not in (None, ""):
        variables["ansible_port"] = _port(port)
    for variable in TEXTS:
        value = row.get(variable)
        variables[variable] = None if value in (None, "") else str(value)
    return variables


def _host_id(value: object) -> int:
    try:
        (host_id,) = parse([value], "ocp_host_id")
    except OcpError:
        raise ValueError(f"ocp_host_id is {_shown(value)}, which is no host id") from None
    return host_id


def _address(row: t.Mapping[str, t.Any]) -> str:
    """An address or a DNS name. No other text may reach the command line of ssh."""
    value = row.get("ansible_host")
    text = value.strip() if isinstance(value, str) else ""
    if not (_is_address(text) or _HOST_NAME.fullmatch(text)):
        raise ValueError(f"its address is {_shown(value)}, which is no address and no DNS name")
    return text


def _port(value: object) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= 65535):
        raise ValueError(f"its SSH port is {_shown(value)}, which is no port")
    return int(text)


def _shown(value: object) -> str:
    text = repr(str(value) if isinstance(value, str) else value)
    return text if len(text) <= 100 else text[:97] + "..."


class Names:
    """Gives hosts their names in the inventory. reserved: names that no host can have, such as those of groups.

    A name is unique, and is no pattern, no group, and not the controller. Hosts that come in the order of their ids get
    the same names in every run.
    """

    def __init__(self, reserved: t.Iterable[str] = ()) -> None:
        self._taken = {"all", "ungrouped", *_CONTROLLER, *reserved}

    def name(self, wanted: str, host_id: int) -> str:
        """The name of the host with this id. wanted: its name in OCP, any text."""
        name = _plain(wanted) or f"host-{host_id}"
        while name in self._taken:
            name = f"{name}-{host_id}"
        self._taken.add(name)
        return name


def _plain(text: str) -> str:
    """The text with underscores for characters that would make it a pattern or a template."""
    text = text.strip()
    if ":" in text and _is_address(text):
        return text
    name = re.sub(r"[^\w.@+-]", "_", text[:_MAX_NAME])
    return name if not name or re.match(r"\w", name) else f"_{name}"


def _is_address(text: str) -> bool:
    """Whether text is an IP address, without a zone, which may contain anything."""
    try:
        return "%" not in text and bool(ip_address(text))
    except ValueError:
        return False
