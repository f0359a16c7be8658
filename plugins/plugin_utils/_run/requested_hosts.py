# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The hosts of a request, by ids, by a pattern of Ansible, or from a file."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager, split_host_pattern
from ansible.plugins.inventory import detect_range, expand_hostname_range

from .._files.document import plain
from .._task.errors import INVALID, OcpError, join, sub_error
from .._task.host_ids import Target, read_id
from .._task.layout import plural
from . import screen
from .controller import read_ids
from .extra_vars import as_written
from .inventory import Inventory
from .variables import FILE, NAMES_OF_HOSTS, PATTERN

_RANGE = re.compile(r"\w[\w.-]*\[[^\]]+:[^\]]+\][\w.-]*")


def ids(argument: object, variables: t.Mapping[str, t.Any], inventory: Inventory) -> list[int] | None:
    """The ids of the hosts of a request; None if it names none. Shows the hosts of a pattern or a file.

    argument: of the action. Without it the variables NAMES_OF_HOSTS are taken just as they were given. A request is
    data, and a template in it is refused and not evaluated. variables: of the task on the controller. inventory: of the
    request. Raises OcpError (400).
    """
    if argument is not None:
        return read_ids(plain(argument))
    given = {name: plain(variables[name]) for name in NAMES_OF_HOSTS if variables.get(name) not in (None, "")}
    if len(given) > 1 and not (given.keys() == {"host_ids", "hostIds"} and given["host_ids"] == given["hostIds"]):
        raise OcpError(INVALID, f"{' and '.join(given)} are given, which may differ: give one of them")
    if not given:
        return None
    ((name, value), *dummy) = given.items()
    if name == PATTERN:
        found = by_pattern(value, variables["hostvars"]._inventory, inventory.ids)
    elif name == FILE:
        found = from_file(str(value))
    else:
        written = None if isinstance(value, str) else as_written(name)
        if written is not None:
            read_ids(written)  # Ansible may have made another id of this text
        return read_ids(value)
    screen.tell(shown(f"{name} {value}", found))
    return found


def check_resumed(named: t.Sequence[int], targets: t.Sequence[Target], unfinished: t.Sequence[int]) -> None:
    """Check the hosts that a request names for a task to be resumed. The task goes on with all of its hosts.

    named: their ids. targets: of the task. unfinished: the ids of the hosts that are not done. Raises OcpError (400) if
    one of these is not named, or a host is not of the task.
    """
    of_task = {target.host_id: target for target in targets}
    left_out = [of_task[number] for number in unfinished if number not in named]
    if left_out:
        raise OcpError(
            INVALID,
            f"the request leaves out {join(left_out, 20)}, but a task goes on with all of its hosts that are not done: "
            "leave the names of hosts away. To go on without some of them, skip their subtasks, or set "
            "ocp_max_fail_percentage",
            [sub_error(PATTERN, str(target.host_id), "would be worked on as well") for target in left_out],
        )
    others = [number for number in named if number not in of_task]
    if others:
        raise OcpError(
            INVALID,
            f"{join(others, 20)} {'is no host' if len(others) == 1 else 'are no hosts'} of the task: leave the names "
            "of hosts away, or make a request of its own for other hosts",
            [sub_error(PATTERN, str(number), "is no host of the task") for number in others],
        )


