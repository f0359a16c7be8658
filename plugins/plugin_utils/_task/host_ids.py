# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The host ids of a request: the accepted forms of a list, and the inventory hosts behind the ids."""

from __future__ import annotations

import json
import re
import typing as t
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address

from .errors import CONFLICT, INVALID, UNKNOWN_HOST, OcpError, join, sub_error

MAX_ID = 2**63 - 1  # OCP's ids are Java longs

_DECIMAL = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_VARIABLES = {"hostIds": "host_ids", "hostId": "host_id", "taskId": "task_id", "subtaskId": "subtask_id"}


@dataclass(frozen=True)
class Target:
    """A host of a task: its id in OCP and its name in the inventory."""

    host_id: int
    host: str

    def __str__(self) -> str:
        return f"{self.host} (host id {self.host_id})"


def parse(
    value: object, field: str = "hostIds", most: int | None = None, *, by_survey: bool = False
) -> list[int]:
    """Read a list of host ids, or of other ids of OCP.

    value: a list of integers or of their decimal texts; a single integer; or a text from a survey: a JSON list,
    ids separated by commas, or one or more lines of them. field: the name in OCP's API. most: the most ids allowed.
    by_survey: whether they are from a survey of AWX, which has no command line.
    Returns the ids in their order. Raises OcpError (400) that names every refused value.
    """
    variable = _VARIABLES.get(field, field)
    forms = _forms(variable, most, by_survey)
    if value is None or value == "":
        raise OcpError(INVALID, f"{field} is required: {forms}", [_sub_error(field, value, "must not be empty")])
    items = _items(value, field, forms)
    if not items:
        raise OcpError(INVALID, f"{field} must name at least one", [_sub_error(field, value, "must not be empty")])
    ids = [read_id(item) for item in items]
    refused = [item for item, host_id in zip(items, ids, strict=True) if host_id is None]
    if refused:
        message = f"must be an integer from 1 to {MAX_ID}"
        if field == "hostIds" and any(isinstance(item, str) and item.startswith("@") for item in refused):
            forms += ", or the path of a file with ids in ocp_host_ids_file"
        raise OcpError(
            INVALID,
            f"{field}: {join([_shown(item) for item in refused])} {message}: {forms}",
            [_sub_error(field, item, message) for item in refused],
        )
    accepted = [host_id for host_id in ids if host_id is not None]
    repeated = sorted(number for number, times in Counter(accepted).items() if times > 1)
    if repeated:
        raise OcpError(
            INVALID,
            f"{field} names one more than once: {join(repeated)}",
            [_sub_error(field, host_id, "must not be repeated") for host_id in repeated],
        )
    if most is not None and len(accepted) > most:
        raise OcpError(
            INVALID,
            f"{field} must be no more than {most}: {forms}",
            [_sub_error(field, number, "is one too many") for number in accepted[most:]],
        )
    return accepted


def _forms(variable: str, most: int | None, by_survey: bool) -> str:
    """The forms in which ids may be given, for a message."""
    if by_survey:
        count = "one number" if most == 1 else "one id a line, or ids with commas between them"
        return f"give {variable} {count}"
    if most == 1:
        return f"give one, as in -e {variable}=31173"
    return f"""give a JSON list, as in -e '{{"{variable}": [1001, 1002]}}'"""


def _items(value: object, field: str, forms: str) -> list[object]:
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("["):
            try:
                loaded = json.loads(text)
            except (ValueError, RecursionError):
                loaded = None
            if isinstance(loaded, list):
                return loaded
            cut = "is not a complete JSON list; the shell or key=value parsing may have cut it"
            raise OcpError(INVALID, f"{field}: {_shown(value)} {cut}: {forms}", [_sub_error(field, value, cut)])
        lines = [line.strip().removesuffix(",") for line in text.splitlines()]
        return [piece.strip() for line in lines if line for piece in line.split(",")]
    return [value]


