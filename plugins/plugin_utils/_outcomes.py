# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""From what Ansible registered for a host to the outcome of its subtask."""

from __future__ import annotations

import typing as t

from ._errors import BY_REASON, INTERRUPTED, NO_CONNECTION, TIMED_OUT
from ._host_ids import Target
from ._task import Outcome, Task


def collect(task: Task, hostvars: t.Any) -> dict[int, Outcome]:
    """The outcomes of the phase that is due, by host index; a host without a result is left out.

    hostvars: Ansible's variable of that name. The roles register C(<phase>_result) on every host.
    """
    due = task.due()
    if due is None:
        return {}
    phase, indices = due
    outcomes = {}
    for index in indices:
        target = task.targets[index]
        # raw_get: a result holds no templates, and templating it would be most of the barrier's work
        result = hostvars.raw_get(target.host).get(f"{phase}_result")
        if result is not None:
            outcomes[index] = outcome(target, result)
    return outcomes


def outcome(target: Target, result: t.Mapping[str, t.Any]) -> Outcome:
    """Read one registered result. Only what says of itself that it was worked on and went well is a success."""
    started, finished = result.get("started_at"), result.get("finished_at")
    if result.get("unreachable"):
        code = NO_CONNECTION
    elif result.get("timedout"):
        code = TIMED_OUT
    elif result.get("failed") or result.get("skipped") or not (started and finished):
        code = BY_REASON.get(str(result.get("reason")), INTERRUPTED)
    else:
        return Outcome(started=str(started), finished=str(finished))
    said = str(result.get("msg") or "the task gave no result").strip().encode(errors="replace").decode()
    return Outcome.failure(
        code,
        f"{target}: {said}",
        str(started) if started else None,
        str(finished) if finished else None,
    )
