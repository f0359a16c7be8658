# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OCP's hosts, read page by page while OCP may change them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .client import ClientError, OcpClient, UnavailableError

PATH = "/compute/hosts"
MAX_PAGE_SIZE = 2000
MAX_HOSTS = 200_000  # with more, the pager is taken to be endless
PASSES = 3


@dataclass(frozen=True)
class _Page:
    hosts: list[t.Any]
    pages: int
    total: int | None


@dataclass
class _Pass:
    """One reading of all pages. hosts: by id. settled: whether no host can have moved from one page to another."""

    hosts: dict[int, dict[str, t.Any]] = field(default_factory=dict)
    unusable: int = 0
    total: int | None = None
    settled: bool = True


def read_hosts(
    client: OcpClient, *, page_size: int, status: t.Sequence[str] = (), keyword: str | None = None
) -> tuple[list[dict[str, t.Any]], list[str]]:
    """Every host as OCP describes it, in the order of the ids, and warnings.

    If hosts are added or removed meanwhile, one of them may move from one page to another. The list is then read again.
    After three times the last list is returned with a warning.

    page_size: 1 to 2000. status, keyword: OCP's filters. Raises ClientError.
    """
    query: dict[str, str | t.Sequence[str]] = {"size": str(page_size), "sort": "id,asc"}
    if status:
        query["status"] = status
    if keyword:
        query["keyword"] = keyword
    for dummy in range(PASSES):
        found = _read_all(client, query)
        if found.settled:
            break
    warnings = []
    if not found.settled:
        counted = f"OCP counts {found.total}, " if found.total is not None else ""
        warnings.append(
            f"the hosts of {client.url} changed each of the {PASSES} times that they were read: {counted}"
            f"{len(found.hosts)} were found, and some may be missing"
        )
    if found.unusable:
        warnings.append(f"{found.unusable} of the hosts of {client.url} are left out: they have no id")
    return [found.hosts[host_id] for host_id in sorted(found.hosts)], warnings


def _read_all(client: OcpClient, query: t.Mapping[str, str | t.Sequence[str]]) -> _Pass:
    found = _Pass()
    number = 0
    while True:
        number += 1
        page = _page(client, query, number)
        known = len(found.hosts)
        for host in page.hosts:
            host_id = host.get("id") if isinstance(host, dict) else None
            if isinstance(host_id, bool) or not isinstance(host_id, int):
                found.unusable += 1
                continue
            found.settled = found.settled and host_id not in found.hosts
            found.hosts[host_id] = host
        found.settled = found.settled and (number == 1 or page.total == found.total)
        found.total = page.total
        if number >= page.pages:
            break
        if not page.hosts:  # hosts have gone, and the last pages with them
            found.settled = False
            break
        if len(found.hosts) == known or len(found.hosts) > MAX_HOSTS:
            raise ClientError(
                f"the pages of {client.url} have no end: page {number} of {page.pages} follows {known} hosts and "
                f"holds no other (at most {MAX_HOSTS} are read): check that url is OCP's address"
            )
    if found.total is not None and found.total != len(found.hosts) + found.unusable:
        found.settled = False
    return found


def _page(client: OcpClient, query: t.Mapping[str, str | t.Sequence[str]], number: int) -> _Page:
    data = client.get(PATH, {**query, "page": str(number)})
    hosts = data.get("contents") if isinstance(data, dict) else None
    page = data.get("page") if isinstance(data, dict) else None
    pages = page.get("totalPages") if isinstance(page, dict) else None
    if not isinstance(hosts, list) or not isinstance(page, dict) or not isinstance(pages, int):
        raise UnavailableError(f"{client.url} answered with what is no page of hosts: check that url is OCP's address")
    total = page.get("totalElements")
    return _Page(hosts, pages, total if isinstance(total, int) else None)
