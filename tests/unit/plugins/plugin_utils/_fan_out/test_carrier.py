# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text that goes to a host is complete, and has no more than a phase needs."""

from __future__ import annotations

import ast
import base64
import collections
import itertools
import zlib
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import processes as agent_processes
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.host_answer import AnswerError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.interpreter import first_of

PHASES = ("prepare", "stop", "start", "restart_pos_proxy", "finish")
GOALS = ("stopped", "running", "restarted")
REQUESTS: list[dict[str, Any]] = [{"phase": phase, "goal": goal} for phase, goal in itertools.product(PHASES, GOALS)]


def defined(source: str) -> set[str]:
    """The global names that a file or text defines."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name))
    return names


def test_a_global_name_exists_once() -> None:
    """All files share one name space in the text."""
    files = Path(agent_processes.__file__).parent.glob("*.py")
    times = collections.Counter(name for file in files for name in defined(file.read_text()))
    assert [name for name, count in times.items() if count > 1 and name != "__all__"] == []


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_no_file_is_imported(request_: dict[str, Any]) -> None:
    nodes = ast.walk(ast.parse(carrier.program(request_)))
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level]


def test_a_stop_carries_nothing_of_a_start() -> None:
    for phase in ("prepare", "stop", "finish"):
        names = defined(carrier.program({"phase": phase, "goal": "stopped"}).decode())
        assert not names & {"start", "Control", "State", "restart_pos_proxy"}, phase
        assert not names & {"Unit", "Protection", "run_command"}, "the host has no use for them in most cases"
    assert {"start", "Control", "State", "Units"} <= defined(carrier.program({"phase": "start"}).decode())


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_what_a_host_may_need_later_is_in_the_text(request_: dict[str, Any]) -> None:
    tree = ast.parse(carrier.program(request_))
    (later,) = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_later"
    ]
    texts = [tree, *map(ast.parse, later.values())]
    needed = {
        ast.literal_eval(node.args[0])
        for text in texts
        for node in ast.walk(text)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "_need"
    }
    folder = Path(agent_processes.__file__).parent
    there = defined("\n".join(ast.unparse(text) for text in texts))
    for name in needed:
        assert defined((folder / f"{name}.py").read_text()) <= there, name
    assert not defined(ast.unparse(tree)) & defined("\n".join(later.values()))
    assert set(later) <= needed


# A resident

STOP = [{"phase": phase, "goal": "stopped"} for phase in ("prepare", "stop", "finish")]


def test_a_library_holds_what_its_phases_need() -> None:
    names = defined(carrier.library(STOP).decode())
    assert {"serve", "prepare_stopped", "stop", "finish_stopped"} <= names
    assert not names & {"start", "Control", "State", "restart_pos_proxy"}
    assert {"serve", "start", "stop"} <= defined(carrier.library([*STOP, {"phase": "start"}]).decode())
    assert carrier.library(STOP) == carrier.library(reversed(STOP))


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_a_call_names_a_function_of_its_library(request_: dict[str, Any]) -> None:
    line = carrier.call({**request_, "home": "/h\u00f6me\n"})
    assert line.endswith(b"\n")
    assert (line.count(b"\n"), line.isascii()) == (1, True)
    function, options = ast.literal_eval(line.decode())
    assert options == {**request_, "home": "/h\u00f6me\n"}
    assert function in defined(carrier.library([request_]).decode())


def test_a_frame_tells_the_length_of_what_is_compressed_in_it() -> None:
    text = "\u00e9\n".encode() * 100
    size, _newline, content = carrier.framed(text).partition(b"\n")
    assert int(size) == len(content) < len(text)
    assert zlib.decompress(base64.b64decode(content)) == text
    assert not set(content) & {*range(10), *range(11, 32)}, "what a terminal would take for more than text"


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        (b'OCP-ANSWER 1 {"changed": true}\n', {"changed": True}),
        (b'OCP-ANSWER 1 {"changed": true}\r\n', {"changed": True}),
        (b'Welcome\n\nOCP-ANSWER 1 {"changed": true}\nlogout\n', {"changed": True}),
        (b'\xff\x00\nOCP-ANSWER 2 {"half\nOCP-ANSWER 1 {"changed": true}\n\xff', {"changed": True}),
        (b'OCP-ANSWER 1 {"changed": true}\nOCP-ANSWER 1 {"changed": false}\n', {"changed": True}),
        (b"", None),
        (b"\n", None),
        (b"Welcome to db001\n", None),
        (b'{"changed": true}\n', None),
        (b'OCP-ANSWER {"changed": true}\n', None),
        (b'OCP-ANSWER 2 {"changed": true}\n', None),
        (b'OCP-ANSWER 11 {"changed": true}\n', None),
        (b'Welcome to OCP-ANSWER 1 {"changed": true}\n', None),
    ],
)
def test_noise_is_no_answer_and_another_calls_is_none(output: bytes, answer: dict[str, Any] | None) -> None:
    assert carrier.answer(output, "1") == answer


@pytest.mark.parametrize("text", ['{"changed": tr', '{"changed": true}', '{"changed": tr\n', "[1]\n", "\n"])
def test_an_answer_that_is_none_by_its_form(text: str) -> None:
    with pytest.raises(AnswerError):
        carrier.answer(b"OCP-ANSWER 1 " + text.encode(), "1")


def test_no_two_calls_have_one_id() -> None:
    assert len({carrier.new_id() for _call in range(1000)}) == 1000
    assert carrier.with_id("1", carrier.call({"phase": "stop"})) == b"1 u'stop', {u'phase': u'stop'}\n"


@pytest.mark.parametrize("interpreter", ["/usr/bin/python3", first_of(["python3.14"])])
def test_a_resident_is_started_by_one_line(interpreter: str) -> None:
    """csh accepts no other form."""
    command = carrier.resident(interpreter)
    assert "\n" not in command
    assert "!" not in command
    assert ("platform-python" in command) == (interpreter != "/usr/bin/python3")


def test_an_answer_is_whole_or_none() -> None:
    whole = b"Welcome\nOCP-ANSWER 1 {}\nbye"
    assert carrier.is_answered(whole, "1")
    assert not carrier.is_answered(whole, "2")
    assert not carrier.is_answered(whole[:-4], "1")
