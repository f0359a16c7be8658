# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a task from the events of its run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.outcomes import outcome
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.progress import PROGRAM_LINE
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.run import Ending, Run
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.clock import iso, iso_now
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import Code
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome

from ._types import ProgressEvent

_STATE = ("task_create", "task_resume", "task_wait")
_STATUS = ("status_fan_out", "status_report")  # no task; the first one has a response only where it refuses
_WORK = ("agent_processes", "agent_fan_out")
_RESULTS = ("runner_on_ok", "runner_on_failed", "runner_on_unreachable", "runner_on_skipped")


def progress_event(event: Mapping[str, Any]) -> ProgressEvent | None:
    """The progress of a phase from an event of ansible-runner; None for any other event."""
    text = event.get("stdout") or ""
    if event.get("event") != "verbose" or not text.startswith(PROGRAM_LINE):
        return None
    try:
        return cast("ProgressEvent", json.loads(text.removeprefix(PROGRAM_LINE)))
    except ValueError:  # it is cut off
        return None


class Progress:
    """The state of one run, from its events in their order. No I/O.

    created: the create response, or that of a refused request; None until the request is answered. final: the final
    response; None until the task is closed.
    """

    def __init__(self) -> None:
        self.created: dict[str, Any] | None = None
        self.final: dict[str, Any] | None = None
        self._run: Run | None = None
        self._at_work: dict[str, str] = {}
        self._results: dict[str, dict[str, Any]] = {}
        self._begun: set[str] = set()

    @property
    def response_file(self) -> str | None:
        """The file that the run writes the response to."""
        return self._run.response_file if self._run and not self._run.check_mode else None

    @property
    def in_check_mode(self) -> bool:
        """Whether the run changes nothing."""
        return self._run is not None and self._run.check_mode

    @property
    def task_id(self) -> int | None:
        """The id of the task that the run has made or taken up."""
        return self._run.task.id if self._run and self._run.task else None

    def take(self, event: Mapping[str, Any]) -> None:
        """Take an event of ansible-runner."""
        kind, data = event.get("event"), event.get("event_data") or {}
        if kind == "playbook_on_stats":
            # The statistic of a large task is a summary; the report's own result is the whole.
            self.final = self.final or (data.get("artifact_data") or {}).get("ocp_response")
            return
        action = str(data.get("resolved_action") or data.get("task_action") or "").removeprefix("oceanbase.ocp.")
        if kind == "runner_on_start" and action in _WORK:
            # The fan-out begins with all hosts that are due; which of them it leaves to others its result tells.
            hosts = [data["host"]] if action == "agent_processes" else self._due()
            now = iso(int(datetime.fromisoformat(event["created"]).timestamp() * 1000))
            self._at_work.update(dict.fromkeys(hosts, now))
        elif kind in _RESULTS:
            self._take_result(action, str(kind), data)

    def take_answer(self, phase: str, host: str, result: dict[str, Any]) -> None:
        """Take the result of a host in the present fan-out, whose event may never come."""
        if self._run and host in self._run.due.get(phase, ()):
            self._results[host] = result

    def _take_result(self, action: str, kind: str, data: Mapping[str, Any]) -> None:
        result = data.get("res") or {}
        if action == "agent_processes":
            # The result in an event lacks the key for a failure.
            self._results[data["host"]] = {
                **result,
                **{name: True for name in ("failed", "unreachable", "skipped") if kind == f"runner_on_{name}"},
            }
        elif action == "agent_fan_out":
            answers = result.get("answers", {})
            self._results.update({host: json.loads(answer) for host, answer in answers.items()})
            for host, left in result.get("rest", {}).items():
                if "lost" not in left:
                    self._at_work.pop(host, None)
        elif action in _STATUS:
            self.created = self.final = result.get("response", self.final)
        elif action in ("task_report", "task_waves"):
            self.final = result.get("response", self.final)
        elif action in _STATE:
            run = Run.of(result.get("run", {}))
            if run and not run.barrier_error:
                self._run = run
                self._at_work, self._results, self._begun = {}, {}, set()
                if self.created is None:
                    self.created = run.response

    def _due(self) -> list[str]:
        """The hosts that the next fan-out begins with: a phase that is due has one, in the order of the playbooks."""
        due = self._run.due if self._run else {}
        phase = next((phase for phase in PHASES if phase in due and phase not in self._begun), None)
        if phase is None:
            return []
        self._begun.add(phase)
        return list(due[phase])

    @property
    def run(self) -> Run | None:
        """The run, as its actions hand it on; None before the request is answered."""
        return self._run

    def end(self, code: Code, reason: str) -> Ending | None:
        """Make the final response of a run that ended without one, from the known results.

        code, reason: of the end. Without a create response there is no final one either. Returns the end of a task that
        had not ended, else None.
        """
        if self.final is not None or self.created is None:
            return None
        if self._run is None or self._run.task is None:  # it was refused, and that is all there is to say
            self.final = self.created
            return None
        task = self._run.task
        now = iso_now()
        outcomes = {
            phase: {index: self._outcome(task.targets[index], code, reason, now) for index in indices}
            for phase, indices in task.work().items()
        }
        ending = self._run.end(outcomes, (code, reason))
        self.final = ending.response
        return ending

    def _outcome(self, target: Target, code: Code, reason: str, now: str) -> Outcome:
        if target.host in self._results:
            return outcome(target, self._results[target.host])
        started = self._at_work.get(target.host)
        if started is None:
            return Outcome.failure(code, f"{target}: {reason} before it was its turn")
        unknown = "how far it came is not known: look at the host, or run it again"
        text = f"{target}: {reason} while it was at work; {unknown}"
        return Outcome.failure(code, text, started, now)
