# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The report of a task as a file of HTML: of a run as it begins and as it ends, or of any task in the store."""

from __future__ import annotations

import json
import platform
import typing as t

from ansible.release import __version__ as core_version

from .._files.document import write_text
from .._store.store import Store, StoreError
from .._task.clock import iso_now
from .._task.layout import quoted
from .._task.response import Request, in_words
from .._task.subtask_log import block
from .._task.task import Task
from .._task.ways_on import Caller
from . import invocation, persistence, shadow
from .controller import in_awx
from .host_results import Results
from .outcomes import outcome
from .run import Run


def write_begun(run: Run, url: str | None) -> None:
    """Write the report of a run that begins, if the request named a file. url: of the store. Raises OSError."""
    if run.report_file and run.task:
        write_text(run.report_file, _of_run(run, run.task, {}, url, None, []))


def write_ended(
    run: Run,
    task: Task,
    logs: t.Mapping[int, str],
    url: str | None,
    changed: t.Mapping[str, int] | None = None,
    notes: t.Sequence[str] = (),
) -> str:
    """Write the report of a run that has ended, if the request named a file. Returns an error message, or "".

    task: at its end. logs: see logs_of(). url: of the store. changed: the number of changed hosts by phase, None if
    unknown. notes: further messages.
    """
    if not run.report_file:
        return ""
    try:
        write_text(run.report_file, _of_run(run, task, logs, url, changed, notes))
    except OSError as exc:
        return f"The report cannot be written to {run.report_file}: {exc.strerror}"
    except Exception as exc:  # a fault of the report must not cost the response
        return f"The report cannot be made: {type(exc).__name__}: {exc}"
    return ""


def write_refused(path: str, request: Request, response: t.Mapping[str, t.Any]) -> None:
    """Write the report of a request that was refused. response: to it. Raises OSError."""
    from .._report.page import of_refusal  # few runs have a report, and each compiles what it imports
    from .._report.view import refusal

    wrong = response["error"].get("subErrors", ())
    errors = [(one["field"], one["rejectedValue"], one["message"]) for one in wrong]
    facts = [("Trace id", request.trace_id), ("Controller", request.server), *_job(request), _versions()]
    write_text(path, of_refusal(refusal(in_words(response), facts, errors, iso_now())))


def of_stored(store: Store, task_id: int, inventories: t.Sequence[str], url: str | None, folder: str) -> str:
    """The report of a task in the store, as HTML.

    inventories, url: for the commands on the page. folder: the working directory of these commands. Raises OcpError
    (404), StoreError.
    """
    task = store.load(task_id)
    variables = [json.dumps({"ocp_task_store": url})] if url else []
    arguments = {"inventory": inventories, "extra_vars": variables}
    caller = invocation.caller(arguments, {}, store=bool(url), folder=folder)
    facts = [("Store", store.url_shown), _versions()]
    return _html(task, store.logs(task_id), None, caller, True, facts, [], iso_now())


def logs_of(
    run: Run, task: Task, url: str | None, results: Results | None = None, unsaved: t.Mapping[int, str] | None = None
) -> dict[int, str]:
    """The logs of a task by subtask id, from the store, or without one from the results of this run.

    results: of the hosts in this run. unsaved: blocks of logs that the store did not take.
    """
    found: dict[int, str] = {}
    if not run.report_file:
        return found
    if url != persistence.NONE:
        try:
            with Store.open(url) as store:
                found = store.logs(task.id)
        except StoreError:
            found = {}
    if not found and results:
        found = _of_results(run, task, results)
    for subtask_id, text in (unsaved or {}).items():
        before = found.get(subtask_id)
        found[subtask_id] = f"{before}\n{text}" if before else text
    return found


def _of_results(run: Run, task: Task, results: Results) -> dict[int, str]:
    found = {}
    for subtask in task.subtasks:
        target = task.target(subtask)
        result = results.of(subtask.phase, target.host) if target and subtask.ended else None
        if target and result:
            told = outcome(target, result)
            found[subtask.id] = block(task, subtask, told, run.request.trace_id, run.request.context)
    return found


def _of_run(
    run: Run,
    task: Task,
    logs: t.Mapping[int, str],
    url: str | None,
    changed: t.Mapping[str, int] | None,
    notes: t.Sequence[str],
) -> str:
    kept = persistence.transient(url) is None
    caller = invocation.current(store=url is not None and url != persistence.NONE)
    facts = [
        ("Store", persistence.shown(url)),
        ("Response", run.response_file or "in no file"),
        ("Transport", f"{run.transport}, {run.fanout} hosts at a time"),
        *_job(run.request),
        _versions(),
        ("Called as", _called(caller)),
    ]
    trace_id = run.request.trace_id
    return _html(task, logs, changed, None if in_awx() else caller, kept, facts, notes, iso_now(), trace_id)


def _html(task: Task, logs: t.Mapping[int, str], *page: t.Any) -> str:
    """page: the values of a Page."""
    from .._report.page import of_task
    from .._report.view import Page, view

    return of_task(view(task, logs, Page(*page)))


def _called(caller: Caller) -> str:
    words = [caller.playbook, *caller.options, *([caller.called] if caller.called else []), *caller.request]
    return " ".join(map(quoted, words))


def _job(request: Request) -> list[tuple[str, str]]:
    job = request.context.get("awx_job_url") or request.context.get("awx_job_id")
    return [("Job of AWX", job)] if job else []


def _versions() -> tuple[str, str]:
    collection = shadow.version() or "of unknown version"
    return "Versions", f"oceanbase.ocp {collection}, ansible-core {core_version}, Python {platform.python_version()}"
