# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations in waves: a task for each, one after another. The process tables say which hosts were begun."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from oceanbase_ocp import task_cancel, task_info
from tests.fleet import Fleet, HostSpec
from tests.integration.cores import Core, Run
from tests.integration.graph import check_graph, check_truth
from tests.integration.test_interrupted import Running, ours_on
from tests.integration.test_screen import agents, last_screen, paste, way_on

StartFleet = Callable[[Sequence[HostSpec]], Fleet]


def told(run: Run) -> list[tuple[int, list[int], str]]:
    """Of each wave its number, its ids and its status, as the response has them."""
    return [(wave["number"], wave["hostIds"], wave["status"]) for wave in run.task["waves"]]


def screen(run: Run) -> list[str]:
    """The last screen, which is behind the recap of the last run, that of all waves."""
    dummy, found, text = run.output.rpartition("PLAY RECAP")
    return last_screen(Run(run.status, found + text, None))


def pasted(run: Run, label: str) -> str:
    dummy, found, text = run.output.rpartition("PLAY RECAP")
    return way_on(Run(run.status, found + text, None), label)


def test_waves_stop_at_a_failure_and_go_on(some_way: Core, start_fleet: StartFleet, response_file: Path) -> None:
    """Host 3 fails: the first wave is done, its own is held, the last one is not begun. Each way on is pasted."""
    fleet = start_fleet([HostSpec(), HostSpec(), HostSpec(behaviour="no_agent"), HostSpec()])
    waves = {"ocp_waves": [1, "50%"], "host_ids": "1001,1002,1003,1004"}

    planned = some_way.on_fleet("batch_stop_agents", fleet, response_file, "--check", **waves)
    assert planned.status == 2, planned.output
    assert last_screen(planned)[:3] == [
        "Check mode, nothing was changed: Batch stop OCP agent, 4 hosts",
        "In 3 waves, of 1, 2, 1 hosts, each a task",
        "It would stop at wave 2: db003 fails, and 1 host after it would not be begun",
    ]
    assert agents(fleet) == [3, 3, 0, 3]

    run = some_way.on_fleet("batch_stop_agents", fleet, response_file, **waves)
    assert run.status == 2, run.output
    assert agents(fleet) == [0, 3, 0, 3], run.output
    assert told(run) == [(1, [1001], "SUCCESSFUL"), (2, [1002, 1003], "FAILED"), (3, [1004], "NOT_BEGUN")]
    assert run.task["status"] == "FAILED"
    for task, hosts in zip(run.task["contents"], (1, 2), strict=True):
        check_graph(task, hosts=hosts)
        check_truth(task)
    assert [task["context"]["stringMap"]["wave"] for task in run.task["contents"]] == ["wave 1 of 3", "wave 2 of 3"]
    lines = screen(run)
    assert lines[0] == "Batch stop OCP agent in waves: FAILED, stopped at wave 2 of 3, 4 hosts"
    assert "1 host done, task 1" in lines
    assert "Not begun: 1 host of wave 3: 1004" in lines
    assert run.output.count(lines[0]) <= 3, "one screen, of all waves; and the message of the task that fails"
    asked = some_way.ask("task_info", task_id=2)
    assert asked["data"]["status"] == "FAILED"

    retried = paste(some_way, pasted(run, "Without them"), response_file)
    assert retried.status == 2, "the dead one fails again"
    assert agents(fleet) == [0, 0, 0, 3], retried.output

    on = paste(some_way, pasted(run, "Go on"), response_file)
    assert on.status == 0, on.output
    assert told(on) == [(3, [1004], "SUCCESSFUL")]
    assert agents(fleet) == [0, 0, 0, 0]


def test_a_share_may_fail_and_what_is_wrong_is_refused_before_the_first_wave(
    newest_way: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    fleet = start_fleet([HostSpec(behaviour="no_agent"), HostSpec(), HostSpec()])
    for wrong, code in (
        ({"host_ids": [1002, 1003, 1099]}, "CMP07005"),
        ({"host_ids": [1002, 1003, 1002]}, "COM10001"),
        ({"ocp_waves": "0"}, "COM10001"),
        ({"ocp_waves_after": 1003}, "COM10001"),
        ({"ocp_waves_max_fail_percentage": "many"}, "COM10001"),
    ):
        run = newest_way.on_fleet("batch_stop_agents", fleet, response_file, **{"ocp_waves": 1, **wrong})
        assert run.status == 2
        assert run.error["code"] == code, run.output
        assert "Wave 1" not in run.output
    assert agents(fleet) == [0, 3, 3]

    shares = {"ocp_max_fail_percentage": 50, "ocp_waves_max_fail_percentage": 50}
    some = {"ocp_waves": "2", "ocp_hosts": "ocp_hosts", "host_ids": ""}
    run = newest_way.on_fleet("batch_stop_agents", fleet, response_file, **some, **shares)
    assert run.status == 2, "one host has failed"
    assert told(run) == [(1, [1001, 1002], "FAILED"), (2, [1003], "SUCCESSFUL")]
    assert agents(fleet) == [0, 0, 0]
    assert "task_retry" in pasted(run, "Retry")


HOWS = ("Ctrl-C", "SIGTERM", "SIGKILL", "twice", "task_cancel")


@pytest.mark.parametrize("how", HOWS)
def test_no_wave_is_begun_after_a_signal(
    way: Core, start_fleet: StartFleet, response_file: Path, how: str
) -> None:
    """The host of the first wave is at work for some seconds, and is let finish; the second wave is not begun."""
    fleet = start_fleet([HostSpec(behaviour="daemon_ignores_sigterm"), HostSpec()])
    lock = fleet.hosts[0].home / "run/admin.lock"
    run = Running(way, fleet, response_file, ocp_waves=1, ocp_agent_daemon_grace=8)
    run.wait_for(lock.exists, "Stop has not begun")

    if how == "SIGKILL":
        run.kill()
    elif how == "task_cancel":
        assert task_cancel(1)["successful"]
    else:
        os.kill(run.process.pid, signal.SIGTERM if how == "SIGTERM" else signal.SIGINT)
    if how == "twice":
        time.sleep(1)  # what the first one does must not be what ends it
        os.kill(run.process.pid, signal.SIGINT)

    fleet.hosts[0].wait_for(lambda: not fleet.hosts[0].agent_names(), "the host at work was not let finish")
    ended = run.end()
    assert ended.status not in (0, None), ended.output

    fleet.hosts[0].wait_for(lambda: task_info(1)["data"]["status"] != "RUNNING", "it goes on")
    assert agents(fleet) == [0, 3], ended.output
    assert task_info()["data"]["page"]["totalElements"] == 1
    for host in fleet.hosts:
        host.wait_for(lambda host=host: not ours_on(host), "a process of ours is left behind")
    if how in ("Ctrl-C", "SIGTERM", "task_cancel"):
        assert told(ended)[1] == (2, [1002], "NOT_BEGUN")
        assert "Not begun: 1 host of wave 2: 1002" in screen(ended)
        assert "ocp_waves_after=1001" in pasted(ended, "Go on")
    else:
        response = json.loads(response_file.read_text())
        assert response["data"]["waves"][1]["status"] == "NOT_BEGUN", response
