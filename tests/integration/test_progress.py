# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen while a phase goes on."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task
from tests.fleet import Fleet, HostSpec
from tests.integration.cores import Core, end

pytestmark = pytest.mark.fleet


def test_a_failure_is_told_at_once_and_then_who_is_awaited(
    newest_core: Core, start_fleet: Callable[[Sequence[HostSpec]], Fleet], response_file: Path
) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="no_agent"), HostSpec()])
    fleet.hosts[2].pause()  # for ssh it takes ten seconds to give up
    run = replace(newest_core, transport="fanout").stop_fleet(fleet, response_file, ocp_progress=1)
    fleet.hosts[2].resume()
    assert run.status == 2, run.output
    at_once = run.output.index("failed: [db002] ")
    awaited = run.output.index("prepare: 2 of 3 hosts, 1 failed, at work: db003 for ")
    given_up = run.output.index("unreachable: [db003] ")
    assert at_once < awaited < given_up, run.output
    assert (run.output.count("[db002]"), run.output.count("[db003]")) == (1, 1), "each is told of once"


@pytest.mark.parametrize("transport", ["fanout", "task"])
def test_who_asks_the_store_or_waits_sees_each_host_before_the_barrier(
    newest_core: Core,
    start_fleet: Callable[[Sequence[HostSpec]], Fleet],
    response_file: Path,
    tmp_path: Path,
    transport: str,
) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="daemon_ignores_sigterm"), HostSpec(behaviour="no_agent")])
    url = f"sqlite:///{tmp_path}/store/tasks.db"
    extra = {
        "host_ids": [host.host_id for host in fleet.hosts],
        "ocp_task_store": url,
        "ocp_max_fail_percentage": 50,
        "ocp_agent_daemon_grace": 10,
        "ocp_progress": 1,
    }
    process = replace(newest_core, transport=transport).start(fleet.inventory, response_file, extra)
    seen = [_stop(task) for task in _watched(url, lambda task: task.status != "RUNNING")]
    run = end(process, response_file)
    assert run.status == 2, run.output
    assert seen[-1] == ["SUCCESSFUL", "SUCCESSFUL", "PENDING"]
    assert ["SUCCESSFUL", "RUNNING", "PENDING"] in seen, "seen while the second host had ten seconds"
    if transport == "fanout":
        at = r"stop: 1 of 2 hosts, at work: db002 for \d+ s \(SIGTERM \d+ s ago, SIGKILL in \d+ s\)"
        assert re.search(at, run.output), run.output


def _watched(url: str, until: Callable[[Task], bool]) -> list[Task]:
    """The only task of a store, at each look of somebody who asks all the time."""
    seen: list[Task] = []
    deadline = time.monotonic() + 120
    while not (seen and until(seen[-1])):
        assert time.monotonic() < deadline
        with Store.open(url, create=False) as store:
            seen += store.find()[0]
        time.sleep(0.2)
    return seen


def _stop(task: Task) -> list[str]:
    return [subtask.status for subtask in task.stages[2]]
