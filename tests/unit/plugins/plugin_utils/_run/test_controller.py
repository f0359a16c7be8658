# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import grp
import ipaddress
import os
import pwd
import re
import socket
import syslog
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import caller, controller
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.roles import User

ENVIRONMENT = ("AWX_PRIVATE_DATA_DIR", "SUDO_USER", "LOGNAME", "USER")
AWX = {"AWX_PRIVATE_DATA_DIR": "/runner"}


def entry(name: str, uid: int) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, uid, "", "/", "/bin/sh"))


ENTRIES = {0: entry("root", 0), 1000: entry("lea", 1000), 1001: entry("sue", 1001)}


def by_name(name: str) -> pwd.struct_passwd:
    return {known.pw_name: known for known in ENTRIES.values()}[name]


@pytest.fixture
def who(monkeypatch: pytest.MonkeyPatch) -> Callable[..., User]:
    """Ask for the creator, as a user with an environment."""
    monkeypatch.setattr(pwd, "getpwuid", ENTRIES.__getitem__)
    monkeypatch.setattr(pwd, "getpwnam", by_name)
    monkeypatch.setattr(os, "getgrouplist", lambda name, gid: [gid, 65534])

    def ask(variables: dict[str, Any], uid: int = 1000, **environment: str) -> User:
        for name in ENVIRONMENT:
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(os, "getuid", lambda: uid)
        return controller.user(variables)

    return ask


@pytest.mark.parametrize(
    ("variables", "uid", "environment", "creator"),
    [
        ({"awx_user_name": "ann", "tower_user_name": "tom"}, 0, {**AWX, "SUDO_USER": "sue"}, "ann"),
        ({"tower_user_name": "tom"}, 0, {**AWX, "SUDO_USER": "sue"}, "tom"),
        ({"awx_user_name": "", "tower_user_name": ""}, 1000, AWX, "lea"),
        ({"awx_user_name": "ann"}, 1000, {}, "lea"),
        ({}, 0, {"SUDO_USER": "sue"}, "sue"),
        ({}, 0, {"SUDO_USER": "gone"}, "gone"),
        ({}, 0, {"SUDO_USER": ""}, "root"),
        ({}, 1000, {"SUDO_USER": "sue"}, "lea"),
        ({}, 1000, {"LOGNAME": "root", "USER": "root"}, "lea"),
        ({}, 4242, {}, "4242"),
    ],
)
def test_precedence(
    who: Callable[..., User], variables: dict[str, Any], uid: int, environment: dict[str, str], creator: str
) -> None:
    assert who(variables, uid, **environment).name == creator


@pytest.mark.parametrize(
    ("variables", "uid", "environment", "number"),
    [
        ({"awx_user_name": "ann", "awx_user_id": 42, "tower_user_id": 7}, 1000, AWX, 42),
        ({"awx_user_name": "ann", "awx_user_id": "42"}, 1000, AWX, 42),
        ({"tower_user_name": "tom", "tower_user_id": 7}, 1000, AWX, 7),
        ({"awx_user_name": "ann"}, 1000, AWX, 0),
        ({"awx_user_name": "ann", "awx_user_id": ""}, 1000, AWX, 0),
        ({"awx_user_name": "ann", "awx_user_id": "-1"}, 1000, AWX, 0),
        ({"awx_user_name": "ann", "awx_user_id": "x"}, 1000, AWX, 0),
        ({"awx_user_name": "ann", "awx_user_id": 42}, 1000, {}, 1000),
        ({}, 0, {"SUDO_USER": "sue"}, 1001),
        ({}, 0, {}, 0),
        ({}, 4242, {}, 4242),
    ],
)
def test_the_number_of_the_creator(
    who: Callable[..., User], variables: dict[str, Any], uid: int, environment: dict[str, str], number: int
) -> None:
    assert who(variables, uid, **environment).number == number


def test_groups(who: Callable[..., User], monkeypatch: pytest.MonkeyPatch) -> None:
    def group(gid: int) -> grp.struct_group:
        if gid == 65534:
            raise KeyError(gid)
        return grp.struct_group(("dba", "x", gid, []))

    monkeypatch.setattr(grp, "getgrgid", group)
    assert who({}, 1000).groups == {"dba", "65534"}
    assert who({"awx_user_name": "lea"}, 1000, **AWX).groups == frozenset(), "AWX's user is not the system's"


def test_the_creator_is_a_plain_text(who: Callable[..., User]) -> None:
    class Tagged(str):
        pass

    name = who({"awx_user_name": Tagged("ann")}, **AWX).name
    assert not isinstance(name, Tagged)
    assert name == "ann"


# Authorization


@pytest.fixture
def system_log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages in the controller's system log."""
    told: list[str] = []
    monkeypatch.setattr(syslog, "openlog", lambda *dummy: None)
    monkeypatch.setattr(syslog, "syslog", lambda level, message: told.append(message))
    return told


BINDINGS = "TASK_MANAGER:\n  users: [ann]\n  groups: [dba]\nHOST_MANAGER: {users: [sue]}\n"


