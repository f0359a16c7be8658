# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts that need no processes. tests/program has the others."""

from __future__ import annotations

import os
import resource
import socket
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.home import Home, program_named
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.host import (
    AgentError,
    read_regular,
    this_boot,
    uptime,
    user_name,
)
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import (
    argument_spec,
    difference,
    diffs,
    run,
)
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.request import Request

HOME = "/nonexistent/ocp_agent"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path


def install(home: Path, *names: str) -> None:
    for name in names:
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("")


# Time


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(1, 0.5), (2, 1), (4, 2), (6, 4), (20, 18), (60, 54), (100, 90), (150, 135), (600, 585), (86400, 86385)],
)
def test_the_program_ends_before_the_timeout(timeout: int, seconds: float) -> None:
    before = uptime()
    request = Request("prepare", HOME, timeout=timeout)
    assert request.seconds == pytest.approx(seconds)
    assert before + seconds - 0.1 <= request.deadline <= uptime() + seconds + 0.1


@pytest.mark.parametrize(
    ("seconds", "share", "expected"), [(10, 0.5, 10), (100, 0.5, 27), (100, 1.0, 54), (0, 1.0, 0), (-1, 1.0, 0)]
)
def test_a_grace_never_takes_all_the_time(seconds: float, share: float, expected: float) -> None:
    assert Request("stop", HOME).within(seconds, share) == pytest.approx(uptime() + expected, abs=0.5)


def test_a_moment_of_another_boot_means_nothing() -> None:
    assert Request("finish", HOME, ready_at=12.5, boot_id=this_boot()).ready_at == 12.5
    assert Request("finish", HOME, ready_at=12.5, boot_id="another").ready_at is None
    assert Request("finish", HOME, stopped_at=12.5, boot_id=this_boot()).stopped_at == 12.5
    assert Request("finish", HOME, stopped_at=12.5, boot_id="another").stopped_at is None
    assert Request("finish", HOME, stopped_at=12.5).stopped_at is None


def test_an_unknown_phase() -> None:
    answer = run({"phase": "restart", "home": HOME})
    assert (answer["failed"], answer["changed"], answer["reason"]) == (True, False, "invalid")
    assert "finish, info, prepare, restart_pos_proxy, start, stop" in answer["msg"]


def test_an_unknown_goal() -> None:
    answer = run({"phase": "prepare", "home": HOME, "goal": "away"})
    assert (answer["reason"], answer["log"][-1][1]) == ("invalid", f"failed: {answer['msg']}")
    assert "stopped, running, restarted" in answer["msg"]


def test_the_options_are_those_of_a_request() -> None:
    options = {name: option.get("default") for name, option in argument_spec().items()}
    request = Request(**{**options, "phase": "prepare"})
    assert (request.grace, request.daemon_grace, request.settle) == (10, 20, 3)
    assert request.home.given == "/home/admin/ocp_agent"


# The home


@pytest.mark.parametrize(
    "path", ["", "relative/path", "./x", "/", "//", "/home", "/home/", "/home/admin/../x/..", "/a/b\0c", "/.//x/."]
)
def test_paths_that_are_no_home(path: str) -> None:
    with pytest.raises(AgentError, match="home") as caught:
        Home(path)
    assert caught.value.reason == "invalid"


