# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What is told of an operation in waves: its response, and its last screen."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .errors import CUT_SHORT, join
from .how_far import how_far
from .last_screen import compose, failures, wrapped
from .layout import plural, ranges
from .operation import OPERATIONS
from .printable import in_line
from .report import headline
from .response import Request, in_words
from .task import FAILED, RUNNING, SUCCESSFUL, Task
from .waves import Waves, not_done
from .ways_on import Caller, Way, is_held, retry, ways_on

_NOT_BEGUN = "NOT_BEGUN"
_MOST_RETRIES = 3


@dataclass(frozen=True)
class Ended:
    """How a wave ended, or how far it is.

    response: OCP's, with its task or why it was refused; None where there is none. task, changed: the task, and by
    phase on how many hosts the run has changed something; None and nothing where the run did not come to its report.
    """

    response: t.Mapping[str, t.Any] | None = None
    task: Task | None = None
    changed: t.Mapping[str, int] = field(default_factory=dict)

    @property
    def data(self) -> t.Mapping[str, t.Any] | None:
        """The task as the response has it; None without one."""
        return self.response.get("data") if self.response else None

    @property
    def status(self) -> str:
        return str(self.data["status"]) if self.data else FAILED


@dataclass(frozen=True)
class Reason:
    """Why the next wave is not begun. text: for people. too_many: whether it is the hosts that were not done."""

    text: str
    too_many: bool = False


def why_stopped(ended: Ended, share: float) -> Reason | None:
    """Why the next wave is not begun; None where it is. share: as in Waves."""
    if not ended.response:
        return Reason("the run of the wave has left no response")
    if not ended.data:
        return Reason(in_words(ended.response))
    if ended.status == SUCCESSFUL:
        return None
    if ended.status != FAILED:
        return Reason("the run of the wave was ended before its report")
    codes = {subtask["error"]["code"] for subtask in ended.data["subtasks"] if "error" in subtask}
    if CUT_SHORT & codes:
        return Reason("the task was cancelled or cut short")
    hosts, left = _size(ended), not_done(ended.data)
    if 100 * left / hosts > share:
        text = f"{left} of {plural(hosts, 'host')} not done, which is more than {share:g} percent"
        return Reason(text, too_many=True)
    return None


def status(waves: Waves, ended: t.Sequence[Ended], *, going_on: bool = False) -> str:
    """The status of all waves together, as that of one task."""
    if going_on:
        return RUNNING
    done = len(ended) == len(waves.hosts) and all(one.status == SUCCESSFUL for one in ended)
    return SUCCESSFUL if done else FAILED


def respond(
    request: Request, waves: Waves, ended: t.Sequence[Ended], *, going_on: bool = False
) -> dict[str, t.Any]:
    """OCP's envelope around the tasks of all waves that were begun, as a list of tasks has it.

    ended: of the waves that were begun, in their order. going_on: whether there is more to come. C(data) has the tasks
    in C(contents), the C(status) of all, and C(waves): of each its C(number), C(hostIds), C(status), and the C(taskId)
    where there is one. Where a wave was refused the envelope has its C(error) and status as well.
    """
    rows: list[dict[str, t.Any]] = []
    for index, ids in enumerate(waves.hosts):
        row: dict[str, t.Any] = {"number": waves.first + index, "hostIds": list(ids), "status": _NOT_BEGUN}
        data = ended[index].data if index < len(ended) else None
        if data:
            row.update(status=data["status"], taskId=data["id"])
        rows.append(row)
    contents = [one.data for one in ended if one.data]
    page = {"number": 1, "size": len(contents), "totalElements": len(contents), "totalPages": 1}
    found = request.success(
        {"contents": contents, "page": page, "status": status(waves, ended, going_on=going_on), "waves": rows}
    )
    last = ended[-1].response if ended else None
    if last and "error" in last:
        found.update(error=last["error"], status=last["status"], successful=False)
    return found


def begin(waves: Waves, index: int) -> str:
    """The line before a wave. index: of the wave in waves.hosts."""
    ids = waves.hosts[index]
    return f"Wave {waves.first + index} of {waves.of}: {plural(len(ids), 'host')}: {_ids(ids)}"


def plan(waves: Waves) -> str:
    """All waves in a line, for check mode."""
    counts = ", ".join(str(len(ids)) for ids in waves.hosts[:20])
    more = f" and {len(waves.hosts) - 20} more" if len(waves.hosts) > 20 else ""
    share = f", and the next one begins when at most {waves.share:g} percent of it failed" if waves.share else ""
    first = f", from wave {waves.first} on" if waves.first > 1 else ""
    return f"In {plural(len(waves.hosts), 'wave')}{first}, of {counts}{more} hosts, each a task{share}"


