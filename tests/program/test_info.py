# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Info: it tells what runs and what is odd, and leaves everything as it was."""

from __future__ import annotations

import json
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.host_answer import checked
from tests.program.sandbox import NOBODY, Sandbox, both_ways
from tests.program.starting import AGENT, OK, START, control_program
from tests.program.test_homes import copied, start
from tests.program.test_serving import http, socket_says

KEYS = {
    "changed",
    "home",
    "generations",
    "generation",
    "version",
    "ready",
    "lock",
    "processes",
    "units",
    "findings",
    "plan",
    "warnings",
    "log",
}


def look(sandbox: Sandbox, python: Path, **request: Any) -> dict[str, Any]:
    """Ask, and see to it that no file of the host is another one afterwards and that all processes live on."""
    before, processes = files(sandbox.home), alive(sandbox)
    answer = sandbox.program(python, "info", **request)
    assert not answer.get("failed"), answer
    assert set(answer) == KEYS
    assert checked(answer, "info") == answer  # the controller takes it as it is
    assert answer["changed"] is False
    assert files(sandbox.home) == before
    assert processes <= alive(sandbox)
    return answer


def alive(sandbox: Sandbox) -> set[tuple[int, int]]:
    """The agent's and those that a test has started by one of its programs, without what they start for a moment."""
    return {
        (row["pid"], row["start"]) for row in sandbox.table() if row["state"] not in "ZX" and "ocp_agent" in row["exe"]
    }


def files(folder: Path) -> list[Any]:
    found = []
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found.append((str(path), status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns))
    return found


def kinds(answer: dict[str, Any]) -> list[str]:
    return [finding["kind"] for finding in answer["findings"]]


def finding(answer: dict[str, Any], kind: str) -> dict[str, str]:
    found = [each for each in answer["findings"] if each["kind"] == kind]
    assert len(found) == 1, answer["findings"]
    return dict(found[0])


@both_ways
def test_an_agent_that_is_as_it_should_be(sandbox: Sandbox, kind_of_python: Path) -> None:
    control_program(sandbox, START, OK)
    state = {"state": "running", "ready": True, "version": "4.2.2-20230419"}
    socket_says(sandbox, "ocp_agentd", http(state))
    assert look(sandbox, kind_of_python)["plan"] == {"reason": None, "text": "has nothing to do"}
    assert sandbox.program(kind_of_python, "start")["changed"]
    answer = look(sandbox, kind_of_python)
    assert answer["findings"] == []
    told = ("generations", "generation", "version", "ready", "lock", "units")
    assert [answer[name] for name in told] == [["gen2"], "gen2", "4.2.2-20230419", True, None, []]
    assert answer["plan"]["text"].startswith("sends SIGTERM to ocp_agentd, which takes its children down")
    daemon, *children = answer["processes"]
    assert [process["program"] for process in answer["processes"]] == AGENT
    assert [process["parent"] for process in children] == [daemon["pid"]] * 2
    for process in answer["processes"]:
        assert process["user"] == "root"
        assert process["executable"] == str(sandbox.home / "bin" / process["program"])
        assert process["command"].startswith(process["executable"])
        assert 0 <= process["elapsed"] < 600
        assert process["memory"] > 10_000
        assert process["ports"] == []


