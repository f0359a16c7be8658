# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""run/admin.lock, as the vendor's control program makes and understands it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.program.sandbox import DEAF, Process, Sandbox, both_ways


@pytest.fixture
def lock(sandbox: Sandbox) -> Path:
    return sandbox.run_folder / "admin.lock"


def control_program(sandbox: Sandbox) -> Process:
    return sandbox.agent("ocp_agentctl")


def write_owner(lock: Path, pid: int, executable: Path | str) -> None:
    lock.write_text(json.dumps({"pid": pid, "exe": str(executable)}, separators=(",", ":")))


@both_ways
def test_the_format_byte_for_byte(sandbox: Sandbox, every_python: Path, lock: Path) -> None:
    sandbox.agent("ocp_agentd", DEAF)
    run = sandbox.start_program(every_python, "stop", daemon_grace=0.5)
    sandbox.until(lambda: lock.exists() and lock.read_bytes().endswith(b"}"), "no lock")
    executable = os.path.realpath(every_python)
    assert lock.read_bytes() == f'{{"pid":{run.worker},"exe":"{executable}"}}'.encode()
    assert lock.stat().st_mode & 0o777 == 0o644
    run.result()
    assert not lock.exists()


@pytest.mark.parametrize("phase", ["prepare", "stop", "finish"])
def test_a_live_holder_is_respected(sandbox: Sandbox, python: Path, lock: Path, phase: str) -> None:
    control = control_program(sandbox)
    if phase == "finish":
        (sandbox.run_folder / "ocp_agentd.pid").write_text("4711")
    else:
        agent = sandbox.agent("ocp_agentd")
    write_owner(lock, control.pid, sandbox.home / "bin/ocp_agentctl")
    before = lock.read_bytes()
    answer = sandbox.program(python, phase, settle=0)
    assert (answer["reason"], answer["changed"]) == ("locked", False)
    assert f"{sandbox.home}/bin/ocp_agentctl (pid {control.pid})" in answer["msg"]
    assert lock.read_bytes() == before
    if phase != "finish":
        assert sandbox.lives(agent)


@both_ways
def test_two_stops_at_once(sandbox: Sandbox, python: Path, lock: Path) -> None:
    """Ansible runs a module a second time while the first still works, when a connection is lost."""
    sandbox.agent("ocp_agentd", DEAF)
    first = sandbox.start_program(python, "stop", daemon_grace=1.5)
    sandbox.until(lambda: lock.exists() and lock.read_text(), "no lock")
    second = sandbox.program(python, "stop")
    assert second["reason"] == "locked"
    assert f"(pid {first.worker})" in second["msg"]
    assert first.result()["changed"]


@pytest.mark.parametrize(
    "content",
    [
        "DEAD",
        "OTHER EXECUTABLE",
        "ZOMBIE",
        '{"pid":1,"exe":"/sbin/none"}',
        '{"pid":0,"exe":"x"}',
        '{"pid":-1,"exe":"x"}',
        '{"pid":true,"exe":"x"}',
        '{"pid":1e999,"exe":"x"}',
        '{"pid":99999999999999999999,"exe":"x"}',
        '{"pid":"7777777","exe":7}',
        "[" * 4000,
    ],
    ids=lambda content: content[:30],
)
def test_a_stale_lock_is_taken_over_at_once(sandbox: Sandbox, python: Path, lock: Path, content: str) -> None:
    if content == "DEAD":
        write_owner(lock, 4711, sandbox.home / "bin/ocp_agentctl")
    elif content == "OTHER EXECUTABLE":
        write_owner(
            lock, sandbox.agent(sandbox.executable(sandbox.folder / "x")).pid, sandbox.home / "bin/ocp_agentctl"
        )
    elif content == "ZOMBIE":
        write_owner(lock, sandbox.zombie("ocp_agentctl"), sandbox.home / "bin/ocp_agentctl")
    else:
        lock.write_text(content)
        os.utime(lock, (time.time() - 60, time.time() - 60))
    sandbox.agent("ocp_agentd")
    assert not sandbox.program(python, "prepare").get("failed")
    assert sandbox.program(python, "stop")["changed"]
    assert os.listdir(sandbox.run_folder) == []


