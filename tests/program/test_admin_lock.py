# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""run/admin.lock, compatible with the vendor's control program."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.program.sandbox import DEAF, NOBODY, Process, Sandbox, both_ways

DEPLOY = 4242  # a user without an entry in /etc/passwd


@pytest.fixture
def lock(sandbox: Sandbox) -> Path:
    return sandbox.run_folder / "admin.lock"


def control_program(sandbox: Sandbox) -> Process:
    return sandbox.agent("ocp_agentctl")


def write_owner(lock: Path, pid: int, executable: Path | str) -> None:
    lock.write_text(json.dumps({"pid": pid, "exe": str(executable)}, separators=(",", ":")))


@both_ways
def test_the_format_byte_for_byte(sandbox: Sandbox, kind_of_python: Path, lock: Path) -> None:
    sandbox.agent("ocp_agentd", DEAF)
    run = sandbox.start_program(kind_of_python, "stop", daemon_grace=0.5)
    sandbox.until(lambda: lock.exists() and lock.read_bytes().endswith(b"}"), "no lock")
    executable = os.path.realpath(kind_of_python)
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
    answer = sandbox.program(python, phase, settle=0, timeout=6)
    assert (answer["reason"], answer["changed"]) == ("locked", False)
    assert f"{sandbox.home}/bin/ocp_agentctl (pid {control.pid})" in answer["msg"]
    assert lock.read_bytes() == before
    if phase != "finish":
        assert sandbox.lives(agent)


@pytest.mark.parametrize("phase", ["prepare", "stop", "finish"])
def test_a_command_that_ends_in_time_is_waited_for(sandbox: Sandbox, python: Path, lock: Path, phase: str) -> None:
    """The vendor's start takes a second, its stop four, its restart five."""
    control = control_program(sandbox)
    (sandbox.run_folder / "ocp_agentd.pid").write_text("4711")
    write_owner(lock, control.pid, sandbox.home / "bin/ocp_agentctl")
    run = sandbox.start_program(python, phase, settle=0)
    time.sleep(1.5)
    sandbox.kill(control.pid, signal.SIGTERM)
    answer = run.result()
    assert not answer.get("failed"), answer
    if phase != "stop":  # with nothing running, it needs no lock
        assert any("waiting for" in text for dummy, text in answer["log"])


def test_what_a_command_has_started_while_stop_waited_is_stopped(sandbox: Sandbox, python: Path, lock: Path) -> None:
    control = control_program(sandbox)
    write_owner(lock, control.pid, sandbox.home / "bin/ocp_agentctl")
    run = sandbox.start_program(python, "stop")
    time.sleep(1)
    agent = sandbox.agent("ocp_agentd")
    sandbox.kill(control.pid, signal.SIGTERM)
    assert [process["pid"] for process in run.result()["processes"]] == [agent.pid]
    assert not sandbox.lives(agent)


@both_ways
def test_two_stops_at_once(sandbox: Sandbox, python: Path, lock: Path) -> None:
    """After a lost connection, Ansible runs a module a second time while the first still works."""
    sandbox.agent("ocp_agentd", DEAF)
    first = sandbox.start_program(python, "stop", daemon_grace=1.5)
    sandbox.until(lock.exists, "no lock")
    second = sandbox.start_program(python, "stop")
    assert first.result()["changed"]
    answer = second.result()
    assert (answer["changed"], answer["processes"]) == (False, []), "it has waited for the first one"


@both_ways
def test_a_stop_that_takes_longer_than_another_may_wait(sandbox: Sandbox, python: Path, lock: Path) -> None:
    sandbox.agent("ocp_agentd", DEAF)
    first = sandbox.start_program(python, "stop", daemon_grace=6)
    sandbox.until(lock.exists, "no lock")
    second = sandbox.program(python, "stop", timeout=4)
    assert second["reason"] == "locked"
    assert f"(pid {first.worker})" in second["msg"]
    assert first.result()["changed"]


# The lock counts for the agent's user

# A control program's check before it starts the agent: LOCK. It exits with 3 if it respects the lock. A lock whose
# owner it cannot look at is stale for it.
TAKE_LOCK = """\
[ -e "$0" ] || exit 4
pid=$(sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' "$0") executable=$(sed -n 's/.*"exe":"\\([^"]*\\)".*/\\1/p' "$0")
[ "$(readlink "/proc/$pid/exe")" != "$executable" ] || exit 3
rm -f "$0"
"""


def takes_lock(sandbox: Sandbox, lock: Path, user: int) -> bool:
    status = sandbox.wait(sandbox.spawn_only("/bin/sh", "-c", TAKE_LOCK, lock, uid=user))
    assert status in (0, 3), status
    return status == 0


@both_ways
@pytest.mark.parametrize(
    ("user", "group", "daemon"),
    [
        (DEPLOY, DEPLOY, DEPLOY),
        (DEPLOY, DEPLOY, None),  # reached by sudo
        (NOBODY, 0, NOBODY),
        (NOBODY, 0, None),  # the folder's group is not the user's
    ],
)
def test_the_lock_holds_the_agents_user_off(
    sandbox: Sandbox, python: Path, lock: Path, user: int, group: int, daemon: int | None
) -> None:
    sandbox.do("chown", "-R", f"{user}:{group}", sandbox.home)
    agent = sandbox.agent("ocp_agentd", DEAF, uid=daemon)
    run = sandbox.start_program(python, "stop", daemon_grace=30)
    sandbox.until(lock.exists, "no lock")
    assert [takes_lock(sandbox, lock, user) for dummy in range(20)] == [False] * 20
    assert not takes_lock(sandbox, lock, 0)
    sandbox.kill(agent.pid, signal.SIGKILL)
    answer = run.result()
    assert (answer["changed"], answer["warnings"]) == (True, [])
    assert not lock.exists()
    assert [row["argv"] for row in sandbox.table() if row["exe"].endswith("/cat")] == []


