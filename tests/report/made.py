# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks with logs as runs leave them, for reports: of any number of hosts, some of which fail."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import subtask_log
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    AGENT_STATE,
    NO_CONNECTION,
    STILL_RUNNING,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Subtask, Task

_ZONE = timezone(timedelta(hours=8))
_PROGRAMS = ("ocp_agentd", "ocp_mgragent", "ocp_monagent")
_HOME = "/home/admin/ocp_agent"


@dataclass
class Made:
    """A task, and its logs by subtask id."""

    task: Task
    logs: dict[int, str] = field(default_factory=dict)


class Runs:
    """Makes a task run as the playbooks do, with times and logs that are the same each time."""

    def __init__(self, names: Sequence[str], definition: str = "batch_stop_agents", **more: Any) -> None:
        self._random = random.Random(len(names))
        self._now = datetime(2026, 11, 28, 3, 12, 4, 118000, _ZONE)
        task = Task.create(
            definition,
            [Target(1001 + index, name) for index, name in enumerate(names)],
            task_id=31173,
            first_subtask_id=900001,
            creator="alice",
            creator_id=7,
            executor="192.0.2.7",
            started=self._iso(0),
            **more,
        )
        self.made = Made(task)

    def run(self, failing: Mapping[tuple[str, int], Outcome] | None = None, trace_id: str = "2503fad729e158e3") -> Made:
        """Run the task from where it is to its end. failing: by phase and index of the host, code and message alone."""
        task, given = self.made.task, failing or {}
        task.begin()
        while work := task.work():
            for phase, indices in work.items():
                outcomes = {n: self._outcome(phase, n, given.get((phase, n))) for n in indices}
                self._keep(task.settle(phase, outcomes), trace_id)
                self._now = max(datetime.fromisoformat(one.finished or "") for one in outcomes.values())
                passed = task.pass_wait(phase, self._iso(0.01), self._iso(0.03))
                self._keep([passed] if passed else [], trace_id)
                self._now += timedelta(seconds=0.05)
            task.begin()
        self._keep(task.close(self._iso(0.1)), trace_id)
        return self.made

    def retry(self, after: float, failing: Mapping[tuple[str, int], Outcome] | None = None) -> Made:
        """Retry it so many seconds later."""
        self._now += timedelta(seconds=after)
        retry(self.made.task)
        return self.run(failing, "9b0c53e1a7d84f26")

    def _iso(self, later: float) -> str:
        return (self._now + timedelta(seconds=later)).isoformat(timespec="milliseconds")

    def _keep(self, settled: Sequence[tuple[Subtask, Outcome]], trace_id: str) -> None:
        for subtask_id, block in subtask_log.blocks(self.made.task, settled, trace_id).items():
            before = self.made.logs.get(subtask_id)
            self.made.logs[subtask_id] = f"{before}\n{block}" if before else block

    def _outcome(self, phase: str, index: int, failure: Outcome | None) -> Outcome:
        seconds = {"prepare": 0.3, "stop": 2.4, "start": 4.1, "finish": 3.2}.get(phase, 0.8)
        seconds *= self._random.choice((0.8, 1.0, 1.0, 1.1, 1.4, 2.2))
        begin, end = self._iso(self._random.random() * 0.3), self._iso(0.3 + seconds)
        target = self.made.task.targets[index]
        if failure:
            message = f"{target}: {failure.message}"
            return Outcome(failure.code, message, begin, end, log=[(round(seconds, 2), f"failed: {failure.message}")])
        pids = [4000 + 7 * index + place for place in range(len(_PROGRAMS))]
        named = [f"{program} (pid {pid})" for program, pid in zip(_PROGRAMS, pids, strict=True)]
        log: list[tuple[float, str]] = []
        if phase in ("prepare", "stop"):
            log += [
                (0.02, f"found {name} of user root: {_HOME}/bin/{program}")
                for name, program in zip(named, _PROGRAMS, strict=True)
            ]
        if phase == "stop":
            log += [(0.05, f"took {_HOME}/run/admin.lock")]
            for place, name in enumerate(named):
                log += [(0.06, f"SIGTERM to {name}")] if not place else []
                log += [(round(0.4 + 0.3 * place + seconds / 3, 2), f"{name} has ended")]
            log += [(round(seconds, 2), f"removed {program}.pid") for program in _PROGRAMS]
            log += [(round(seconds, 2), f"gave {_HOME}/run/admin.lock back")]
        if phase == "finish":
            log += [(round(seconds, 2), "nothing of the agent runs, and nothing came back")]
        return Outcome(
            started=begin,
            finished=end,
            changed=phase in ("stop", "start", "restart_pos_proxy"),
            home=_HOME,
            ran_as={"generation": "gen2", "user": "root", "unit": "ocp_agent.service", "programs": list(_PROGRAMS)},
            log=log,
        )


def unreachable(number: int) -> Outcome:
    return Outcome.failure(NO_CONNECTION, f"ssh: connect to host 192.0.2.{number} port 22: Connection refused")


WRONG_HOME = Outcome.failure(AGENT_STATE, "no OCP Agent at /home/admin/ocp_agent: set ocp_agent_home to its home")
REVIVED = Outcome.failure(
    STILL_RUNNING,
    "came back after Stop ocp_agentd (pid 9042), ocp_mgragent (pid 9044), ocp_monagent (pid 9047): its parent is "
    "python3.11 (pid 26); stop what revives it first",
)


def some_fail(hosts: int) -> Made:
    """A stop of so many hosts, six at least: two are down, one has its agent elsewhere, on one it comes back."""
    names = [f"db{number:03}" for number in range(1, hosts + 1)]
    failing = {("prepare", 1): unreachable(12), ("prepare", 4): unreachable(15), ("prepare", 3): WRONG_HOME}
    return Runs(names, max_fail_percentage=60).run({**failing, ("finish", hosts - 1): REVIVED})