def by_pattern(pattern: object, inventory: InventoryManager, ids: t.Mapping[str, object]) -> list[int]:
    """The ids of the hosts that a pattern names, in the order of the inventory.

    pattern: of Ansible, a text or a list, also with ranges of names as in inventories, such as C(db[001:040]).
    inventory: of these hosts. ids: the variable C(ocp_host_id) of the hosts that have it. Raises OcpError (400) if a
    part of the pattern matches nothing, no host is left, or a host has no id.
    """
    if not isinstance(pattern, str) and not (
        isinstance(pattern, list) and all(isinstance(piece, str) for piece in pattern)
    ):
        raise _error("must be a pattern of hosts, as Ansible has it, or a list of them", pattern)
    pieces = [expanded for piece in split_host_pattern(pattern) for expanded in _expand(piece, inventory)]
    # Ansible only warns of such a part. A misspelled host in an exclusion would be worked on.
    missing = [piece for piece in pieces if not _is_there(piece, inventory)]
    if missing:
        raise _error(f"{join(missing, 20)} names no host and no group of the inventory", pattern)
    names = [host.name for host in _find(pieces, inventory)] if pieces else []
    if not names:
        raise _error("no host of the inventory is left by it", pattern)
    without = [name for name in names if name not in ids]
    if without:
        but = ":".join([_text(pattern), *(f"!{name}" for name in without[:20])])
        raise OcpError(
            INVALID,
            f"{PATTERN} {_text(pattern)!r}: {join(without, 20)} {'has' if len(without) == 1 else 'have'} no "
            f"ocp_host_id: set it in the inventory, or leave out what is no host of OCP's, as in {PATTERN}='{but}'",
            [sub_error(PATTERN, name, "has no ocp_host_id") for name in without],
        )
    wrong = [name for name in names if read_id(ids[name]) is None]
    if wrong:
        raise OcpError(
            INVALID,
            f"{PATTERN} {_text(pattern)!r}: the ocp_host_id of {join(wrong, 20)} is no host id: mend the inventory",
            [sub_error(PATTERN, name, "its ocp_host_id is no host id") for name in wrong],
        )
    return list(dict.fromkeys(number for name in names if (number := read_id(ids[name])) is not None))


def from_file(path: str) -> list[int]:
    """The ids in a file.

    path: of a text in UTF-8 with a JSON list, or with ids separated by commas and line breaks. # begins a comment.
    Raises OcpError (400). Its message has line numbers and no content, since a wrong path may lead to a file with
    secrets.
    """
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is no text in UTF-8"
        raise OcpError(INVALID, f"{FILE}: {path} cannot be read: {reason}") from exc
    items = _items(text)
    wrong = [place for place, item in items if read_id(item) is None]
    if wrong or not items:
        problem = f"no host id in {join(wrong, 20)}" if wrong else "it has no host id"
        raise OcpError(INVALID, f"{FILE}: {path}: {problem}: give a JSON list, or ids with commas or in lines")
    return read_ids([item for dummy, item in items])


def shown(given: str, ids: t.Sequence[int]) -> str:
    """The hosts of a pattern or a file, as a line. given: the variable, and its value."""
    return f"{given}: {plural(len(ids), 'host')}: {join(ids)}"


def _expand(piece: str, inventory: InventoryManager) -> list[str]:
    """The names of a range as in inventories. In patterns of Ansible, a group with [0:2] means its first hosts."""
    sign, name = _sign(piece)
    before = name.partition("[")[0]
    if not _RANGE.fullmatch(name) or not detect_range(name) or before in inventory.groups or before in inventory.hosts:
        return [piece]
    try:
        return [sign + expanded for expanded in expand_hostname_range(name)]
    except AnsibleError as exc:
        raise _error(f"{name}: {exc}", name) from exc


def _is_there(piece: str, inventory: InventoryManager) -> bool:
    name = _sign(piece)[1]
    if name in inventory.groups or name in inventory.hosts:
        return True  # a group may be empty
    return not re.fullmatch(r"[\w.-]*", name) and bool(_find([name], inventory))


def _find(pieces: list[str], inventory: InventoryManager) -> list[t.Any]:
    try:
        found: list[t.Any] = inventory.get_hosts(pieces, ignore_limits=True, ignore_restrictions=True)
    except AnsibleError as exc:
        raise _error(str(exc), pieces) from exc
    return found


def _sign(piece: str) -> tuple[str, str]:
    return (piece[0], piece[1:]) if piece[:1] in ("!", "&") else ("", piece)


def _items(text: str) -> list[tuple[str, object]]:
    """The items of a file, each after its place."""
    if text.lstrip().startswith("["):
        try:
            return [(f"item {number}", item) for number, item in enumerate(json.loads(text), 1)]
        except (ValueError, RecursionError):
            return [("what is no complete JSON list", None)]
    lines = [line.partition("#")[0].strip().removesuffix(",") for line in text.splitlines()]
    there = [(f"line {number}", line) for number, line in enumerate(lines, 1) if line]
    return [(place, item.strip()) for place, line in there for item in line.split(",")]


def _text(pattern: object) -> str:
    return ",".join(map(str, pattern)) if isinstance(pattern, list) else str(pattern)


def _error(problem: str, pattern: object) -> OcpError:
    said = problem if pattern is None else f"{_text(pattern)!r}: {problem}"
    return OcpError(INVALID, f"{PATTERN} {said}", [sub_error(PATTERN, _text(pattern)[:100], problem)])