def read_id(item: object) -> int | None:
    """The id that item is, or None. A boolean is an int to Python, and a float may have lost digits: neither is one."""
    if isinstance(item, str):
        item = int(item) if _DECIMAL.fullmatch(item.strip()) else None
    if isinstance(item, bool) or not isinstance(item, int) or not 1 <= item <= MAX_ID:
        return None
    return int(item)


def resolve(ids: t.Sequence[int], inventory: t.Mapping[str, object], groups: t.Container[str]) -> list[Target]:
    """Find the inventory host of every id.

    inventory: host name to the value of its variable C(ocp_host_id), for the hosts that have one. groups: the names
    of all groups. Returns the targets in the order of ids. Raises OcpError: 404 for unknown ids, 409 for an id of two
    hosts or a host of two ids, 400 for a host name that Ansible would read as something else.
    """
    hosts: dict[int, list[str]] = {host_id: [] for host_id in ids}
    unusable: list[str] = []
    doubled: dict[str, list[int]] = {}
    for name, value in inventory.items():
        host_id = read_id(value)
        if host_id in hosts:
            hosts[host_id].append(name)
        elif isinstance(value, (list, tuple)):
            several = [found for found in map(read_id, value) if found is not None and found in hosts]
            if several:
                doubled[name] = several
        elif host_id is None:
            unusable.append(name)
    if doubled:
        raise OcpError(
            CONFLICT,
            "ocp_host_id must be one id: " + join([f"{name} has {value}" for name, value in doubled.items()]),
            [_sub_error("hostIds", host_id, f"shares {name}") for name, value in doubled.items() for host_id in value],
        )
    unknown = [host_id for host_id in ids if not hosts[host_id]]
    if unknown:
        hint = f" (ocp_host_id of {join(unusable, 10)} is no host id)" if unusable else ""
        raise OcpError(
            UNKNOWN_HOST,
            f"no host of the inventory has the variable ocp_host_id with {join(unknown)}{hint}",
            [_sub_error("hostIds", host_id, "no such host") for host_id in unknown],
        )
    ambiguous = {host_id: names for host_id, names in hosts.items() if len(names) > 1}
    if ambiguous:
        raise OcpError(
            CONFLICT,
            "more than one host has the same ocp_host_id: "
            + join([f"{host_id} is {' and '.join(names)}" for host_id, names in ambiguous.items()]),
            [_sub_error("hostIds", host_id, f"is {' and '.join(names)}") for host_id, names in ambiguous.items()],
        )
    targets = [Target(host_id, hosts[host_id][0]) for host_id in ids]
    misread = [target for target in targets if target.host in groups or not _is_plain(target.host)]
    if misread:
        raise OcpError(
            INVALID,
            "Ansible would read these host names as a pattern or a group; rename them in the inventory: "
            + join([repr(target.host) for target in misread]),
            [_sub_error("hostIds", target.host_id, f"host name {target.host!r}") for target in misread],
        )
    return targets


def known(inventory: t.Mapping[str, object]) -> set[int]:
    """The ids of the hosts of an inventory. inventory: as for resolve(), which checks them."""
    values = [value if isinstance(value, (list, tuple)) else [value] for value in inventory.values()]
    return {host_id for several in values for value in several if (host_id := read_id(value)) is not None}


def _is_plain(name: str) -> bool:
    """Whether a play's hosts: takes the name literally. Ansible reads an IPv6 address whole, despite its colons."""
    if re.fullmatch(r"\w[\w.@+-]*", name):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _shown(value: object) -> str:
    try:
        text = repr(str(value) if isinstance(value, str) else value)
    except ValueError:  # Python writes no integer of more than some thousand digits
        text = "an integer of thousands of digits"
    return text if len(text) <= 100 else text[:97] + "..."


def _sub_error(field: str, value: object, message: str) -> dict[str, t.Any]:
    if isinstance(value, str):
        rejected: object = value[:100]
    elif value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) <= MAX_ID):
        rejected = value
    else:  # not representable in JSON
        rejected = _shown(value)
    return sub_error(field, rejected, message)