@both_ways
def test_the_lock_is_stale_when_we_are_killed(sandbox: Sandbox, python: Path, lock: Path) -> None:
    sandbox.do("chown", "-R", f"{DEPLOY}:{DEPLOY}", sandbox.home)
    sandbox.agent("ocp_agentd", DEAF, uid=DEPLOY)
    run = sandbox.start_program(python, "stop", daemon_grace=30)
    sandbox.until(lock.exists, "no lock")
    sandbox.kill(run.worker, signal.SIGKILL)
    owner = json.loads(lock.read_text())["pid"]
    sandbox.until(lambda: owner not in [row["pid"] for row in sandbox.table()], "the owner of the lock lives on")
    assert takes_lock(sandbox, lock, DEPLOY)


def test_a_frozen_owner_of_the_lock_holds_nobody_up(sandbox: Sandbox, python: Path, lock: Path) -> None:
    """The owner is a process of the agent's user, who may freeze it."""
    sandbox.do("chown", "-R", f"{DEPLOY}:{DEPLOY}", sandbox.home)
    sandbox.agent("ocp_agentd", DEAF, uid=DEPLOY)
    run = sandbox.start_program(python, "stop", daemon_grace=1)
    sandbox.until(lock.exists, "no lock")
    sandbox.kill(json.loads(lock.read_text())["pid"], signal.SIGSTOP)
    assert run.result()["changed"]


def test_where_nothing_can_be_run_as_the_agents_user(sandbox: Sandbox, python: Path, lock: Path) -> None:
    sandbox.do("chown", "-R", f"{DEPLOY}:{DEPLOY}", sandbox.home)
    sandbox.do("mount", "--bind", "/dev/null", os.path.realpath("/bin/cat"))
    sandbox.agent("ocp_agentd")
    answer = sandbox.program(python, "stop")
    assert answer["changed"]
    assert "does not count for the user uid 4242" in answer["warnings"][0]


WHOLE = """\
import os, sys
program = {"__name__": "program"}
with open(sys.argv[1]) as stream:
    exec(compile(stream.read(), sys.argv[1], "exec"), program)
request = program["Request"]("stop", home=sys.argv[2])
lock, write = program["AdminLock"](request), os.write
def look(descriptor, content):
    if os.path.exists(lock.path):
        sys.exit("it is seen before it is written")
    return write(descriptor, content)
os.write = look
os.umask(0o077)
with lock:
    os.write = write
    if oct(os.stat(lock.path).st_mode)[-3:] != "644" or os.listdir(os.path.dirname(lock.path)) != ["admin.lock"]:
        sys.exit("it is not as it should be")
"""


def test_the_lock_is_there_whole_or_not_at_all(sandbox: Sandbox, python: Path) -> None:
    sandbox.do(python, "-B", "-c", WHOLE, sandbox.source("stop"), sandbox.home)


WITHOUT_LINKS = """\
import errno, os
def refused(*dummy):
    raise OSError(errno.EPERM, "no links here")
os.link = refused
"""


def test_a_file_system_without_links(sandbox: Sandbox, python: Path, lock: Path) -> None:
    agent = sandbox.agent("ocp_agentd")
    source = sandbox.source("stop")
    source.write_text(WITHOUT_LINKS + source.read_text())
    assert not sandbox.program(python, "stop").get("failed")
    assert not sandbox.lives(agent)
    assert os.listdir(sandbox.run_folder) == []


# A stale lock


@pytest.mark.parametrize("begun", ["after", "before"])
def test_who_began_after_the_lock_was_written_does_not_hold_it(
    sandbox: Sandbox, python: Path, lock: Path, begun: str
) -> None:
    """After a crash, or the boot after it, another process of the same program may have the pid."""
    source = sandbox.source("stop")
    source.write_text(source.read_text().replace("LOCK_WAIT = 15 ", "LOCK_WAIT = 1 "))
    control = control_program(sandbox)
    agent = sandbox.agent("ocp_agentd")
    time.sleep(1.5)
    write_owner(lock, control.pid, sandbox.home / "bin/ocp_agentctl")
    if begun == "after":
        os.utime(lock, (time.time() - 60, time.time() - 60))
    answer = sandbox.program(python, "stop")
    assert answer.get("reason") == (None if begun == "after" else "locked")
    assert sandbox.lives(agent) is (begun == "before")


def test_a_process_as_young_as_a_command_may_be_is_in_doubt(sandbox: Sandbox, python: Path, lock: Path) -> None:
    """The clock may have been set since the lock was written."""
    control = control_program(sandbox)
    agent = sandbox.agent("ocp_agentd")
    write_owner(lock, control.pid, sandbox.home / "bin/ocp_agentctl")
    os.utime(lock, (time.time() - 3600, time.time() - 3600))
    assert sandbox.program(python, "stop", timeout=6)["reason"] == "locked"
    assert sandbox.lives(agent)


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
    answer = sandbox.program(newest, "stop", timeout=4)
    assert (answer["reason"], answer["changed"]) == ("locked", False)
    assert sandbox.lives(agent)


def test_garbage_is_waited_for_until_it_is_old(sandbox: Sandbox, python: Path, lock: Path) -> None:
    agent = sandbox.agent("ocp_agentd")
    lock.write_text("{")
    assert sandbox.program(python, "stop")["changed"]
    assert not sandbox.lives(agent)


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
lock = program["AdminLock"](program["Request"]("stop", home=sys.argv[2], timeout=6))
check = lock.check
def then_another_is_faster(until):
    check(until)
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