def test_what_is_odd_is_told_and_what_a_stop_would_do(sandbox: Sandbox, python: Path) -> None:
    daemon, _children = sandbox.start_agent()
    orphan = sandbox.agent("ocp_mgragent")
    stranger = sandbox.agent(sandbox.executable(sandbox.folder / "admin/oceanbase/bin/observer"))
    elsewhere = copied(sandbox, "other_home")
    other = start(sandbox, elsewhere)
    newer = sandbox.agent(sandbox.executable(sandbox.home / "bin/ob_monagent"))
    lock = sandbox.run_folder / "admin.lock"
    lock.write_text('{"pid":4194000,"exe":"/bin/gone"}')
    (sandbox.run_folder / "ocp_monagent.pid").write_text(str(stranger.pid))
    (sandbox.run_folder / "ob_mgragent.pid").write_text("4194001")
    (sandbox.run_folder / "ob_agentd.pid").write_text("")
    (sandbox.run_folder / f"ocp_agentd.{daemon.pid + 1}.pid").write_text("4194002")  # as a restart leaves it

    answer = look(sandbox, python)
    assert finding(answer, "stale_lock")["stop"] == "a stop replaces it by its own"
    orphans = finding(answer, "orphan")["text"]
    assert f"ocp_mgragent (pid {orphan.pid}), ob_monagent (pid {newer.pid})" in orphans
    assert f"and {orphan.pid}" in finding(answer, "second_agent")["text"]
    assert finding(answer, "second_generation")["text"].startswith("programs of gen2 and obagent")
    found = finding(answer, "other_home")
    assert f"ocp_agentd (pid {other.pid})" in found["text"]
    assert f"ocp_agent_home={elsewhere}" in found["stop"]
    files_told = [each for each in answer["findings"] if each["kind"] == "pid_file"]
    lies = {each["text"].split()[0].rsplit("/", 1)[1]: each for each in files_told}
    assert set(lies) == {"ocp_monagent.pid", "ob_mgragent.pid", "ob_agentd.pid"}
    assert f"names pid {stranger.pid}, which is observer" in lies["ocp_monagent.pid"]["text"]
    assert "which does not run" in lies["ob_mgragent.pid"]["text"]
    assert lies["ob_mgragent.pid"]["stop"].endswith("its Finish removes it")
    assert answer["ready"] is False
    assert "is not named by its pid file" in finding(answer, "not_ready")["text"]

    sandbox.kill(daemon.pid, signal.SIGKILL)
    sandbox.until(lambda: not sandbox.lives(daemon), "the daemon lives")
    control = sandbox.agent("ocp_agentctl")
    lock.write_text(json.dumps({"pid": control.pid, "exe": str(sandbox.home / "bin/ocp_agentctl")}))
    answer = look(sandbox, python, timeout=6)
    assert answer["lock"] == {"pid": control.pid, "exe": str(sandbox.home / "bin/ocp_agentctl")}
    assert "waits for it" in finding(answer, "locked")["stop"]
    assert finding(answer, "orphan")["text"].count("(pid ") == 4
    assert sandbox.lives(stranger)
    assert sandbox.lives(other)


def test_a_wrong_home_is_told_where_the_agent_is(sandbox: Sandbox, python: Path) -> None:
    agent = sandbox.agent("ocp_agentd")
    sandbox.agent(sandbox.executable(sandbox.folder / "prometheus/node_exporter"))  # no agent's
    answer = look(sandbox, python, home="/home/admin/nothing")
    assert (answer["processes"], answer["ready"], answer["plan"]["reason"]) == ([], None, "not_installed")
    assert kinds(answer) == ["not_installed", "other_home"]
    found = finding(answer, "other_home")
    assert f"(pid {agent.pid})" in found["text"]
    assert f"ocp_agent_home={sandbox.home}" in found["stop"]


def test_who_may_not_look_is_told_so(sandbox: Sandbox, python_for_all: Path) -> None:
    sandbox.agent("ocp_agentd")
    answer = look(sandbox, python_for_all, uid=NOBODY)
    assert (answer["processes"], answer["ready"], answer["plan"]["reason"]) == ([], None, "not_permitted")
    assert "become" in finding(answer, "not_permitted")["text"]


@pytest.mark.parametrize("left", ["replaced", "elsewhere"])
def test_an_agent_outside_of_its_place(sandbox: Sandbox, python: Path, left: str) -> None:
    if left == "elsewhere":
        sandbox.agent(sandbox.executable(sandbox.home / "old/bin/v3/ocp_mgragent"))
        assert sorted(kinds(look(sandbox, python))) == ["orphan", "outside_home"]
        return
    sandbox.agent("ocp_mgragent")
    (sandbox.home / "bin/ocp_mgragent").unlink()
    sandbox.executable(sandbox.home / "bin/ocp_mgragent")
    assert sorted(kinds(look(sandbox, python))) == ["orphan", "replaced"]


def test_the_ports_it_listens_on(sandbox: Sandbox, python: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as old, socket.create_server(("::1", 0), family=socket.AF_INET6) as new:
        ports = sorted(each.getsockname()[1] for each in (old, new))
    path = sandbox.home / "agent/ocp_exporter.py"
    path.parent.mkdir()
    path.write_text(
        "import socket, time\n"
        f"one = socket.create_server(('127.0.0.1', {ports[0]}))\n"
        f"two = socket.create_server(('::1', {ports[1]}), family=socket.AF_INET6)\n"
        "talk = socket.create_connection(one.getsockname())\n"
        f"open({str(path) + '.ready'!r}, 'w').close(); time.sleep(600)"
    )
    sandbox.spawn(Path(sys.executable).resolve(), "-ISB", path)
    sandbox.until(Path(f"{path}.ready").exists, "it does not run")
    (process,) = look(sandbox, python)["processes"]
    assert (process["program"], process["ports"]) == ("ocp_exporter", ports)
