# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The status of agents as a table, with odd hosts first and equal hosts in one line, and the findings below it."""

from __future__ import annotations

import re
import textwrap
import typing as t

from .agent_status import STATES, AgentStatus, Finding, counted, is_odd
from .errors import join
from .layout import NUMBERED, plural, runs
from .printable import in_line

_HEAD = ("HOSTS", "STATE", "AGENT", "PROGRAMS", "USER", "UP", "MEMORY", "UNIT", "PORTS")
_NARROWEST = 100  # columns that a finding may take
_HOSTS = 32  # characters of host names in the table
_SHOWN = 20  # runs of host names in a line of findings
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def table(statuses: t.Sequence[AgentStatus], columns: int = 0) -> str:
    """The table, a summary in its last line.

    statuses: in the order of the inventory. columns: of the screen, where it is wider than _NARROWEST.
    """
    parts = [_rows(statuses), *_findings(statuses, max(_NARROWEST, columns)), summary(statuses)]
    return "\n\n".join(part for part in parts if part)


def summary(statuses: t.Sequence[AgentStatus]) -> str:
    """The number of hosts in each state, and of those on which a stop would fail."""
    total = plural(len(statuses), "host")
    states = ", ".join(f"{count} {state}" for state, count in counted(statuses).items())
    refused = sum(status.refusal is not None for status in statuses)
    stop = f"A stop would fail on {refused} of them before it signals anybody." if refused else ""
    return " ".join(part for part in (f"{total}: {states}." if states else f"{total}.", stop) if part)


def compressed(names: t.Iterable[str]) -> list[str]:
    """The names, with ranges as an inventory has them for those that follow each other: C(db[001:040])."""
    return [shown for run in runs(names) for shown in ([_range(run)] if len(run) > 2 else run)]


def _range(run: t.Sequence[str]) -> str:
    first, last = NUMBERED.fullmatch(run[0]), NUMBERED.fullmatch(run[-1])
    return f"{first[1]}[{first[2]}:{last[2]}]{first[3]}" if first and last else ", ".join(run)


def _rows(statuses: t.Sequence[AgentStatus]) -> str:
    groups: dict[tuple[t.Any, ...], list[AgentStatus]] = {}
    for status in statuses:
        kinds = tuple(dict.fromkeys(finding.kind for finding in status.findings))
        groups.setdefault((_rank(status), _what(status), kinds), []).append(status)
    ordered = sorted(groups.items(), key=lambda group: group[0][0])
    rows = [_HEAD, *(_row(what, members) for (_place, what, _kinds), members in ordered)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _rank(status: AgentStatus) -> tuple[bool, int]:
    return not is_odd(status), STATES.index(status.state)


def _what(status: AgentStatus) -> tuple[str, ...]:
    """The cells that equal hosts share: state, agent, programs, user, unit, ports."""
    processes = status.processes
    agent = " ".join(str(status.answer[key]) for key in ("generation", "version") if status.told and status.answer[key])
    if status.told and not agent:
        agent = "+".join(status.answer["generations"])
    daemons = sum(process["program"].endswith("agentd") for process in processes)
    children = len(processes) - daemons
    return (
        status.state,
        agent or "-",
        f"{daemons}+{children}" if processes else "-",
        _together(process["user"] for process in processes),
        _together(process["unit"] or "none" for process in processes),
        _together(port for process in processes for port in process["ports"]),
    )


def _row(what: tuple[str, ...], members: t.Sequence[AgentStatus]) -> tuple[str, ...]:
    state, agent, programs, user, unit, ports = what
    oldest = [max((process["elapsed"] or 0 for process in each.processes), default=None) for each in members]
    memory = [sum(process["memory"] or 0 for process in each.processes) or None for each in members]
    times = _spread([value for value in oldest if value is not None], _duration)
    sizes = _spread([value for value in memory if value is not None], _size)
    return _names([each.host for each in members]), state, agent, programs, user, times, sizes, unit, ports


def _names(hosts: t.Sequence[str]) -> str:
    """The names of the hosts of a line, cut if they are too many, and their number."""
    shown: list[str] = []
    runs = compressed([in_line(host) for host in hosts])
    for run in runs:
        if shown and len(",".join([*shown, run])) > _HOSTS:
            shown.append("...")
            break
        shown.append(run)
    return ",".join(shown) + (f" ({len(hosts)})" if len(hosts) > 1 else "")


def _together(values: t.Iterable[object]) -> str:
    return ",".join(dict.fromkeys(in_line(value) for value in values)) or "-"


def _spread(values: t.Sequence[int], shown: t.Callable[[int], str]) -> str:
    if not values:
        return "-"
    least, most = shown(min(values)), shown(max(values))
    return least if least == most else f"{least}..{most}"


def _duration(seconds: int) -> str:
    length, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    return f"{seconds // length} {unit}"


def _size(size: int) -> str:
    return f"{round(size / 2**20)} MB"


def _findings(statuses: t.Sequence[AgentStatus], columns: int) -> list[str]:
    """A paragraph for each kind of finding. Equal ones are in it once, with their hosts."""
    kinds: dict[str, dict[tuple[str, str], list[tuple[str, Finding]]]] = {}
    for status in sorted(statuses, key=_rank):
        for finding in status.findings:
            alike = tuple(re.sub(r"\d+", "N", text) for text in (finding.text, finding.stop))
            found = kinds.setdefault(finding.kind, {}).setdefault((alike[0], alike[1]), [])
            found.append((status.host, finding))
    return ["\n".join(_paragraph(kind, list(alike.values()), columns)) for kind, alike in kinds.items()]


def _paragraph(kind: str, alike: t.Sequence[t.Sequence[tuple[str, Finding]]], columns: int) -> list[str]:
    lines = [kind.replace("_", " ").upper()]
    for same in alike:
        hosts = list(dict.fromkeys(in_line(host) for host, _finding in same))
        first = same[0][1]
        such = "" if len(same) == 1 else " (and the like)"
        lines += _wrapped(f"{join(compressed(hosts), _SHOWN)}: {in_line(first.text)}{such}", "  ", columns)
        lines += _wrapped(f"-> {in_line(first.stop)}", "    ", columns)
    return lines


def _wrapped(text: str, indent: str, columns: int) -> list[str]:
    return textwrap.wrap(
        text, columns, initial_indent=indent, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
