# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines about the phases of a task."""

from __future__ import annotations

import pickle

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.phases import AT_WORK, FAILED, OK, TO_COME, Phases
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.progress import Line, State
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import rollback
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.layout import width
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task
from tests.store.tasks import carry_out


def a_task(hosts: int = 12, definition: str = "batch_stop_agents") -> Task:
    targets = [Target(number, f"db{number}") for number in range(1, hosts + 1)]
    return Task.create(
        definition,
        targets,
        task_id=7,
        first_subtask_id=70,
        creator="alice",
        creator_id=7,
        executor="192.0.2.7",
        started="2026-11-24T10:00:00+08:00",
    )


def in_stop() -> Phases:
    """Prepare is over, and in Stop hosts are at work, 14 seconds after it began, at 114."""
    phases = Phases.of(a_task(), check_mode=False)
    phases.mark(93)
    assert phases.settle("prepare", 12, 12, 2, now=97)
    phases.mark(100)
    phases.take(State("stop", 10, 4, 1, "at work: db5 for 13 s"), now=102)
    return phases


def test_on_a_terminal() -> None:
    phases = in_stop()
    assert phases.headline == "Batch stop OCP agent: task 7, 12 hosts"
    assert phases.lines(79, 114, blocks=True) == [
        ("  Prepare  ████████████████████  12 of 12   0:04  2 failed", FAILED),
        ("  Stop     ████████░░░░░░░░░░░░   4 of 10   0:14  1 failed", FAILED),
        ("    at work: db5 for 13 s", AT_WORK),
        ("  Finish", TO_COME),
    ]
    phases.stop()
    assert phases.lines(79, 114, blocks=True)[-1][0] == "    at work: db5 for 13 s"


def test_without_a_terminal() -> None:
    phases = in_stop()
    assert phases.summary("prepare", 200) == ("Prepare: 12 hosts, 2 failed, 0:04", FAILED)
    phases.settle("stop", 10, 10, 0, now=225)
    assert phases.summary("stop", 300) == ("Stop: 10 hosts, 2:05", OK)


@pytest.mark.parametrize("columns", [1, 7, 12, 20, 33, 40, 52, 53, 60, 79, 200])
@pytest.mark.parametrize("blocks", [True, False])
def test_no_line_is_wider_than_the_terminal(columns: int, blocks: bool) -> None:
    phases = in_stop()
    phases.take(State("stop", 10, 4, 1, "at work: " + ", ".join(f"数据库{number}" for number in range(40))), now=102)
    lines = [text for text, state in phases.lines(columns, 114, blocks=blocks)]
    assert all(width(line) <= columns for line in lines if columns > 4)
    assert len(lines) == 4
    if not blocks:
        assert not set("█░") & set("".join(lines))
    if columns >= 33:  # the numbers stay where there is no room for a bar
        assert "4 of 10" in lines[1]


def test_hosts_with_tasks_of_their_own() -> None:
    phases = Phases.of(a_task(3), check_mode=True)
    assert phases.headline.endswith(", 3 hosts, check mode: nothing is changed")
    phases.mark(10)
    assert not phases.settle("prepare", 3, 1, 0, now=11)
    phases.begin("prepare", "db2", 12)
    phases.begin("prepare", "db3", 13)
    assert phases.lines(79, 20, blocks=False)[1][0] == "    at work: db2 for 8 s, db3 for 7 s"
    assert not phases.end("prepare", "db2", failed=True, now=21)
    assert phases.end("prepare", "db3", failed=False, now=22)
    assert phases.summary("prepare", 99)[0] == "Prepare: 3 hosts, 1 failed, 0:12"


def test_a_phase_that_nobody_has_announced() -> None:
    phases = Phases.of(a_task(2), check_mode=False)
    phases.begin("stop", "db1", 5)
    phases.begin("stop", "db2", 5)
    assert "0 of 0" not in "".join(text for text, state in phases.lines(79, 6, blocks=False))
    assert not phases.end("stop", "db1", failed=False, now=7)
    assert phases.end("stop", "db2", failed=False, now=8)


def test_a_rollback_has_the_phases_that_undo() -> None:
    task = carry_out(a_task(2, "batch_restart_agents"), [0])
    task.stages[2][1].status = "SUCCESSFUL"
    rollback(task)
    phases = Phases.of(task, check_mode=False)
    assert phases.headline == "Batch restart OCP agent: task 7, 2 hosts, rollback"
    assert [text.strip() for text, state in phases.lines(79, 0, blocks=False)] == ["Stop", "Start"]


def test_a_line_reaches_the_screen_with_its_state() -> None:
    for line in (Line("stop: 1 of 2 hosts", State("stop", 2, 1, 0)), Line("stop: 2 hosts in one fan-out")):
        found = pickle.loads(pickle.dumps(line))
        assert (found, type(found), found.state) == (str(line), Line, line.state)
