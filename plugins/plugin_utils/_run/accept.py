# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The steps of a request that creates or resumes a task, before any host is contacted."""

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

from ansible import constants as C
from ansible.errors import AnsibleActionFail

from .._fan_out import client
from .._files.document import plain
from .._process import playbook
from .._store.executor import Executor
from .._store.workflow import Workflow
from .._task import settings
from .._task.alerts import of_stop
from .._task.clock import iso_now
from .._task.errors import INTERRUPTED, INVALID, OcpError
from .._task.operation import PHASES, WAIT
from .._task.task import ROLLBACK, Outcome, Task
from . import journal, persistence, report_file, request_action, screen, supervisor
from .request_action import Asked
from .run import Run

OPTIONS: dict[str, t.Any] = {
    "timeouts": {"type": "dict", "default": {}},
    "max_fail_percentage": {"type": "raw"},
    "force": {"type": "bool", "default": False},
    "transport": {"type": "raw"},
    "fanout": {"type": "raw"},
    "progress": {"type": "raw"},
    "workflow": {"type": "bool", "default": False},
    "workflow_timeout": {"type": "raw"},
    **request_action.OPTIONS,
}


def accept(
    asked: Asked, run: Run, have_task: t.Callable[[Executor | None], Task], *, resumed: bool
) -> dict[str, t.Any]:
    """Create or resume a task, and complete the run with it. Returns the messages for plays to show. Raises OcpError.

    have_task: creates or resumes the requested task, and calls begin() for it. Its argument is the executor, None if
    the task is not to be stored. resumed: whether the task has run before. Raises AnsibleActionFail if the run cannot
    begin its work; the task has then ended.
    """
    run.transport, run.fanout, run.progress = ways(asked)
    by_workflow = asked.arguments["workflow"]
    executor = None
    if asked.url != persistence.NONE and not asked.check_mode:
        address = asked.request.server
        executor = Executor.nobody(address) if by_workflow else Executor.of(playbook.process(), address)
    new_store = persistence.made_new(asked.url) if executor else None
    task = have_task(executor)
    if new_store:
        screen.tell(new_store)
    if run.transport != settings.TASK and not by_workflow:
        client.start(Path(C.DEFAULT_LOCAL_TMP))
    run.task, run.executor, run.resumed = task, executor, resumed
    try:
        problem = _publish(run, asked.url)
        if not problem and not by_workflow and not asked.check_mode:
            _supervise(run, asked)
    except Exception as exc:  # the task would have no run, and hold its hosts
        problem = f"The run cannot begin its work: {exc!r}. No host was contacted."
    if problem:
        _give_up(run, asked, problem)
        raise AnsibleActionFail(problem)
    stops = task.what.goal == "stopped" and task.operation != ROLLBACK
    return {"alerts": of_stop()} if stops and not asked.check_mode else {}


def ways(asked: Asked) -> tuple[str, int, int]:
    """Transport, fanout and progress, see Run. Raises OcpError (400)."""
    transport, fanout, progress = (asked.arguments[name] for name in ("transport", "fanout", "progress"))
    return settings.transport(transport), settings.fanout(fanout), settings.progress(progress)


def workflow(asked: Asked, role: str) -> Workflow | None:
    """The workflow that executes the task, None for this run. role: the role that each run of the workflow needs.

    Raises OcpError (400) if the runs would not find the task.
    """
    if not asked.arguments["workflow"]:
        return None
    transient = persistence.transient(asked.url)
    if transient:
        raise OcpError(
            INVALID,
            f"the runs of a workflow hand the task on in the task store, but {transient}: give ocp_task_store the "
            "URL of a database that all of them reach",
        )
    return Workflow(settings.workflow_timeout(asked.arguments["workflow_timeout"]), role)


def timeouts(asked: Asked) -> dict[str, int]:
    """Time limits in seconds by phase, from the argument or else the variables. Raises OcpError (400)."""
    names = {phase: f"ocp_{phase}_timeout" for phase in (*PHASES, WAIT.phase)}
    variables, template = asked.variables, asked.action._templar.template
    given = {phase: plain(template(variables[name])) for phase, name in names.items() if name in variables}
    return settings.timeouts({**given, **asked.arguments["timeouts"]})


def begin(asked: Asked, run: Run, task: Task) -> Task:
    """Make the response from the task before it begins, then begin the task.

    Raises OcpError (400, 409) if this run cannot write response or report.
    """
    asked.check_files()
    run.response = asked.request.respond(task)
    task.begin()
    return task


def _publish(run: Run, url: str | None) -> str | None:
    """Write response and report. Returns the error message, None for success."""
    kind, path = "response", run.response_file
    try:
        request_action.write_response(run)
        kind, path = "report", run.report_file
        report_file.write_begun(run, url)
    except OSError as exc:
        return (
            f"The {kind} cannot be written to {path}: {exc.strerror}. No host was contacted: give ocp_{kind}_file a "
            "path that can be written."
        )
    return None


def _supervise(run: Run, asked: Asked) -> None:
    """Start the process that says the last word of the run. Raises OSError."""
    journal.note(run)
    task_id, executor = run.the_task.id, run.executor
    if executor:
        supervisor.start(asked.url, executor, lambda store: store.beat(task_id, executor))
    else:
        supervisor.start(None, Executor.of(playbook.process(), asked.request.server), None)


def _give_up(run: Run, asked: Asked, problem: str) -> None:
    """End a task that has just begun, since no run will work on it."""
    task = run.the_task
    task.close(iso_now(), Outcome.failure(INTERRUPTED, problem))
    persistence.save(asked.url, run.executor, task, {})
    run.response = asked.request.respond(task)
    with contextlib.suppress(OSError):  # the error tells
        request_action.write_response(run)
    journal.forget()
