# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import questions
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.response import Request
from tests.store.tasks import STOP, builder, carry_out

ME = Executor.of(os.getpid(), "192.0.2.7")
ASKED = Request("688d3147a10b45e8", "192.0.2.7", 0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Task 1 has FAILED on db1001 and was not begun on db1002. A log has the id of its subtask."""
    with Store.open(f"sqlite:///{tmp_path}/tasks.db") as store:
        task = store.create([1001, 1002], STOP, builder([1001, 1002]), ME)
        carry_out(task, [0])
        store.save(task, ME, {subtask.id: f"log of {subtask.id}\n" for subtask in task.subtasks})
        yield store


@pytest.mark.parametrize("host", [1002, "1002", "db1002"])
def test_the_log_of_a_host(store: Store, host: object) -> None:
    answer = questions.subtask_log(store, ASKED, task_id=1, host_id=host)
    assert answer.lines == [
        "Prepare stop OCP agent, subtask 2, SUCCESSFUL",
        "log of 2",
        "",
        "Stop all OCP agent processes, subtask 5, PENDING",
        "log of 5",
        "",
        "Finish OCP agent operation, subtask 8, PENDING",
        "log of 8",
    ]
    assert answer.response["data"]["log"].splitlines() == answer.lines


def test_the_log_of_a_subtask(store: Store) -> None:
    answer = questions.subtask_log(store, ASKED, task_id=1, subtask_id=5)
    assert (answer.lines, answer.said) == (["log of 5"], "subtask 5: 1 line")


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"host_id": 1003}, "task 1 has no host '1003': it has db1001 (host id 1001), db1002 (host id 1002)"),
        ({}, "give one of subtask_id and host_id"),
        ({"host_id": 1001, "subtask_id": 1}, "give one of subtask_id and host_id"),
    ],
)
def test_a_log_that_there_is_not(store: Store, asked: dict[str, object], named: str) -> None:
    with pytest.raises(OcpError) as raised:
        questions.subtask_log(store, ASKED, task_id=1, **asked)
    assert named in raised.value.message


def test_what_people_see_of_a_task_and_of_a_list(store: Store) -> None:
    assert questions.task_info(store, ASKED, task_id=1).lines[0] == "task 1: Batch stop OCP agent: FAILED"
    assert questions.task_info(store, ASKED).lines[1].split()[:2] == ["1", "FAILED"]
