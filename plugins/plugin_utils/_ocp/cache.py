# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The entry of Ansible's inventory cache: the hosts, the time when they were read, and the OCP that they are from.

Ansible's cache plugins drop an outdated entry, but such an entry helps while OCP is down. So the cache plugin keeps
entries for ever, and this file decides whether one is fresh.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._task.layout import plural
from .host_variables import COLUMNS, Variables, from_row

VERSION = 1


@dataclass(frozen=True)
class CachedHosts:
    """A cached list. hosts: their variables, in the order of the ids. age: seconds since they were read.

    The age is negative if the clock was set back.
    """

    hosts: list[Variables]
    age: float

    def is_fresh(self, timeout: float) -> bool:
        """Whether they need not be read again. timeout: seconds; with 0 they never expire."""
        return timeout == 0 or 0 <= self.age <= timeout


def dump(hosts: t.Sequence[Variables], source: t.Mapping[str, t.Any], now: float) -> dict[str, t.Any]:
    """Make the entry. source: identifies this list, without secrets. now: seconds since the epoch."""
    return {"version": VERSION, "source": dict(source), "fetched": now, "hosts": list(hosts)}


def load(entry: object, source: t.Mapping[str, t.Any], now: float) -> CachedHosts | None:
    """Read an entry. Returns None for an entry of another source or version."""
    if not isinstance(entry, dict) or (entry.get("version"), entry.get("source")) != (VERSION, dict(source)):
        return None
    try:
        hosts = [_variables(host) for host in entry["hosts"]]
        return CachedHosts(hosts, now - float(entry["fetched"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _variables(host: t.Mapping[str, t.Any]) -> Variables:
    """The variables of a cached host. The cache can set only those that OCP can set."""
    services = [
        {key: None if service[key] is None else str(service[key]) for key in ("name", "type", "version")}
        for service in host["ocp_services"]
    ]
    return {**from_row({column: host.get(column) for column in COLUMNS}), "ocp_services": services}


def duration(seconds: float) -> str:
    """A time span in its two largest units."""
    left = max(0, int(seconds))
    parts = []
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(plural(count, unit))
    return " ".join(parts[:2]) or "0 seconds"
