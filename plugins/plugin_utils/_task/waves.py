# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The waves of an operation: its hosts in parts, each the hosts of a task of its own, one task after another.

The sizes are those of Ansible's keyword C(serial), and the parts are the same.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .errors import INVALID, OcpError, sub_error
from .host_ids import read_id

_SIZE = re.compile(r"[1-9][0-9]{0,8}")
_SHARE = re.compile(r"(100|[1-9][0-9]?)%")
_FORMS = """give a number of hosts, a percentage, or a list of them, as in -e '{"ocp_waves": [1, 10, "25%"]}'"""


@dataclass(frozen=True)
class Waves:
    """The waves of a request that are to be carried out.

    hosts: the ids of the hosts, by wave. first: the number of the first of these waves; it is greater than 1 where the
    request goes on with waves. share: percentage of the hosts of a wave that may fail before the next one is not begun.
    """

    hosts: list[list[int]]
    first: int = 1
    share: float = 0

    @property
    def of(self) -> int:
        """How many waves the request has, with those that were carried out before."""
        return self.first - 1 + len(self.hosts)


@dataclass(frozen=True)
class Wave:
    """Which wave of its request a task is. later: how many hosts come after it."""

    number: int
    of: int
    later: int

    def __str__(self) -> str:
        return f"wave {self.number} of {self.of}"


def sizes(value: object) -> list[str]:
    """Read the sizes of waves.

    value: a number of hosts, a percentage of all hosts such as C(25%), or a list of these; also as a text, with commas
    between them and with or without the brackets. Returns them as texts, none where none are given. Raises OcpError
    (400).
    """
    if value is None or value == "":
        return []
    if isinstance(value, str):
        text = value.strip()
        if text[:1] == "[" and text[-1:] != "]":
            raise _error(f"{value!r} is not a complete list; the shell or key=value parsing may have cut it")
        items: list[object] = [item.strip(" \t\n'\"") for item in text.strip("[]").split(",")]
    else:
        items = list(value) if isinstance(value, (list, tuple)) else [value]
    found = ["" if isinstance(item, bool) else str(item).strip() for item in items]
    wrong = [
        item
        for item, text in zip(items, found, strict=True)
        if not (_SIZE.fullmatch(text) or _SHARE.fullmatch(text))
    ]
    if wrong or not found:
        named = ", ".join(repr(str(item))[:50] for item in wrong[:5]) or "an empty list"
        raise _error(f"must be numbers of hosts from 1 or percentages from 1% to 100%, not {named}")
    return found


def partition(ids: t.Sequence[int], sizes: t.Sequence[str]) -> list[list[int]]:
    """The ids in parts of these sizes, in their order. The last size repeats.

    A percentage is one of all ids, rounded down, and at least one id.
    """
    found: list[list[int]] = []
    begin = 0
    while begin < len(ids):
        size = sizes[min(len(found), len(sizes) - 1)]
        count = int(int(size[:-1]) / 100.0 * len(ids)) or 1 if size.endswith("%") else int(size)
        found.append(list(ids[begin : begin + count]))
        begin += count
    return found


def waves(ids: t.Sequence[int], sizes: t.Sequence[str], *, after: object = None, share: float = 0) -> Waves:
    """The waves of a request.

    ids: of all of its hosts. sizes: of sizes(). after: the id of the last host that was begun before; None or an empty
    text where none was. share: as in Waves. Raises OcpError (400) where it is no host of the request, or the last one.
    """
    parts = partition(ids, sizes)
    if after in (None, ""):
        return Waves(parts, share=share)
    last = read_id(after)
    if last not in ids:
        shown = repr(str(after))[:50]
        raise OcpError(
            INVALID,
            f"ocp_waves_after must be the id of a host of the request, the last one that was begun, and {shown} is "
            "none: give the same hosts and sizes as before",
            [sub_error("ocp_waves_after", None, "is no host of the request")],
        )
    begun = set(ids[: ids.index(last) + 1])
    left = [[one for one in part if one not in begun] for part in parts]
    first = next((index for index, part in enumerate(left) if part), None)
    if first is None:
        raise OcpError(
            INVALID,
            f"ocp_waves_after is {last}, and no host comes after it: nothing is left to be begun",
            [sub_error("ocp_waves_after", None, "is the last host of the request")],
        )
    return Waves(left[first:], first + 1, share)


def not_done(task: t.Mapping[str, t.Any]) -> int:
    """How many hosts a task is not through with. task: as OCP's response has it."""
    return len({one["parallelIdx"] for one in task["subtasks"] if one["status"] != "SUCCESSFUL"} - {-1})


def _error(problem: str) -> OcpError:
    return OcpError(INVALID, f"ocp_waves: {problem}: {_FORMS}", [sub_error("ocp_waves", None, problem)])
