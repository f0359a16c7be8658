# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run knows whether others may take it for dead, or have done so."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from ansible import constants

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import heartbeat, supervisor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.halt import halt
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.liveness import DEAD_AFTER
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.workflow import Workflow
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import retry
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import PHASES
from tests.store.servers import SERVERS, running
from tests.store.stalling import way
from tests.store.tasks import STOP, builder
from tests.store.test_executors import age

PATIENCE = 60
SOON = 6  # seconds: much longer than a heartbeat takes, much shorter than a test may take


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of a run."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return tmp_path


@pytest.fixture
def executor() -> Iterator[Executor]:
    """A run that the store believes on another machine; its process is here."""
    with subprocess.Popen(["sleep", "300"]) as process:
        yield Executor.of(process.pid, "192.0.2.7")
        process.kill()


def seen(executor: Executor) -> Executor:
    """The executor as another machine sees it, which cannot tell whether the process lives."""
    return replace(executor, boot_id="5b7bd1a2-another-boot")


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def standing(executor: Executor) -> str:
    """Why the run must not begin another host; empty while it may."""
    answer = halt(executor.token)
    return answer["msg"] if answer else ""


def run_a_task(url: str, executor: Executor) -> int:
    with Store.open(url) as store:
        task = store.create([1], STOP, builder([1]), seen(executor))
    supervisor.start(url, executor, lambda store: store.beat(task.id, executor))
    return task.id


def test_without_a_store_nobody_can_take_the_task_over() -> None:
    assert halt("") is None


def test_there_is_time_to_begin_a_host_before_the_run_counts_as_dead() -> None:
    assert 2 * heartbeat.BEAT_EVERY < heartbeat.SILENT_AFTER <= DEAD_AFTER - 20


def test_a_run_that_was_taken_over_begins_no_other_host(url: str, executor: Executor) -> None:
    task_id = run_a_task(url, executor)
    assert not standing(executor)
    age(url, DEAD_AFTER + 1)
    with Store.open(url) as store:  # between two heartbeats
        status = store.load(task_id).status
        if status == "RUNNING":  # a heartbeat came in between
            age(url, DEAD_AFTER + 1)
            status = store.load(task_id).status
        assert status == "FAILED"
        store.take(task_id, retry, Executor.of(1, "192.0.2.9"))
    wait_for(lambda: "not this run's any more" in standing(executor))
    assert halt(executor.token)["reason"] == "disowned"


def test_a_slice_whose_barrier_has_gone_on_begins_no_other_host(url: str, executor: Executor) -> None:
    with Store.open(url) as store:
        nobody = Executor.nobody("192.0.2.7")
        task = store.create([1], STOP, builder([1]), nobody, Workflow(3600, "HOST_MANAGER"))
        store.slices.take(task.id, PHASES, [Target(1, "db1")], seen(executor), "")
        supervisor.start(url, executor, lambda store: store.slices.beat(task.id, executor.token))
        assert not standing(executor)
        barrier = Executor.of(1, "192.0.2.9")
        held = store.hold(task.id, barrier)
        store.slices.give_up(task.id, 0)
        store.save(held, barrier)
    wait_for(lambda: "not this run's any more" in standing(executor))


@pytest.mark.parametrize("kind", SERVERS)
def test_a_run_that_cannot_reach_its_store_begins_no_other_host(
    executor: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(heartbeat, "SILENT_AFTER", SOON)
    with running(kind) as server, way(server, server.folder / "way") as there:
        run_a_task(there.url(server.new_database("ocp")), executor)
        time.sleep(SOON + 2)
        assert not standing(executor)
        for stall, clear in ((there.stall, there.clear), (server.freeze, server.thaw), (server.stop, server.start)):
            stall()
            wait_for(lambda: "no sign of life from this run" in standing(executor))
            clear()
            wait_for(lambda: not standing(executor))  # no other run has taken the task over


def test_a_supervisor_that_has_died_gives_no_sign_of_life(
    url: str, executor: Executor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "SILENT_AFTER", 1)
    monkeypatch.setattr(supervisor, "daemonize", lambda work, keep: None)
    run_a_task(url, executor)
    assert not standing(executor)
    wait_for(lambda: "no sign of life from this run" in standing(executor))
    assert [path.stat().st_size for path in folder.glob("ocp_heartbeat.*")] == [0]
