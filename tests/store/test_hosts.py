# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host belongs to one task at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import store as _store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry, rollback, skip
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task
from tests.store.actor import Actor
from tests.store.tasks import END, STOP, builder, carry_out

ME = Executor.of(os.getpid(), "192.0.2.7")
OTHER = Executor.of(os.getpid(), "192.0.2.9")


def create(store: Store, *host_ids: int) -> Task:
    return store.create(host_ids, STOP, builder(host_ids), ME)


def test_every_busy_host_is_named_with_its_task(url: str) -> None:
    with Store.open(url) as store:
        first, second = create(store, 1, 2), create(store, 3)
        for ask in (lambda: create(store, 9, 2, 3), lambda: store.busy([9, 2, 3])):
            with pytest.raises(OcpError) as caught:
                ask()
            assert (caught.value.code.code, int(caught.value.code.status)) == ("BAK29003", 409)
            assert caught.value.sub_errors == [
                {
                    "object": "request",
                    "field": "hostIds",
                    "rejectedValue": host_id,
                    "message": f"is held by task {task.id}",
                }
                for host_id, task in ((2, first), (3, second))
            ]
        store.busy([9])
        third = create(store, 9)  # a refused request holds no host and uses up no id
        assert (third.id, third.subtasks[0].id) == (second.id + 1, second.subtasks[-1].id + 1)


def test_a_builder_that_refuses_leaves_nothing(url: str) -> None:
    def refuse(_task_id: int, _first: int) -> Task:
        raise ZeroDivisionError

    with Store.open(url) as store:
        with pytest.raises(ZeroDivisionError):
            store.create([1], STOP, refuse, ME)
        assert create(store, 1).id == 1
        assert store.find()[1] == 1


@pytest.mark.parametrize("failing", [[], [0]], ids=["SUCCESSFUL", "FAILED"])
def test_a_task_that_has_ended_sets_its_hosts_free(url: str, failing: list[int]) -> None:
    with Store.open(url) as store:
        task = create(store, 1, 2)
        task.begin()
        store.save(task, ME)
        with pytest.raises(OcpError):
            store.busy([1])
        store.save(carry_out(task, failing), ME)
        store.busy([1, 2])
        create(store, 1, 2)


def test_two_runs_that_ask_in_the_same_instant(url: str, start_actor: Callable[[str], Actor]) -> None:
    pair = [start_actor(url), start_actor(url)]
    ids: list[int] = []
    subtasks: list[int] = []
    for turn in range(25):
        base = 10 * turn
        for actor, host_ids in zip(pair, ([base, base + 1, base + 2], [base + 2, base + 1, base + 3]), strict=True):
            actor.tell("create", [host_id + 1 for host_id in host_ids])
        answers = [actor.answer() for actor in pair]
        assert sorted("id" in answer for answer in answers) == [False, True], answers
        winner = next(n for n, answer in enumerate(answers) if "id" in answer)
        refusal, task_id = answers[1 - winner], answers[winner]["id"]
        assert refusal["code"] == "BAK29003"
        held = {error["rejectedValue"]: error["message"] for error in refusal["sub_errors"]}
        assert held == {base + 2: f"is held by task {task_id}", base + 3: f"is held by task {task_id}"}
        ids.append(task_id)
        subtasks += answers[winner]["subtasks"]
        if turn % 2:
            pair[winner].ask("end", task_id)
    assert ids == list(range(1, 26))
    assert subtasks == list(range(1, len(subtasks) + 1))


def test_a_retry_and_a_new_task_that_ask_in_the_same_instant(url: str, start_actor: Callable[[str], Actor]) -> None:
    pair = [start_actor(url), start_actor(url)]
    with Store.open(url) as store:
        for turn in range(1, 16):
            failed = create(store, turn, 100)
            store.save(carry_out(failed, [0]), ME)
            pair[0].tell("retry", failed.id)
            pair[1].tell("create", [100, 1000 + turn])
            answers = [actor.answer() for actor in pair]
            assert sorted(answer.get("code", "") for answer in answers) == ["", "BAK29003"], answers
            winner = next(n for n, answer in enumerate(answers) if "id" in answer)
            pair[winner].ask("end", answers[winner]["id"])


