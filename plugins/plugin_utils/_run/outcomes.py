# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Makes the outcome of a subtask from a host's result in a phase."""

from __future__ import annotations

import typing as t

from .._files.document import plain
from .._task.errors import BY_REASON, CANCELLED, INTERRUPTED, NO_CONNECTION, TIMED_OUT
from .._task.host_ids import Target
from .._task.operation import MAX_TIMEOUT
from .._task.printable import printable
from .._task.task import Outcome, Task
from .host_results import Results


def collect(task: Task, phase: str, hostvars: t.Any) -> dict[int, Outcome]:
    """The outcomes of a due phase, by host index, without hosts that have no result.

    hostvars: Ansible's variable of that name.
    """
    outcomes, results = {}, Results(hostvars, task.id)
    for index in task.work().get(phase, ()):
        target = task.targets[index]
        result = results.of(phase, target.host)
        if result is not None:
            outcomes[index] = outcome(target, result)
    return outcomes


def of_journal(
    task: Task, answers: t.Iterable[tuple[str, str, t.Mapping[str, t.Any]]]
) -> dict[str, dict[int, Outcome]]:
    """The outcomes of due phases, by phase, then by host index.

    answers: phase, inventory name and result of each, as the journal has them.
    """
    by_name = {target.host: index for index, target in enumerate(task.targets)}
    due = {phase: set(indices) for phase, indices in task.work().items()}
    found: dict[str, dict[int, Outcome]] = {}
    for phase, host, result in answers:
        index = by_name.get(host, -1)
        if index in due.get(phase, ()):
            found.setdefault(phase, {})[index] = outcome(task.targets[index], result)
    return found


def outcome(target: Target, result: t.Mapping[str, t.Any]) -> Outcome:
    """Read a registered result. It is a success only if the host program has worked and not failed."""
    started, finished = result.get("started_at"), result.get("finished_at")
    reason = result.get("reason")
    if result.get("unreachable"):
        code = NO_CONNECTION
    elif result.get("timedout"):
        code = TIMED_OUT
    elif result.get("failed") or result.get("skipped") or not (started and finished):
        code = BY_REASON.get(str(reason), INTERRUPTED)
    else:
        code = None
    # A host that did not answer, or was cut off, may have been changed.
    known = code is None or (reason is not None and code not in (TIMED_OUT, INTERRUPTED, CANCELLED))
    said = printable(result.get("msg") or "the task gave no result").strip()  # it may come from Ansible or ssh
    ran_as = result.get("ran_as")
    return Outcome(
        code=code.code if code else None,
        message=f"{target}: {said}" if code else None,
        started=str(started) if started else None,
        finished=str(finished) if finished else None,
        changed=bool(result.get("changed")) if known else None,
        home=str(result["home"]) if result.get("home") else None,
        ran_as=plain(ran_as) if isinstance(ran_as, t.Mapping) else None,
        idle="ran_as" in result and ran_as is None,
        log=_log(result.get("log")),
    )


def _log(value: object) -> list[tuple[float, str]]:
    """The log of the host program; empty if it has a wrong form."""
    if not isinstance(value, (list, tuple)):
        return []
    return [
        (float(entry[0]), str(entry[1]))
        for entry in value
        if isinstance(entry, (list, tuple)) and len(entry) == 2 and _is_time(entry[0])
    ]


def _is_time(value: object) -> bool:
    """Whether a value is a plausible number of seconds within a phase."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= MAX_TIMEOUT