def summary(operation: str, waves: Waves, ended: t.Sequence[Ended], why: Reason | None) -> str:
    """One line: how all waves ended. why: the last one that was begun was the last one; None where all were done."""
    parts = [_headline(operation, waves, ended), why.text if why else "", _left(waves, ended)]
    return ". ".join(in_line(part) for part in parts if part)


def screen(
    operation: str,
    waves: Waves,
    ended: t.Sequence[Ended],
    why: Reason | None,
    *,
    caller: Caller | None,
    store: bool,
    notes: t.Sequence[str] = (),
) -> list[str]:
    """The last screen of an operation in waves.

    operation: key of OPERATIONS. ended: of the waves that were begun. why: the next one was not; None where all were.
    caller, store, notes: as in last_screen().
    """
    head = wrapped(_headline(operation, waves, ended), 2)
    done = [one for one in ended if one.status == SUCCESSFUL]
    if done:
        tasks = ranges([str(one.data["id"]) for one in done if one.data])
        head += wrapped(f"{plural(sum(map(_size, done)), 'host')} done, task{'' if len(done) == 1 else 's'} {tasks}", 2)
    for index, one in enumerate(ended):
        if one.status != SUCCESSFUL and one.task:
            far = how_far(one.task)
            said = headline(one.task, one.changed)
            head += wrapped(f"Wave {waves.first + index}: {said}{f'. {far}' if far else ''}", 3)
    if why and not (why.too_many and ended[-1].task):  # the line of this wave tells of its hosts
        head += wrapped(f"No other wave was begun: {why.text}", 4)
    left = _left(waves, ended)
    head += wrapped(left, 2) if left else []
    failed = [failure for one in ended if one.task for failure in failures(one.task)]
    return compose(head, failed, _ways(waves, ended, store=store), caller, notes)


def _ways(waves: Waves, ended: t.Sequence[Ended], *, store: bool) -> list[Way]:
    """How to go on: with what has failed, then with the waves that were not begun."""
    tasks = [one.task for one in ended if one.task]
    broken = [task for task in tasks if task.status != SUCCESSFUL]
    found = ways_on(broken[-1], held=store and is_held(broken[-1]), store=store) if broken else []
    retries = [way for way in found if way.target == "task_retry"]
    others = broken[:-1][-_MOST_RETRIES:] if store else []
    retries += map(retry, others)
    return [*retries, *_go_on(waves, ended), *(way for way in found if way.target != "task_retry")]


def _go_on(waves: Waves, ended: t.Sequence[Ended]) -> list[Way]:
    begun = _begun(ended)
    if begun == len(waves.hosts):
        return []
    if not begun:  # nothing was: the same request once more
        return [Way("Go on:", "", again=True, template="the same template again")]
    last = waves.hosts[begun - 1][-1]
    template = f"the same template again, waves after host id {last}"
    return [Way("Go on:", "", [f"ocp_waves_after={last}"], again=True, template=template)]


def _begun(ended: t.Sequence[Ended]) -> int:
    """How many waves have come to a task, or may have."""
    return sum(1 for one in ended if one.data or not one.response)


def _headline(operation: str, waves: Waves, ended: t.Sequence[Ended]) -> str:
    total = sum(map(len, waves.hosts))
    begun = _begun(ended)
    what = f"{OPERATIONS[operation].name} in waves: {status(waves, ended)}"
    if begun == len(waves.hosts):
        return f"{what}, {plural(len(waves.hosts), 'wave')}, {plural(total, 'host')}"
    where = f"stopped at wave {waves.first + max(len(ended), 1) - 1} of {waves.of}"
    return f"{what}, {where}, {plural(total, 'host')}"


def _left(waves: Waves, ended: t.Sequence[Ended]) -> str:
    """Which hosts were not begun; empty where all were."""
    begun = _begun(ended)
    ids = [one for part in waves.hosts[begun:] for one in part]
    if not ids:
        return ""
    first, last = waves.first + begun, waves.of
    number = f"wave {first}" if first == last else f"waves {first} to {last}"
    return f"Not begun: {plural(len(ids), 'host')} of {number}: {_ids(ids)}"


def _size(ended: Ended) -> int:
    return len(ended.data["context"]["listMap"]["host_ids"]) if ended.data else 0


def _ids(ids: t.Sequence[int]) -> str:
    return join(ranges([str(one) for one in ids]).split(", "), 20)