def test_two_who_retry_the_same_task_in_the_same_instant(url: str, start_actor: Callable[[str], Actor]) -> None:
    pair = [start_actor(url), start_actor(url)]
    with Store.open(url) as store:
        for turn in range(1, 16):
            failed = create(store, turn)
            store.save(carry_out(failed, [0]), ME)
            for actor in pair:
                actor.tell("retry", failed.id)
            answers = [actor.answer() for actor in pair]
            assert sorted(answer.get("code", "") for answer in answers) == ["", "TSK10007"], answers
            assert store.load(failed.id).subtasks[0].run_time == 2


def test_ids_do_not_repeat_over_processes(url: str, start_actor: Callable[[str], Actor]) -> None:
    actors = [start_actor(url) for _number in range(3)]
    answers: list[Any] = []
    for turn in range(10):
        for number, actor in enumerate(actors):
            actor.tell("create", [100 * turn + number + 1])
        answers += [actor.answer() for actor in actors]
    ids = [answer["id"] for answer in answers]
    subtasks = [number for answer in answers for number in answer["subtasks"]]
    assert sorted(ids) == list(range(1, 31))
    assert sorted(subtasks) == list(range(1, 151))


def test_a_retried_task_gets_its_hosts_and_a_new_executor(url: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1, 2)
        store.save(carry_out(task, [0]), ME)
        taken = store.take(task.id, retry, OTHER)
        assert (taken.status, taken.operation, taken.executor) == ("RUNNING", "RETRY", "192.0.2.9")
        assert store.load(task.id) == taken
        with pytest.raises(OcpError, match=f"host 2 is held by task {task.id}"):
            create(store, 2)
        assert (store.beat(task.id, ME), store.beat(task.id, OTHER)) == (None, False)
        store.save(carry_out(taken), OTHER)
        assert store.load(task.id).status == "SUCCESSFUL"
        create(store, 2)


def test_a_task_is_not_taken_while_another_works_on_its_hosts(url: str) -> None:
    with Store.open(url) as store:
        failed = carry_out(create(store, 1, 2), [0])
        store.save(failed, ME)
        other = create(store, 2)
        with pytest.raises(OcpError, match=f"host 2 is held by task {other.id}"):
            store.take(failed.id, retry, OTHER)
        assert store.load(failed.id) == failed
        other.close(END)
        store.save(other, ME)
        assert store.take(failed.id, retry, OTHER).status == "RUNNING"


@pytest.mark.parametrize("intervene", [retry, rollback, lambda task: skip(task, [task.subtasks[0].id])])
@pytest.mark.parametrize("state", ["RUNNING", "SUCCESSFUL"])
def test_a_task_in_another_state_is_left_as_it_is(url: str, intervene: Callable[[Task], None], state: str) -> None:
    with Store.open(url) as store:
        task = create(store, 1)
        if state == "SUCCESSFUL":
            store.save(carry_out(task), ME)
        with pytest.raises(OcpError) as caught:
            store.take(task.id, intervene, OTHER)
        assert caught.value.code.code == "TSK10007"
        assert store.load(task.id) == task
        assert store.beat(task.id, ME) is (False if state == "RUNNING" else None)


def test_what_an_intervention_changed_before_it_refused_is_not_stored(url: str) -> None:
    def refuse(task: Task) -> None:
        retry(task)
        raise ZeroDivisionError

    with Store.open(url) as store:
        task = carry_out(create(store, 1), [0])
        store.save(task, ME)
        with pytest.raises(ZeroDivisionError):
            store.take(task.id, refuse, OTHER)
        assert store.load(task.id) == task
        store.busy([1])


def test_two_runs_cannot_take_the_same_task(url: str) -> None:
    with Store.open(url) as store:
        task = carry_out(create(store, 1), [0])
        store.save(task, ME)
        store.take(task.id, rollback, OTHER)
        with pytest.raises(OcpError) as caught:
            store.take(task.id, rollback, ME)
        assert caught.value.code.code == "TSK10007"


def test_a_retry_that_waits_for_the_last_save_of_a_run_sees_all_of_it(
    url: str, start_actor: Callable[[str], Actor]
) -> None:
    actor = start_actor(url)
    with Store.open(url) as store:
        task = create(store, 1, 2)
        task.begin()
        with Database.open(Location.of(url), create=False).transaction(writing=True) as connection:
            row = _store._lock_row(connection, task.id)
            actor.tell("retry", task.id)
            time.sleep(0.5)
            _store._write(connection, row, carry_out(task, [0]), {})
        assert actor.answer() == {"id": task.id}
        retried = store.load(task.id).subtasks[0]
        assert (retried.operation, retried.run_time, retried.status) == ("RETRY", 2, "READY")