def test_a_link_out_of_all_homes(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to("/usr")
    with pytest.raises(AgentError, match="leads to /usr"):
        Home(str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("files", "generations"),
    [
        ([], []),
        (["bin/ocp_agentctl"], ["gen2"]),
        (["bin/ocp_agent_ctl.py"], ["gen1"]),
        (["agent/ocp_agent_ctl.py"], ["gen1"]),
        (["ocp_agent_ctl.py"], ["gen1"]),
        (["bin/ob_agentctl", "bin/ob_agentd"], ["obagent"]),
        (["bin/ocp_agentctl", "bin/ob_agentctl"], ["gen2", "obagent"]),
        (["bin/ocp_agentd"], []),
        (["bin/ocp_agentd", "bin/ocp_mgragent"], ["gen2"]),
        (["bin/ocp_agentd", "bin/node_exporter"], ["gen1"]),
        (["bin/node_exporter"], []),
        (["lib/ocp_agentctl"], []),
    ],
)
def test_generations(home: Path, files: list[str], generations: list[str]) -> None:
    install(home, *files)
    assert Home(str(home)).generations() == generations


@pytest.mark.parametrize(
    ("path", "program"),
    [
        ("bin/ocp_agentd", "ocp_agentd"),
        ("bin/ocp_monagent", "ocp_monagent"),
        ("agent/pos_proxy.py", "pos_proxy"),
        ("bin/ob_mgragent", "ob_mgragent"),
        ("bin/ocp_agentctl", None),
        ("bin/ocp_agent_ctl.py", None),
        ("bin/obstat2", None),
        ("bin/observer", None),
        ("bin/ocp_agentd2", None),
        ("bin/ocp_agentd (deleted)", None),
        ("bin/OCP_AGENTD", None),
        ("bin/ocp_agentd/x", None),
    ],
)
def test_the_program_that_a_path_has_the_name_of(path: str, program: str | None) -> None:
    assert program_named(path) == program


def test_a_neighbour_whose_name_begins_the_same(tmp_path: Path) -> None:
    assert not Home(str(tmp_path / "ocp_agent")).holds(str(tmp_path / "ocp_agent2/bin/ocp_agentd"))


# Files


@pytest.mark.parametrize(
    ("content", "limit", "read"), [("123", 32, b"123"), ("", 32, b""), ("1" * 32, 32, b"1" * 32), ("1" * 33, 32, None)]
)
def test_regular_files(tmp_path: Path, content: str, limit: int, read: bytes | None) -> None:
    path = tmp_path / "x.pid"
    path.write_text(content)
    assert read_regular(str(path), limit=limit) == read


@pytest.mark.parametrize("kind", ["fifo", "link", "dangling", "loop", "folder", "nothing"])
def test_no_regular_files(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.pid"
    (tmp_path / "target").write_text("1")
    make: dict[str, Any] = {
        "fifo": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to("target"),
        "dangling": lambda: path.symlink_to("none"),
        "loop": lambda: path.symlink_to(path),
        "folder": path.mkdir,
        "nothing": lambda: None,
    }
    make[kind]()
    assert read_regular(str(path), limit=32) is None


def test_a_file_that_cannot_be_opened_now_is_not_taken_for_none(tmp_path: Path) -> None:
    """A pid file or a lock that is not seen would be the proof that nothing runs."""
    path = tmp_path / "x.pid"
    path.write_text("1")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(path, os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            read_regular(str(path), limit=32)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.parametrize("kind", ["socket", "below a file"])
def test_what_cannot_be_opened_as_a_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.pid"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert read_regular(str(path / "below" if kind == "below a file" else path), limit=32) is None


@pytest.mark.parametrize(("mode", "read"), [(0o644, b"1"), (0o600, b"1"), (0o664, None), (0o646, None), (0o666, None)])
def test_a_file_that_others_can_write_proves_nothing(tmp_path: Path, mode: int, read: bytes | None) -> None:
    path = tmp_path / "x.pid"
    path.write_text("1")
    path.chmod(mode)
    assert read_regular(str(path), limit=32, writers=(os.getuid(),)) == read
    assert read_regular(str(path), limit=32, writers=(os.getuid() + 1,)) is None


def test_user_names() -> None:
    assert user_name(0) == "root"
    assert user_name(987654321) == "uid 987654321"


# Diff


def test_difference() -> None:
    stopped = {"processes": [{"program": "ocp_agentd", "pid": 7}, {"program": "ocp_mgragent", "pid": 8}]}
    assert difference("stop", stopped) == {
        "before_header": "stop",
        "after_header": "stop",
        "before": "ocp_agentd 7\nocp_mgragent 8\n",
        "after": "",
    }
    assert difference("finish", {"removed": ["ocp_agentd.pid"]})["before"] == "ocp_agentd.pid\n"
    assert difference("stop", {"processes": []})["before"] == ""


def test_a_drop_in_is_a_difference_of_its_own() -> None:
    stopped = {"processes": [], "drop_ins": [{"path": "/run/x.conf", "content": "[Service]\n"}]}
    drop_in, processes = diffs("stop", stopped)
    assert (drop_in["before"], drop_in["after"]) == ("", "[Service]\n")
    assert "/run/x.conf" in drop_in["after_header"]
    assert processes == difference("stop", stopped)
    assert diffs("prepare", {"processes": []}) == [difference("prepare", {"processes": []})]


@pytest.mark.parametrize(
    ("changed", "processes", "before", "after"),
    [
        (True, [{"program": "ocp_agentd", "pid": 7}], "", "ocp_agentd 7\n"),
        (False, [{"program": "ocp_agentd", "pid": 7}], "ocp_agentd 7\n", "ocp_agentd 7\n"),
        (True, [], "", "ocp_agentd\nocp_mgragent\nocp_monagent\n"),
    ],
    ids=["started", "ran", "check mode"],
)
def test_difference_of_a_start(changed: bool, processes: list[dict[str, Any]], before: str, after: str) -> None:
    found = difference("start", {"changed": changed, "processes": processes, "generations": ["gen2"]})
    assert (found["before"], found["after"]) == (before, after)
