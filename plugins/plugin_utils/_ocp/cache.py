# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The entry of Ansible's inventory cache: hosts, when they were read, and of which OCP.

Ansible's cache plugins forget an entry that is out of date, but such an entry is what helps while OCP is down. So the
cache plugin is told to keep entries for ever, and whether one is fresh is judged here.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .host_variables import COLUMNS, Variables, from_row

VERSION = 1


@dataclass(frozen=True)
class CachedHosts:
    """What was kept. hosts: their variables, in the order of the ids. age: seconds since they were read.

    The age is negative when the clock was set back.
    """

    hosts: list[Variables]
    age: float

    def is_fresh(self, timeout: float) -> bool:
        """Whether they need not be read again. timeout: seconds; 0 means that they are never out of date."""
        return timeout == 0 or 0 <= self.age <= timeout


def dump(hosts: t.Sequence[Variables], source: t.Mapping[str, t.Any], now: float) -> dict[str, t.Any]:
    """The entry. source: what tells this list from others, no secrets. now: seconds since the epoch."""
    return {"version": VERSION, "source": dict(source), "fetched": now, "hosts": list(hosts)}


def load(entry: object, source: t.Mapping[str, t.Any], now: float) -> CachedHosts | None:
    """Read an entry. Returns None for what is no entry of this source and this version."""
    if not isinstance(entry, dict) or (entry.get("version"), entry.get("source")) != (VERSION, dict(source)):
        return None
    try:
        hosts = [_variables(host) for host in entry["hosts"]]
        return CachedHosts(hosts, now - float(entry["fetched"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _variables(host: t.Mapping[str, t.Any]) -> Variables:
    """Nothing gets into the inventory from a cache that could not get there from OCP."""
    services = [
        {key: None if service[key] is None else str(service[key]) for key in ("name", "type", "version")}
        for service in host["ocp_services"]
    ]
    return {**from_row({column: host.get(column) for column in COLUMNS}), "ocp_services": services}


def duration(seconds: float) -> str:
    """A time span for people, in its two largest units."""
    left = max(0, int(seconds))
    parts = []
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts[:2]) or "0 seconds"
