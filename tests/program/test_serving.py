# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ready means serving. A living program may not serve, for example if its port is taken."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.program.sandbox import Sandbox, both_ways
from tests.program.starting import AGENT, OK, START, assert_failed, calls, control_program, moment, programs, running


def socket_says(sandbox: Sandbox, program: str, text: str) -> None:
    (sandbox.home / "conf" / f"{program}.socket").write_bytes(text.encode())


def http(data: object, status: str = "200 OK") -> str:
    return f"HTTP/1.0 {status}\r\nContent-Type: application/json\r\n\r\n{json.dumps({'data': data})}"


UNABLE = {
    "none": "does not serve: there is no run/",
    "mute": "does not serve: no answer on run/",
    "220 mail\r\n": "answers with something else than HTTP",
    "HTTP/1.0 500 Oh\r\n\r\n": "answers with HTTP status 500 and tells no state",
    http({"state": "starting"}): "says that it is starting",
    http({"state": "stopping"}): "says that it is stopping",
    http({"state": "on \x1b[31mfire"}): "says that it is unknown",
}


@pytest.mark.parametrize("program", ["ocp_monagent", "ocp_agentd"])
def test_what_does_not_serve_is_not_ready(
    new_sandbox: Callable[[str], Sandbox], newest: Path, program: str
) -> None:
    """Each case waits for as long as a start may take, so all wait at once, each on a host of its own."""
    sandboxes = [new_sandbox(f"host{number}") for number in range(len(UNABLE))]
    with ThreadPoolExecutor(len(UNABLE)) as pool:
        list(pool.map(lambda sandbox, text: check_not_ready(sandbox, newest, text, program), sandboxes, UNABLE))


def check_not_ready(sandbox: Sandbox, newest: Path, text: str, program: str) -> None:
    """A start fails for a program whose socket says this, and so do a second one and Finish."""
    control_program(sandbox, START, OK)
    socket_says(sandbox, program, text)
    first = sandbox.program(newest, "start")
    for answer in (first, sandbox.program(newest, "start", timeout=20)):
        assert_failed(answer, "not_ready")
        assert f"{program} (pid {running(sandbox)[program][0].pid}) " in answer["msg"]
        assert UNABLE[text] in answer["msg"]
        assert "(started " in answer["msg"]
        assert "restart the agent" in answer["msg"]
        assert programs(answer) == AGENT
    assert (first["changed"], answer["changed"], len(calls(sandbox))) == (True, False, 1)
    finished = sandbox.program(newest, "finish", goal="running", settle=0)
    assert_failed(finished, "not_ready")
    assert UNABLE[text] in finished["msg"]


@both_ways
def test_a_child_that_serves_after_a_while(sandbox: Sandbox, kind_of_python: Path) -> None:
    control_program(sandbox, START, OK)
    socket_says(sandbox, "ocp_mgragent", http({"state": "starting"}))
    run = sandbox.start_program(kind_of_python, "start")
    sandbox.until(lambda: running(sandbox).get("ocp_mgragent"), "it does not start")
    time.sleep(1)
    (sandbox.home / "conf/ocp_mgragent.socket").unlink()
    answer = run.result()
    assert programs(answer) == AGENT, answer
    assert not sandbox.program(kind_of_python, "finish", goal="running", settle=0, **moment(answer)).get("failed")


def test_a_daemon_that_says_what_is_not_ready(sandbox: Sandbox, python: Path) -> None:
    """It may have to start more programs than we know."""
    control_program(sandbox, START, OK)
    services = {"ocp_mgragent": {"state": "running"}, "ocp_other\x1b[31m": {"state": "unknown"}, "odd": 7}
    socket_says(sandbox, "ocp_agentd", http({"state": "running", "ready": False, "services": services}))
    answer = sandbox.program(python, "start")
    assert_failed(answer, "not_ready")
    assert "says that it is not ready: ocp_other?[31m is unknown" in answer["msg"]


@pytest.mark.parametrize("text", [http("", "404 Not Found"), http({"ready": True}), http([])])
def test_a_closed_agent_that_answers_in_words_of_its_own(sandbox: Sandbox, python: Path, text: str) -> None:
    """Its answers are known only from its open sibling. Any answer shows that it serves."""
    control_program(sandbox, START, OK)
    socket_says(sandbox, "ocp_monagent", text)
    assert programs(sandbox.program(python, "start")) == AGENT


def test_an_answer_without_end(sandbox: Sandbox, newest: Path) -> None:
    control_program(sandbox, START, OK)
    socket_says(sandbox, "ocp_monagent", "HTTP/1.0 200 OK\r\n\r\n" + " " * 3000000)
    assert "does not serve" in sandbox.program(newest, "start")["msg"]


@pytest.mark.parametrize("program", ["ocp_agentd", "ocp_monagent"])
def test_what_runs_besides_is_not_started(sandbox: Sandbox, python: Path, program: str) -> None:
    """OCP alerts on two running generations, and on a child without a daemon."""
    control_program(sandbox, START, OK)
    started = sandbox.program(python, "start")
    other = sandbox.agent(program)
    for answer in (
        sandbox.program(python, "start", timeout=20),
        sandbox.program(python, "finish", goal="running", settle=0, **moment(started)),
    ):
        assert_failed(answer, "not_ready")
        assert f"{program} (pid {other.pid}) runs besides" in answer["msg"]
    assert sandbox.lives(other)
    assert sandbox.program(python, "stop")["changed"]
    assert programs(sandbox.program(python, "start")) == AGENT


def test_a_command_that_the_agent_is_about_to_run_is_no_second_agent(sandbox: Sandbox, python: Path) -> None:
    """Between fork and exec it shows its parent's program."""
    control_program(sandbox, START, OK)
    daemon = sandbox.home / "conf/daemon.sh"
    daemon.write_text(daemon.read_text().replace("  action='read x", "  action='(read x < \"$1\") & read x"))
    started = sandbox.program(python, "start")
    assert programs(started) == AGENT, started
    exe = str(sandbox.home / "bin/ocp_monagent")
    assert len([row for row in sandbox.table() if row["exe"] == exe and row["state"] not in "ZX"]) == 2
    assert not sandbox.program(python, "finish", goal="running", settle=0.5, **moment(started)).get("failed")


def test_nobody_has_published_what_generation_1_answers(sandbox: Sandbox, python: Path) -> None:
    names = ["ocp_agentd", "pos_proxy", "node_exporter", "ocp_exporter"]
    for name in names[1:]:
        sandbox.executable(sandbox.home / "bin" / name)
    path = control_program(sandbox, START.replace("ocp_monagent", "ocp_exporter"), OK)
    path.rename(sandbox.home / "bin/ocp_agent_ctl.py")
    daemon = sandbox.home / "conf/daemon.sh"
    daemon.write_text(daemon.read_text().replace("ocp_mgragent ocp_monagent", " ".join(names[1:])))
    for name in names:
        socket_says(sandbox, name, "none")
    started = sandbox.program(python, "start")
    assert programs(started) == names, started
    assert not sandbox.program(python, "finish", goal="running", settle=0, **moment(started)).get("failed")
