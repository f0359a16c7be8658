# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The last word of a run that ends before its report: Ctrl-C, a dead worker, an error of ansible-core, SIGKILL.

It closes the task with the known outcomes, which releases its hosts, and writes the response. supervisor.py calls it.
"""

from __future__ import annotations

import typing as t

from ansible import constants as C

from .._files.document import write
from .._store.executor import Executor
from .._task.errors import CANCELLED, INTERRUPTED
from .._task.how_far import how_far
from .._task.task import Outcome
from . import cancel, journal, persistence, report_file, response_files
from .hand_in import break_off
from .outcomes import of_journal
from .run import Ending, Run


def say(url: str | None, executor: Executor) -> str:
    """End the task, or the slice, of the run in the journal. Returns a message of one line.

    url: of the store. executor: the run.
    """
    run = journal.read()
    if run is None:
        journal.forget()
        return (
            f"The run was ended before its report, and how far it came could not be written to {C.DEFAULT_LOCAL_TMP}. "
            "The response is as the last barrier left it; ask for the task (task_info), and go on with task_retry"
        )
    outcomes = of_journal(run.the_task, journal.answers())
    said = break_off(run, outcomes, url) if run.slice else _end(run, outcomes, url, executor)
    journal.forget()
    return said


def _end(run: Run, outcomes: dict[str, dict[int, Outcome]], url: str | None, executor: Executor) -> str:
    reason = "the run was ended before its report; how far it came on this host is not known"
    ending = run.end(outcomes, (CANCELLED if cancel.asked() else INTERRUPTED, reason))
    said = [persistence.save(url, run.executor, ending.task, ending.logs, patient=False) or "run task_retry to go on"]
    if not run.executor:
        said = ["run the operation again"]
    if run.response_file:
        said.append(_write(run.response_file, ending.response, executor))
    what = f"{ending.task.name}: task {ending.task.id} {ending.task.status}"
    far = how_far(ending.task)
    said += _report(run, ending, url, executor)
    return "; ".join([f"{what}: the run was ended before its report", *([far] if far else []), *said])


def _write(path: str, response: t.Mapping[str, t.Any], executor: Executor) -> str:
    other = response_files.claim(path, executor)  # another run may own it since ansible-playbook has ended
    if other:
        return f"{path} is left alone, it is the response file of {other}"
    try:
        write(path, response)
    except OSError as exc:
        return f"the response cannot be written: {exc}"
    return f"see {path}"


def _report(run: Run, ending: Ending, url: str | None, executor: Executor) -> list[str]:
    """Write the report if the request named a file. Returns messages."""
    path = run.report_file
    if not path:
        return []
    other = response_files.claim(path, executor)
    if other:
        return [f"{path} is left alone, it is the report file of {other}"]
    logs = report_file.logs_of(run, ending.task, url) or ending.logs
    problem = report_file.write_ended(run, ending.task, logs, url)
    return [problem or f"report: {path}"]
