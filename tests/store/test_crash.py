# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are killed during a save."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from tests.store.actor import Actor

KILLS = 8


def test_a_run_that_is_killed_while_it_saves_leaves_all_of_a_save_or_nothing(
    url: str, start_actor: Callable[[str], Actor]
) -> None:
    host_ids = list(range(1, 101))
    moments = random.Random(1)
    seen = set()
    for _turn in range(KILLS):
        actor = start_actor(url)
        task_id = actor.ask("create", host_ids)["id"]  # the task before has released them
        assert actor.ask("save_for_ever", task_id) == "going"
        time.sleep(moments.uniform(0, 0.4))
        actor.kill()
        with Store.open(url) as store:
            task = store.load(task_id)
            assert task.status == "FAILED"
            (number,) = {subtask.run_time for subtask in task.subtasks}
            assert {record.home for record in task.records} == {f"/{number}"}
            for subtask in task.subtasks[::60]:
                saves = [str(n) for n in range(2, number + 1)]
                assert store.log(task_id, subtask.id).splitlines()[: len(saves)] == saves
                rest = store.log(task_id, subtask.id).splitlines()[len(saves) :]
                assert [line for line in rest if line.isdigit()] == []
        seen.add(number)
    assert len(seen) > 1  # the kills hit different moments