GARBAGE = [
    "",
    "{",
    "[]",
    "7",
    "null",
    '{"pid":1}',
    '{"pid":[],"exe":"x"}',
    "\udcff",
    "[" * 4000,
    '{"pid":1e999,"exe":""}',
]


@pytest.mark.parametrize("content", GARBAGE, ids=lambda content: ascii(content)[:20])
def test_garbage_is_being_written_while_it_is_fresh(sandbox: Sandbox, newest: Path, lock: Path, content: str) -> None:
    agent = sandbox.agent("ocp_agentd")
    lock.write_bytes(content.encode(errors="surrogateescape"))
    answer = sandbox.program(newest, "stop")
    assert (answer["reason"], answer["changed"]) == ("locked", False)
    assert sandbox.lives(agent)


@pytest.mark.parametrize("age", [60, -86400], ids=["old", "from the future"])
@pytest.mark.parametrize("content", GARBAGE, ids=lambda content: ascii(content)[:20])
def test_other_garbage_is_stale(sandbox: Sandbox, newest: Path, lock: Path, content: str, age: int) -> None:
    sandbox.agent("ocp_agentd")
    lock.write_bytes(content.encode(errors="surrogateescape"))
    os.utime(lock, (time.time() - age, time.time() - age))
    assert sandbox.program(newest, "stop")["changed"]
    assert os.listdir(sandbox.run_folder) == []


@pytest.mark.parametrize("kind", ["fifo", "link", "dangling link", "huge", "folder"])
def test_what_is_no_lock_file_is_moved_out_of_the_way(sandbox: Sandbox, python: Path, lock: Path, kind: str) -> None:
    aside = sandbox.folder / "aside"
    aside.write_text("{}")
    if kind == "fifo":
        os.mkfifo(lock)
    elif kind == "link":
        lock.symlink_to(aside)
    elif kind == "dangling link":
        lock.symlink_to(sandbox.folder / "nothing")
    elif kind == "huge":
        lock.write_text(" " * 5000)
    else:
        lock.mkdir()
    agent = sandbox.agent("ocp_agentd")
    assert sandbox.program(python, "stop")["changed"]
    assert not sandbox.lives(agent)
    assert not os.path.lexists(lock)
    assert aside.read_text() == "{}"
    assert not (sandbox.folder / "nothing").exists()


def test_finish_clears_a_stale_lock(sandbox: Sandbox, python: Path, lock: Path) -> None:
    write_owner(lock, 4711, "/gone")
    answer = sandbox.program(python, "finish", settle=0)
    assert (answer["changed"], answer["removed"]) == (True, ["admin.lock"])
    assert sandbox.program(python, "finish", settle=0)["changed"] is False


RACE = """\
import json, os, sys, threading
program = {"__name__": "program"}
with open(sys.argv[1]) as stream:
    exec(compile(stream.read(), sys.argv[1], "exec"), program)
lock = program["AdminLock"](program["Home"](sys.argv[2]), program["Log"]())
check = lock.check
def then_another_is_faster():
    check()
    if lock.check is then_another_is_faster:
        lock.check = check
        os.unlink(lock.path)
        with open(lock.path, "w") as stream:
            json.dump({"pid": int(sys.argv[3]), "exe": sys.argv[4]}, stream)
lock.check = then_another_is_faster
try:
    lock.__enter__()
except program["AgentError"] as exc:
    sys.exit(0 if exc.reason == "locked" else str(exc))
sys.exit("two hold the lock")
"""


def test_of_two_who_find_a_stale_lock_one_gets_it(sandbox: Sandbox, python: Path, lock: Path) -> None:
    control = control_program(sandbox)
    write_owner(lock, 4711, "/gone")
    program = sandbox.home / "bin/ocp_agentctl"
    sandbox.do(python, "-B", "-c", RACE, sandbox.source("stop"), sandbox.home, str(control.pid), program)
    assert json.loads(lock.read_text())["pid"] == control.pid