@pytest.mark.parametrize(
    ("user", "role", "may"),
    [
        (User("ann"), "TASK_MANAGER", True),
        (User("bob", frozenset({"dba", "users"})), "TASK_MANAGER", True),
        (User("bob", frozenset({"users"})), "TASK_MANAGER", False),
        (User("dba"), "TASK_MANAGER", False),
        (User("sue"), "TASK_MANAGER", False),
        (User("sue"), "HOST_MANAGER", True),
        (User("ann"), "HOST_MANAGER", False),
        (User("ann"), "TASK_VIEWER", False),
    ],
)
def test_authorize(tmp_path: Path, system_log: list[str], user: User, role: str, may: bool) -> None:
    path = tmp_path / "bindings.yml"
    path.write_text(BINDINGS)
    if may:
        controller.authorize(user, role, str(path), "task_retry")
        assert system_log == []
    else:
        message = f"the user {user.name} does not have the role {role}"
        with pytest.raises(OcpError, match=message) as caught:
            controller.authorize(user, role, str(path), "task_retry")
        assert (caught.value.code.code, caught.value.code.status) == ("IAM11000", 403)
        assert system_log == [f"task_retry by {user.name}: {message}"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "TASK_MANAGER: [ann]",
        "TASK_MANAGER: {users: ann}",
        "TASK_MANAGER: {users: [ann], other: [ann]}",
        "TASK_MANAGER: {users: [1]}",
        f"{BINDINGS}OTHER: {{users: [ann]}}",
        "TASK_MANAGER: {users: [ann]",
        "TASK_MANAGER: !!python/object/apply:os.system ['true']",
        "\udcff",
    ],
    ids=ascii,
)
def test_a_file_that_is_not_sound_gives_nobody_anything(tmp_path: Path, system_log: list[str], text: str) -> None:
    path = tmp_path / "bindings.yml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(OcpError, match=r"no user has a role$") as caught:
        controller.authorize(User("ann"), "TASK_MANAGER", str(path), "task_retry")
    assert caught.value.code.status == 403
    assert len(system_log) == 1
    assert "\n" not in system_log[0]


def test_a_file_that_is_not_there_gives_nobody_anything(tmp_path: Path, system_log: list[str]) -> None:
    with pytest.raises(OcpError, match=r"the role bindings cannot be read: .*none\.yml.*: no user has a role"):
        controller.authorize(User("ann"), "TASK_MANAGER", str(tmp_path / "none.yml"), "task_retry")
    assert len(system_log) == 1


def test_the_address() -> None:
    assert ipaddress.ip_address(controller.address()).version == 4


def test_no_route_is_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unconnected(socket.socket):
        def connect(self, address: Any) -> None:
            raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", Unconnected)
    assert controller.address() == "127.0.0.1"


@pytest.mark.parametrize("prefix", ["awx", "tower"])
def test_the_job_that_asks(monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
    monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/runner")
    monkeypatch.setenv("AWX_HOST", "https://awx.example.org/")
    given = {
        "job_id": 17,
        "inventory_id": 3,
        "inventory_name": "Production",
        "execution_node": "node1",
        "user_name": "alice",
        "workflow_job_id": "",
    }
    assert controller.job({f"{prefix}_{name}": value for name, value in given.items()}) == {
        "awx_execution_node": "node1",
        "awx_inventory_id": "3",
        "awx_inventory_name": "Production",
        "awx_job_id": "17",
        "awx_job_url": "https://awx.example.org/#/jobs/playbook/17",
    }
    monkeypatch.delenv("AWX_HOST")
    assert controller.job({"awx_job_id": 17, "awx_workflow_job_id": 16}) == {
        "awx_job_id": "17",
        "awx_workflow_job_id": "16",
    }


def test_outside_of_awx_there_is_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWX_PRIVATE_DATA_DIR", raising=False)
    assert controller.job({"awx_job_id": 17}) == {}, "anybody's extra variables"


def test_trace_ids() -> None:
    ids = {controller.trace_id() for dummy in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{16}", trace_id) for trace_id in ids)


def test_first_ids_grow_and_fit_into_53_bits() -> None:
    first = controller.first_id()
    time.sleep(0.002)
    second = controller.first_id()
    assert 0 < first < second < 2**53
    assert second - first >= 1502, "2 ms later there is room for the subtasks of 500 hosts"


def test_a_program_that_runs_it_for_somebody_names_the_creator_and_the_trace(
    who: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    who({})
    given = '{"creator": "alice", "creator_id": 100, "trace_id": "0123456789abcdef"}'
    monkeypatch.setenv(caller.ASKED_VARIABLE, given)
    assert controller.creator({}) == User("alice", number=100)
    assert controller.trace_id() == "0123456789abcdef"
    assert controller.user({}).name != "alice"  # a name in the environment gives nobody a role
    monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/runner")
    assert controller.creator({}) == controller.user({})


@pytest.mark.parametrize(
    "given", ["", "{", "[]", '{"creator": 1, "trace_id": "x"}', '{"trace_id": "0123456789ABCDEF"}']
)
def test_an_environment_that_names_nobody(
    who: Callable[..., User], monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    who({})
    monkeypatch.setenv(caller.ASKED_VARIABLE, given)
    assert controller.creator({}) == controller.user({})
    assert re.fullmatch("[0-9a-f]{16}", controller.trace_id())


def test_a_wave_of_a_request_for_one_host_has_the_form_for_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(caller.ASKED_VARIABLE, '{"creator": "alice", "one_host": true}')
    assert controller.asked_for_one_host()
    for name, value in controller.asked_with("0123456789abcdef").items():
        monkeypatch.setenv(name, value)
    assert not controller.asked_for_one_host()
    assert (controller.creator({}).name, controller.trace_id()) == ("alice", "0123456789abcdef")
