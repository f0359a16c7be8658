# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorization, and hosts that OCP would refuse, both before any host is contacted or any other check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.cores import Core, Run
from tests.integration.refusals import HOSTS, Listener, check_refusal, inventory

BINDINGS = {"HOST_MANAGER": {"users": ["alice"], "groups": ["operators"]}, "HOST_VIEWER": {"users": ["bob"]}}
AWX = {"AWX_PRIVATE_DATA_DIR": "/runner"}


def ask(
    core: Core, listener: Listener, folder: Path, bindings: object, extra: dict[str, Any], **environment: str
) -> Run:
    path = folder / "roles.yml"
    path.write_text(bindings if isinstance(bindings, str) else yaml.safe_dump(bindings))
    given = {"host_ids": ["no id"], "ocp_role_bindings": str(path), **extra}
    return core.stop_agents(inventory(folder, listener, HOSTS), folder / "response.json", given, **environment)


@pytest.mark.parametrize(
    ("bindings", "named"),
    [
        (BINDINGS, "does not have the role HOST_MANAGER"),
        ({}, "does not have the role HOST_MANAGER"),
        ("HOST_MANAGER: [alice", "cannot be read"),
        ("- alice", "not a mapping"),
        ({"HOST_MANGER": {"users": ["root"]}}, "HOST_MANGER"),
        ({"HOST_MANAGER": {"users": "root"}}, "HOST_MANAGER is not sound"),
    ],
    ids=["not bound", "nobody bound", "no YAML", "no mapping", "unknown role", "a text for a list"],
)
def test_refused_before_anything_is_looked_at(
    core: Core, listener: Listener, tmp_path: Path, bindings: object, named: str
) -> None:
    # The ids are not valid either, which the answer must not reveal.
    run = ask(core, listener, tmp_path, bindings, {}, SUDO_USER="bob")
    check_refusal(run, 403, "IAM11000", [named.replace("not a mapping", "are not a mapping")])
    assert not listener.contacted()


@pytest.mark.parametrize(
    ("environment", "variables", "allowed"),
    [
        ({**AWX}, {"awx_user_name": "alice"}, True),
        ({**AWX}, {"tower_user_name": "alice"}, True),
        ({**AWX}, {"awx_user_name": "bob"}, False),
        # outside AWX anybody can set the variable
        ({"SUDO_USER": "bob"}, {"awx_user_name": "alice"}, False),
    ],
    ids=["AWX", "Tower", "another user of AWX", "pretended"],
)
def test_user_of_awx(
    newest_core: Core, listener: Listener, tmp_path: Path, environment: dict[str, str], variables: dict[str, str],
    allowed: bool,
) -> None:
    run = ask(newest_core, listener, tmp_path, BINDINGS, variables, **environment)
    check_refusal(run, *((400, "COM10001", ["no id"]) if allowed else (403, "IAM11000", ["bob"])))


@pytest.mark.parametrize("playbook", ["task_retry", "task_rollback", "subtask_skip"])
def test_acting_on_a_task_takes_task_manager(
    newest_core: Core, listener: Listener, tmp_path: Path, playbook: str
) -> None:
    path = tmp_path / "roles.yml"
    hosts = inventory(tmp_path, listener, HOSTS)
    extra = {"task_id": 4711, "subtask_id": 1, "ocp_role_bindings": str(path), "awx_user_name": "alice"}
    extra["ocp_task_store"] = f"sqlite:///{tmp_path}/tasks.db"  # a job of AWX requires it
    for role, status, code in (("HOST_MANAGER", 403, "IAM11000"), ("TASK_MANAGER", 404, "TSK10001")):
        path.write_text(yaml.safe_dump({role: {"users": ["alice"]}, "TASK_VIEWER": {"users": ["bob"]}}))
        run = newest_core.stop_agents(hosts, tmp_path / "response.json", extra, playbook=playbook, **AWX)
        check_refusal(run, status, code, ["4711" if status == 404 else "does not have the role TASK_MANAGER"])
    assert not listener.contacted()


def test_asking_takes_task_viewer(newest_core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)  # otherwise it is that user who asks
    path = tmp_path / "roles.yml"
    path.write_text(yaml.safe_dump({"TASK_MANAGER": {"groups": ["root"]}}))
    for module, arguments in (("task_info", {}), ("subtask_log", {"task_id": 1, "subtask_id": 1})):
        refused = newest_core.ask(module, **arguments, role_bindings=str(path))
        assert (refused["status"], refused["error"]["code"]) == (403, "IAM11000")
        assert "TASK_VIEWER" in refused["error"]["message"]
    assert newest_core.ask("task_cancel", task_id=4711, role_bindings=str(path))["status"] == 404
    path.write_text(yaml.safe_dump({"TASK_VIEWER": {"groups": ["root"]}}))
    assert newest_core.ask("task_info", role_bindings=str(path))["data"]["contents"] == []


def test_group_of_the_login_user(newest_core: Core, listener: Listener, tmp_path: Path) -> None:
    """Root, who runs the tests, is in the group root on every Linux."""
    bindings = {"HOST_MANAGER": {"groups": ["root"]}}
    run = ask(newest_core, listener, tmp_path, bindings, {}, SUDO_USER="")
    check_refusal(run, 400, "COM10001", ["no id"])


@pytest.mark.parametrize(
    ("variables", "code"),
    [({"ocp_host_status": "DELETING"}, "CMP07006"), ({"ocp_agent_status": "REINSTALLING"}, "CMP07019")],
    ids=["host is being deleted", "agent is being reinstalled"],
)
def test_states_that_ocp_refuses(
    newest_core: Core, listener: Listener, tmp_path: Path, variables: dict[str, str], code: str
) -> None:
    path = inventory(tmp_path, listener, HOSTS)
    content = yaml.safe_load(path.read_text())
    content["all"]["hosts"]["db2"].update(variables)
    content["all"]["hosts"]["db1"]["ocp_host_status"] = "OFFLINE"
    path.write_text(yaml.safe_dump(content))
    extra: dict[str, Any] = {"host_ids": [1001, 1002]}

    run = newest_core.stop_agents(path, tmp_path / "response.json", extra)
    check_refusal(run, 409, code, ["db2 (host id 1002)", "ocp_force"])
    assert "db1" not in run.error["message"]
    assert not listener.contacted()

    legacy = newest_core.stop_agents(path, tmp_path / "response.json", {**extra, "ocp_error_codes": "3.1"})
    assert legacy.error["code"] == int(code[3:])

    listener.close()
    forced = newest_core.stop_agents(path, tmp_path / "response.json", {**extra, "ocp_force": True})
    assert forced.statuses("Prepare stop OCP agent") == ["FAILED", "FAILED"]  # contacted, but nobody answered
