# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._errors import NO_CONNECTION
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._report import plan, summary
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import Outcome, Task

NewTask = Callable[..., Task]


def failure(message: str = "no route") -> Outcome:
    return Outcome.failure(NO_CONNECTION, message, "a", "b")


def test_success(new_task: NewTask, success: Outcome) -> None:
    task = new_task(1)
    for number in range(3):
        task.settle({0: success})
        if number < 2:
            task.pass_wait("a", "b")
    task.close("end")
    assert summary(task) == "Batch stop OCP agent: task 5000 SUCCESSFUL, 1 host"


def test_failures_and_who_was_held_back(new_task: NewTask, success: Outcome) -> None:
    task = new_task(4)
    task.settle({0: success, 1: failure(), 2: success, 3: failure("refused")})
    task.close("end")
    assert summary(task) == (
        "Batch stop OCP agent: task 5000 FAILED, 4 hosts, 2 FAILED: [Prepare stop OCP agent] CMP07002 no route, "
        "[Prepare stop OCP agent] CMP07002 refused. 2 other hosts were not taken further"
    )


def test_nobody_was_held_back(new_task: NewTask) -> None:
    task = new_task(1)
    task.settle({0: failure()})
    task.close("end")
    assert summary(task) == (
        "Batch stop OCP agent: task 5000 FAILED, 1 host, 1 FAILED: [Prepare stop OCP agent] CMP07002 no route"
    )


def test_one_was_held_back(new_task: NewTask, success: Outcome) -> None:
    task = new_task(2)
    task.settle({0: success, 1: failure()})
    task.close("end")
    assert summary(task).endswith(". 1 other host was not taken further")


def test_a_broken_barrier(new_task: NewTask, success: Outcome) -> None:
    task = new_task(2)
    task.settle({0: success, 1: success})
    task.close("end", "TimeoutError: 30 s")
    assert "1 FAILED: [Wait node] TSK10013 TimeoutError: 30 s. 2 other hosts were not taken further" in summary(task)


def test_500_failures_make_no_wall_of_text(new_task: NewTask) -> None:
    task = new_task(500)
    task.settle(dict.fromkeys(range(500), failure()))
    task.close("end")
    text = summary(task)
    assert "500 FAILED" in text
    assert text.endswith("and 480 more")
    assert len(text) < 2500


def test_it_is_one_line(new_task: NewTask) -> None:
    task = new_task(1)
    task.settle({0: failure("ssh: connect\r\nWelcome\nto this host\n")})
    task.close("end")
    assert len(summary(task).splitlines()) == 1


def test_plan(new_task: NewTask) -> None:
    daemon, child = {"program": "ocp_agentd", "pid": 13}, {"program": "ocp_mgragent", "pid": 15}
    results = {
        "host0": {"processes": [daemon, child]},
        "host1": {"processes": [child]},
        "host2": {"processes": []},
        "host3": {"unreachable": True},
    }
    told = [line.split("): ", 1)[1] for line in plan(new_task(4), lambda host: results[host])]
    assert told == [
        "SIGTERM to ocp_agentd (pid 13), then, if it is left, SIGTERM to ocp_mgragent (pid 15)",
        "SIGTERM to ocp_mgragent (pid 15)",
        "nothing, the agent is stopped",
        "nothing, Stop would not come to it",
    ]
