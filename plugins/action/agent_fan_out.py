# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import time
import typing as t
from pathlib import Path

from ansible import constants as C
from ansible.errors import AnsibleError

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.log import STEP_HELD
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import diffs
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier, client
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.client import Work
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import journal, live, screen
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.controller_action import ControllerAction
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.fan_out_results import (
    FanOutResults,
    failure_line,
    is_failure,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.halt import halt
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.host_requests import HostRequests
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.host_results import Results, earlier
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.progress import (
    PROGRAM_LINE,
    PROGRAM_VARIABLE,
    Line,
    Progress,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.task_variables import TaskVariables
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso_now
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.printable import in_line
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.settings import TASK

ARGUMENT_SPEC: dict[str, t.Any] = {"phase": {"type": "str", "required": True, "choices": list(PHASES)}}


class ActionModule(ControllerAction):
    """Carries out a phase on all of its hosts at once, and leaves some of them to the phase's ordinary task."""

    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        dummy, arguments = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        phase = arguments["phase"]
        run = Run.current(variables)
        hosts = list(run.due.get(phase, {})) if run else []
        if not run or not hosts:
            return {"changed": False, "answers": {}, "rest": {}}
        journal.join()  # it ends with the process that holds the connections
        before = earlier(variables, run.the_task.id)
        results = FanOutResults.of_phase(phase, run, check_mode=self._task.check_mode)
        if run.transport == TASK:
            results.leave(hosts)
        else:
            with results.fallen_back(hosts):
                self._fan_out(run, results, hosts, variables, first=not before)
            self._tell(results)
        skipped = {} if results.worked else {"skipped": True}
        shown = {**self._warnings(results), **self._diff(results), **screen.hidden()}
        text = json.dumps(before)  # Ansible would walk through another value at every task that follows
        return {**skipped, **results.result(run), "earlier": text, **shown}

    def _fan_out(
        self, run: Run, results: FanOutResults, hosts: list[str], variables: dict[str, t.Any], *, first: bool
    ) -> None:
        """Carry out the phase on hosts, and take their answers. first: whether it is the first phase of the run."""
        shared = TaskVariables(self, variables)
        known, phases = Results(variables["hostvars"], run.the_task.id), run.the_task.phases
        requests = HostRequests(results.phase, phases, run, shared, known, check_mode=self._task.check_mode)

        def with_way(hosts: list[str]) -> t.Iterator[Work]:
            for host, way in results.ways(self, variables, hosts, shared):
                try:
                    note = requests.note(host)
                except (OcpError, AnsibleError) as exc:
                    results.leave([host], str(exc))  # its task fails with the same
                    continue
                yield Work(host, requests.of(host, note), way.route, way.start, note)

        started = iso_now()
        asked: list[str] = []
        try:
            with client.engine(Path(C.DEFAULT_LOCAL_TMP)) as engine:
                # In the first phase it is still loading and has no notes, so there is no need to wait for it.
                notes = {} if first else engine.notes()
                met = {host: notes[host] for host in hosts if requests.is_in(notes.get(host))}
                works = [Work(host, requests.of(host, note)) for host, note in met.items()]
                works += with_way([host for host in hosts if host not in met])
                started, asked = iso_now(), [work.host for work in works]
                timeout = run.the_task.timeouts[results.phase]
                every, unchanged = live.pace(run.progress)
                progress = Progress(results.phase, len(works), timeout, every, time.monotonic(), unchanged)
                answers = engine.carry_out(
                    works,
                    library=carrier.library({"phase": phase, "goal": run.the_task.what.goal} for phase in phases),
                    at_once=run.fanout,
                    timeout=timeout,
                    keep=results.phase != PHASES[-1] and not run.slice,  # a slice has one phase
                    begun=lambda host: progress.begun(host, time.monotonic()),
                    cancelled=lambda: self._look(run, results, progress),
                    stepped=lambda host, step: progress.stepped(host, step, time.monotonic() - STEP_HELD),
                )
                for host, answer in answers:
                    result = results.take(host, answer)
                    progress.ended(host, failed=self._tell_failure(results, host, result))
                    if result is not None and not self._task.check_mode:
                        journal.note_answer(results.phase, host, result)
                _tell_program(run, progress)  # that all have ended
        except Exception as exc:
            # Hosts may be at work unless it is certain that nothing was sent, whatever has failed.
            if not getattr(exc, "sent", asked):
                raise
            results.lose(asked, f"{type(exc).__name__}: {exc}", started)

    @staticmethod
    def _look(run: Run, results: FanOutResults, progress: Progress) -> bool:
        """Show the progress of the phase, if due. Returns whether no other host may begin."""
        results.halted = results.halted or halt(run.token)
        if results.halted:
            progress.cancelled()
        line = progress.line(time.monotonic())
        if line:
            screen.tell(line)
        _tell_program(run, progress)
        return results.halted is not None

    # On stderr: what is on stdout belongs to the callback, and may be one JSON document.

    @staticmethod
    def _tell_failure(results: FanOutResults, host: str, result: t.Mapping[str, t.Any] | None) -> bool:
        """Show a failure at once, since the phase may take minutes after it. Returns whether there is one."""
        if not result or not is_failure(result) or result.get("reason") in ("cancelled", "disowned"):
            return False
        results.told.add(host)
        screen.tell(failure_line(host, result), C.COLOR_ERROR)
        return True

    @staticmethod
    def _tell(results: FanOutResults) -> None:
        for line in results.failures():
            screen.tell(line, C.COLOR_ERROR)
        said = results.summary()
        screen.tell(said if results.rest else Line(said), C.COLOR_OK)

    @staticmethod
    def _warnings(results: FanOutResults) -> dict[str, t.Any]:
        """The warnings of hosts, which Ansible itself shows."""
        said = [f"{host}: {in_line(warning)}" for host, warning in results.warnings]
        return {"warnings": said} if said else {}

    def _diff(self, results: FanOutResults) -> dict[str, t.Any]:
        if not self._task.diff or results.phase == "prepare":
            return {}
        found = []
        for host, answer in results.answers.items():
            if not (answer.get("failed") or answer.get("unreachable")):
                for one in diffs(results.phase, answer):
                    headers = {name: f"{host}: {one[name]}" for name in ("before_header", "after_header")}
                    found.append({**one, **headers})
        return {"diff": found}


def _tell_program(run: Run, progress: Progress) -> None:
    """Show the progress of the phase to a program that runs the playbook, if it reads that and it is due."""
    if os.environ.get(PROGRAM_VARIABLE):
        found = progress.for_program(time.monotonic())
        if found:
            screen.tell(PROGRAM_LINE + json.dumps({"taskId": run.the_task.id, **found}))
