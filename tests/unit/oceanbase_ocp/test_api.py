# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run that a call starts. tests/integration has the runs themselves."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import oceanbase_ocp
from oceanbase_ocp import Submission, _api, submit
from oceanbase_ocp._arguments import CANCEL_FILE, Settings

PLAYBOOKS = Path(__file__).resolve().parents[3] / "playbooks"
BY_HOST_IDS = ("batch_stop_agents", "batch_start_agents", "batch_restart_agents")
BY_TASK_ID = ("task_retry", "task_rollback")


class Run:
    """A run that ends at once. made: the arguments of all runs."""

    made: list[tuple[Settings, Mapping[str, Any]]]

    def __init__(self, settings: Settings, runner_kwargs: Mapping[str, Any]) -> None:
        self.made.append((settings, runner_kwargs))

    def answered(self) -> Run:
        return self

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *dummy: object) -> None:
        pass

    def wait(self) -> dict[str, Any]:
        return {"data": {"status": "SUCCESSFUL"}}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, Mapping[str, Any]]]:
    """The arguments of the runs that the calls have started."""
    monkeypatch.setattr(Run, "made", [], raising=False)
    monkeypatch.setattr(_api, "Submission", Run)
    return Run.made


def test_everything_public_is_there() -> None:
    assert sorted(oceanbase_ocp.__all__) == oceanbase_ocp.__all__
    assert all(getattr(oceanbase_ocp, name).__doc__ for name in oceanbase_ocp.__all__)


@pytest.mark.parametrize("operation", [*BY_HOST_IDS, *BY_TASK_ID, "subtask_skip"])
def test_every_operation_is_a_playbook_and_a_function(made: list[Any], operation: str) -> None:
    assert (PLAYBOOKS / f"{operation}.yml").is_file()
    assert operation in oceanbase_ocp.__all__
    submit(operation=operation)
    assert made[0][0].playbook == f"oceanbase.ocp.{operation}"


@pytest.mark.parametrize("operation", BY_HOST_IDS)
def test_operations_on_hosts(made: list[Any], operation: str) -> None:
    response = getattr(oceanbase_ocp, operation)(
        [1001, 1002],
        inventory="inventory.yml",
        extravars={"ocp_agent_home": "/data"},
        response_file="response.json",
        report_file="report.html",
        max_fail_percentage=10,
        task_store="none",
        forks=7,
    )
    assert response == {"data": {"status": "SUCCESSFUL"}}
    ((settings, runner_kwargs),) = made
    assert settings == Settings(
        f"oceanbase.ocp.{operation}",
        {"host_ids": [1001, 1002]},
        "inventory.yml",
        {"ocp_agent_home": "/data"},
        "response.json",
        10,
        "none",
        report_file="report.html",
    )
    assert runner_kwargs == {"forks": 7}


@pytest.mark.parametrize("operation", BY_TASK_ID)
def test_interventions(made: list[Any], operation: str) -> None:
    getattr(oceanbase_ocp, operation)(31173, inventory="inventory.yml", limit="all")
    assert (made[0][0].playbook, made[0][0].request) == (f"oceanbase.ocp.{operation}", {"task_id": 31173})
    assert made[0][1] == {"limit": "all"}


def test_skip(made: list[Any]) -> None:
    oceanbase_ocp.subtask_skip(31173, [32857, 32858])
    assert made[0][0].request == {"task_id": 31173, "subtask_id": [32857, 32858]}


def test_a_stop_is_what_is_submitted_without_a_word(made: list[Any]) -> None:
    submit([1001])
    assert (made[0][0].playbook, made[0][0].request) == ("oceanbase.ocp.batch_stop_agents", {"host_ids": [1001]})


@pytest.mark.parametrize(
    ("operation", "arguments", "needless"),
    [
        *((operation, {"host_ids": [1], "task_id": 7}, "task_id") for operation in BY_HOST_IDS),
        *((operation, {"host_ids": [1], "subtask_id": 7}, "subtask_id") for operation in BY_HOST_IDS),
        *((operation, {"host_ids": [1], "task_id": 7}, "host_ids") for operation in BY_TASK_ID),
        *((operation, {"task_id": 7, "subtask_id": 8}, "subtask_id") for operation in BY_TASK_ID),
        ("subtask_skip", {"task_id": 7, "subtask_id": 8, "host_ids": []}, "host_ids"),
    ],
)
def test_a_keyword_that_the_operation_has_no_use_for(
    made: list[Any], operation: str, arguments: dict[str, Any], needless: str
) -> None:
    with pytest.raises(TypeError, match=f"{operation} has no use for {needless}"):
        submit(operation=operation, **arguments)
    assert made == [], "nothing was run"


@pytest.mark.parametrize("operation", ["", "stop", "task_cancel", "task_info", "batch_stop_agents.yml", "phases/stop"])
def test_an_unknown_operation(made: list[Any], operation: str) -> None:
    with pytest.raises(ValueError, match="there is no operation"):
        submit(operation=operation)
    assert made == []


@pytest.mark.parametrize("function", [*BY_HOST_IDS, *BY_TASK_ID])
def test_a_function_is_of_one_operation(made: list[Any], function: str) -> None:
    with pytest.raises(TypeError):
        getattr(oceanbase_ocp, function)(1, operation="batch_stop_agents")
    assert made == []


# Cancel


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    """A handle without a run, with just the parts that cancel() uses."""
    made = Submission.__new__(Submission)
    made._folder, made._ended, made._broken_off = tmp_path, threading.Event(), threading.Event()
    made._cancel_callback, made._runner = None, object()
    return made


def test_a_cancel_asks_the_run_and_does_not_break_it_off(submission: Submission, tmp_path: Path) -> None:
    submission.cancel()
    assert [path.name for path in tmp_path.iterdir()] == [CANCEL_FILE]
    assert not submission._is_cancelled()
    submission.cancel()
    assert [path.name for path in tmp_path.iterdir()] == [CANCEL_FILE], "asked twice is asked"


def test_a_cancel_by_force_breaks_the_run_off(submission: Submission, tmp_path: Path) -> None:
    submission.cancel(force=True)
    assert submission._is_cancelled()
    assert list(tmp_path.iterdir()) == []


def test_a_cancel_of_what_has_ended_does_nothing(submission: Submission, tmp_path: Path) -> None:
    submission._ended.set()
    submission.cancel()
    assert list(tmp_path.iterdir()) == []


def test_a_cancel_when_the_run_is_just_clearing_up(submission: Submission, tmp_path: Path) -> None:
    tmp_path.rmdir()
    submission.cancel()
    assert not tmp_path.exists()


@pytest.mark.parametrize("answer", [True, False])
def test_the_caller_s_own_callback_breaks_off_too(submission: Submission, answer: bool) -> None:
    submission._cancel_callback = lambda: answer
    assert submission._is_cancelled() is answer


def test_hosts_by_a_pattern(made: list[Any]) -> None:
    oceanbase_ocp.batch_stop_agents(hosts="all:!db003")
    assert made[0][0].request == {"ocp_hosts": "all:!db003"}
    with pytest.raises(TypeError, match="host_ids and hosts are given"):
        oceanbase_ocp.batch_stop_agents([1001], hosts="db001")
    with pytest.raises(TypeError, match="task_retry has no use for hosts"):
        submit(operation="task_retry", task_id=7, hosts="db001")
