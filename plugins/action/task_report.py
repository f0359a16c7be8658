# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import json
import typing as t
from dataclasses import dataclass

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain, write
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import (
    at_exit,
    cancel,
    invocation,
    journal,
    persistence,
    plan,
    published,
    report_file,
    screen,
    wave,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller import in_awx
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.host_results import Results
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.outcomes import collect
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Ending, Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.last_screen import last_screen, refusal
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.report import summary
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import in_words
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import RUNNING, SUCCESSFUL, Task

ARGUMENT_SPEC: dict[str, t.Any] = {**persistence.OPTION}


class ActionModule(ControllerAction):
    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        journal.join(patience=journal.TO_WRITE)
        run = Run.current(variables)
        if not run:
            raise AnsibleActionFail("there is no run to report: an action that takes a request has to come before")
        told = _end(run, persistence.chosen(plain(arguments["task_store"])), variables["hostvars"])
        response, notes, successful = told.response, told.notes, told.successful
        unwritten = ""
        if run.response_file:
            try:
                write(run.response_file, response)
            except OSError as exc:
                successful = False
                notes = [*notes, f"The response cannot be written to {run.response_file}: {exc.strerror}"]
                unwritten = f"; it is: {json.dumps(response)}"
        problem = told.report(notes)
        if problem:
            successful = False
            notes = [*notes, problem]
        journal.forget()
        message = ". ".join([told.message, *notes]) + unwritten
        lines = told.screen(notes)
        # The run of all waves shows the screen of a wave.
        shown = wave.mine() is not None or at_exit.leave(lines)
        texts = [*(told.plan if Display().verbosity else []), *([] if shown else lines)]
        if successful:  # else the failure has it
            texts.append(message)
        return {
            **screen.hidden(),
            "changed": False,
            "msg": message,
            "plan": plain(told.plan),
            "screen": plain(lines),
            "shown": shown,
            "successful": successful,
            "told": plain(texts[0] if len(texts) == 1 else texts),
            "response": response,
            **published.statistic(response, run.response_file),
        }


@dataclass(frozen=True)
class _End:
    """The end of a run. message: in one line. notes: further messages. screen: makes the last screen from all notes.

    plan: of check mode, one line for each host. report: writes the report with all notes, and returns an error message,
    empty for success or without a report.
    """

    response: dict[str, t.Any]
    message: str
    notes: list[str]
    successful: bool
    screen: t.Callable[[t.Sequence[str]], list[str]]
    plan: t.Sequence[str] = ()
    report: t.Callable[[t.Sequence[str]], str] = lambda _notes: ""


def _end(run: Run, url: str | None, hostvars: t.Any) -> _End:
    if not run.task:
        response = run.response or {}
        message = in_words(response)
        return _End(response, message, [], False, lambda notes: refusal(message, notes))
    caller = None if in_awx() else invocation.current(store=url is not None and url != persistence.NONE)
    results = Results(hostvars, run.task.id)
    found = plan.intentions(run.task, results.of, hostvars) if run.check_mode else []
    ending, problem = _close(run, url, hostvars)
    task = ending.task
    successful = task.status == SUCCESSFUL and not problem
    notes = [f"The task could not be stored: {problem}"] if problem else []
    if run.check_mode:
        return _End(
            ending.response,
            plan.message(task, run.held),
            notes,
            successful,
            lambda _notes: plan.screen(task, found, caller, held=run.held, resumed=run.resumed, waves=run.waves),
            plan.plan(found),
        )
    transient = persistence.transient(url)
    if transient:
        notes.insert(0, transient[0].upper() + transient[1:])
    changed = _changed(task, results)
    logs = report_file.logs_of(run, task, url, results, ending.logs if problem else None)
    place = wave.mine()
    if place:
        with contextlib.suppress(OSError):  # a full disk must not cost the response
            wave.leave(place, task, changed)
        if run.cancelled:  # it may have come too late for this task, and not for the waves after it
            cancel.ask()
    places = published.places(run.response_file, run.report_file, url)
    return _End(
        ending.response,
        summary(task, changed),
        notes,
        successful,
        lambda notes: last_screen(task, changed, caller=caller, store=transient is None, notes=[*notes, *places]),
        report=lambda notes: report_file.write_ended(run, task, logs, url, changed, notes),
    )


def _close(run: Run, url: str | None, hostvars: t.Any) -> tuple[Ending, str | None]:
    """End the task and store it. Returns the end, and an error message if it could not be stored."""
    task = run.the_task
    if task.status != RUNNING:  # a barrier of its workflow has ended it
        return Ending(task, run.response or {}, {}), run.problem
    outcomes = {phase: collect(task, phase, hostvars) for phase in task.work()}
    with contextlib.suppress(StoreError):  # saving tells
        run.cancelled = run.cancelled or persistence.cancelled(url, run.executor, task.id)
    ending = run.end(outcomes)
    return ending, persistence.save(url, run.executor, ending.task, ending.logs)


def _changed(task: Task, results: Results) -> dict[str, int]:
    """The number of changed hosts by phase in this run."""
    answers = {phase: [results.of(phase, target.host) or {} for target in task.targets] for phase in PHASES}
    return {phase: sum(bool(answer.get("changed")) for answer in found) for phase, found in answers.items()}
