# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.requested_hosts import (
    by_pattern,
    check_resumed,
    from_file,
    shown,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target

IDS: dict[str, object] = {"db001": 1001, "db002": "1002", "db003": 1003, "db004": 1004, "web1": 2001, "bad": "x"}
INVENTORY = """
[rack7]
db[001:002]
[rack8]
db[003:004]
[east]
db002
db003
[web]
web1
spare
bad
[empty]
"""


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> InventoryManager:
    path = tmp_path_factory.mktemp("inventory") / "hosts"
    path.write_text(INVENTORY)
    found = InventoryManager(DataLoader(), sources=[str(path)])
    found.subset("db001")  # as --limit does
    found.restrict_to_hosts([])
    return found


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("db001", [1001]),
        ("db003,db001", [1003, 1001]),
        ("db001, db002", [1001, 1002]),
        ("db001:db002", [1001, 1002]),
        (["db001", "rack8"], [1001, 1003, 1004]),
        ("rack7", [1001, 1002]),
        ("rack7:db001", [1001, 1002]),
        ("rack7:&east", [1002]),
        ("rack7:rack8:!db003", [1001, 1002, 1004]),
        ("all:!db003:!web", [1001, 1002, 1004]),
        ("!web", [1001, 1002, 1003, 1004]),
        ("all:!web:!empty", [1001, 1002, 1003, 1004]),
        ("db*", [1001, 1002, 1003, 1004]),
        ("~db00[13]", [1001, 1003]),
        ("rack7[0]", [1001]),
        ("rack7[0:1]", [1001, 1002]),
        ("db[001:003]", [1001, 1002, 1003]),
        ("rack7:rack8:!db[002:003]", [1001, 1004]),
    ],
)
def test_patterns(inventory: InventoryManager, pattern: object, ids: list[int]) -> None:
    assert by_pattern(pattern, inventory, IDS) == ids


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("db01", "db01 names no host and no group"),
        ("db001,db01,dc*", "db01, dc* names no host and no group"),
        ("all:!db03", "!db03 names no host and no group"),
        ("rack7:&west", "&west names no host and no group"),
        ("db[003:006]", "db005, db006 names no host and no group"),
        ("db[006:003]", "db[006:003]"),
        ("localhost", "localhost names no host"),
        ("{{ groups.rack7 }}", "names no host"),
        ("rack7:!rack7", "no host of the inventory is left"),
        ("empty", "no host of the inventory is left"),
        (",", "no host of the inventory is left"),
        ("~db(", "Invalid host list pattern"),
        ("rack7:spare", "spare has no ocp_host_id: set it in the inventory, or leave out"),
        ("rack7:spare", "as in ocp_hosts='rack7:spare:!spare'"),
        ("bad", "the ocp_host_id of bad is no host id"),
        ({"rack7": 1}, "must be a pattern"),
        (["db001", 2], "must be a pattern"),
        (7, "must be a pattern"),
    ],
)
def test_refused_patterns(inventory: InventoryManager, pattern: object, named: str) -> None:
    with pytest.raises(OcpError) as raised:
        by_pattern(pattern, inventory, IDS)
    assert raised.value.code is INVALID
    assert named in raised.value.message


def test_two_hosts_of_one_id_are_left_to_the_check_of_ids(inventory: InventoryManager) -> None:
    assert by_pattern("rack7", inventory, {"db001": 1001, "db002": 1001}) == [1001]


@pytest.mark.parametrize(
    "text",
    ["1001\n1002\n", "1001,1002", "# rack 7\n\n1001, # the first\n  1002  \n", '[1001, "1002"]', "[\n1001,\n1002]\n"],
)
def test_files(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ids"
    path.write_text(text)
    assert from_file(str(path)) == [1001, 1002]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"root:hunter2\n1001\n1002,x\n", "no host id in line 1, line 3"),
        (b"[1001, true]", "no host id in item 2"),
        (b"[1001, hunter2", "no host id in what is no complete JSON list"),
        (b"\n# hunter2\n", "it has no host id"),
        (b"\xff\xfe", "cannot be read: it is no text in UTF-8"),
        (b"1001\n1001\n", "names one more than once: 1001"),
    ],
)
def test_refused_files(tmp_path: Path, content: bytes, named: str) -> None:
    path = tmp_path.parent / "ids"
    path.write_bytes(content)
    with pytest.raises(OcpError) as raised:
        from_file(str(path))
    assert named in raised.value.message
    assert "hunter2" not in raised.value.message + str(raised.value.sub_errors)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OcpError, match="ids cannot be read: No such file or directory"):
        from_file(str(tmp_path / "ids"))


def test_shown() -> None:
    assert shown("ocp_hosts all:!db003", [1001, 1002]) == "ocp_hosts all:!db003: 2 hosts: 1001, 1002"
    assert shown("ocp_hosts db001", [1001]) == "ocp_hosts db001: 1 host: 1001"


TARGETS = [Target(1001, "db001"), Target(1002, "db002"), Target(1003, "db003")]


@pytest.mark.parametrize("named", [[1002, 1003], [1003, 1001, 1002]])
def test_a_task_that_is_taken_up_may_be_named_with_its_hosts(named: list[int]) -> None:
    check_resumed(named, TARGETS, [1002, 1003])


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ([1002], "the request leaves out db003 (host id 1003), but a task goes on with all of its hosts"),
        ([1002, 1003, 1009], "1009 is no host of the task"),
    ],
)
def test_it_is_not_taken_up_for_other_hosts(named: list[int], said: str) -> None:
    with pytest.raises(OcpError) as raised:
        check_resumed(named, TARGETS, [1002, 1003])
    assert raised.value.code is INVALID
    assert said in raised.value.message
