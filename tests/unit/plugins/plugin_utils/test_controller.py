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
import time
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils import _controller
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._roles import User

ENVIRONMENT = ("AWX_PRIVATE_DATA_DIR", "SUDO_USER", "LOGNAME", "USER")
AWX = {"AWX_PRIVATE_DATA_DIR": "/runner"}


def entry(name: str, uid: int) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, uid, "", "/", "/bin/sh"))


ENTRIES = {0: entry("root", 0), 1000: entry("lea", 1000), 1001: entry("sue", 1001)}


def by_name(name: str) -> pwd.struct_passwd:
    return {known.pw_name: known for known in ENTRIES.values()}[name]


@pytest.fixture
def who(monkeypatch: pytest.MonkeyPatch) -> Callable[..., User]:
    """Ask who the creator is, as a user with an environment."""
    monkeypatch.setattr(pwd, "getpwuid", ENTRIES.__getitem__)
    monkeypatch.setattr(pwd, "getpwnam", by_name)
    monkeypatch.setattr(os, "getgrouplist", lambda name, gid: [gid, 65534])

    def ask(variables: dict[str, Any], uid: int = 1000, **environment: str) -> User:
        for name in ENVIRONMENT:
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(os, "getuid", lambda: uid)
        return _controller.user(variables)

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


def test_the_address() -> None:
    assert ipaddress.ip_address(_controller.address()).version == 4


def test_no_route_is_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unconnected(socket.socket):
        def connect(self, address: Any) -> None:
            raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", Unconnected)
    assert _controller.address() == "127.0.0.1"


def test_trace_ids() -> None:
    ids = {_controller.trace_id() for dummy in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{16}", trace_id) for trace_id in ids)


def test_first_ids_grow_and_fit_into_53_bits() -> None:
    first = _controller.first_id()
    time.sleep(0.002)
    second = _controller.first_id()
    assert 0 < first < second < 2**53
    assert second - first >= 1502, "2 ms later there is room for the subtasks of 500 hosts"
