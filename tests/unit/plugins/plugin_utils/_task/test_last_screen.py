# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.causes import Failure, by_cause, table
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import (
    AGENT_STATE,
    CANCELLED,
    INTERRUPTED,
    NO_CONNECTION,
    STILL_RUNNING,
    TIMED_OUT,
    Code,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import rollback
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.last_screen import (
    COLUMNS,
    LINES,
    last_screen,
    refusal,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.layout import Shell, width
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.ways_on import Caller

NewTask = Callable[..., Task]
Play = Callable[..., Task]

CALLER = Caller(options=["-i", "inventory.yml"], module_options=["-i", "inventory.yml"])
STORE = ["-e", "ocp_task_store=sqlite:////var/lib/ocp/tasks.db", "-e", "ocp_response_file=/var/lib/ocp/response.json"]
LONG = Caller(options=["-i", "/etc/ocp/production/inventory.yml", *STORE], store="sqlite:////var/lib/ocp/tasks.db")
RAN = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}


def failure(message: str, code: Code = NO_CONNECTION) -> Outcome:
    return Outcome.failure(code, message, "2021-09-03T15:01:11+08:00", "2021-09-03T15:01:12+08:00")


def refused(index: int) -> Outcome:
    return failure(f"host{index} (host id {1001 + index}): ssh: connect to host 192.0.2.{index} port 22: no route")


def screen(task: Task, caller: Caller | None = CALLER, *, store: bool = True, **changed: int) -> list[str]:
    lines = last_screen(task, changed, caller=caller, store=store, notes=["Response: response.json; store: db"])
    assert len(lines) <= LINES
    assert max(map(width, lines)) <= COLUMNS, lines
    return lines


def test_success(new_task: NewTask, play: Play) -> None:
    assert screen(play(new_task(3)), stop=3) == [
        "Batch stop OCP agent: task 5000 SUCCESSFUL, 3 hosts: 3 agents stopped",
        "3 hosts stopped and verified",
        "",
        "Status:        ansible-playbook -i inventory.yml oceanbase.ocp.agent_status \\",
        "    -e host_ids=1001,1002,1003",
        "Start again:   ansible-playbook -i inventory.yml \\",
        "    oceanbase.ocp.batch_start_agents -e host_ids=1001,1002,1003",
        "Response: response.json; store: db",
    ]


def test_hosts_that_are_held(new_task: NewTask, play: Play) -> None:
    wrong = failure("host3 (host id 1004): no OCP Agent at /x: set ocp_agent_home", AGENT_STATE)
    task = play(new_task(5), {("prepare", 1): refused(1), ("prepare", 2): refused(2), ("prepare", 3): wrong})
    assert screen(task, stop=0) == [
        "Batch stop OCP agent: task 5000 FAILED, 5 hosts: no agent was stopped or started",
        "2 hosts not begun; 3 hosts failed in Prepare",
        "",
        "HOST   SUBTASK  WHAT     CAUSE",
        "host1  7002     Prepare  CMP07002 ssh: connect to host * port 22: no route",
        "host2  7003",
        "host3  7004     Prepare  CMP07019 no OCP Agent at /x: set ocp_agent_home",
        "",
        "Retry:         ansible-playbook -i inventory.yml oceanbase.ocp.task_retry \\",
        "    -e task_id=5000",
        "Without them:  ansible-playbook -i inventory.yml oceanbase.ocp.task_retry \\",
        "    -e task_id=5000 -e ocp_max_fail_percentage=60",
        "Skip:          ansible-playbook -i inventory.yml oceanbase.ocp.subtask_skip \\",
        "    -e task_id=5000 -e subtask_id=7002,7003,7004",
        "Status:        ansible-playbook -i inventory.yml oceanbase.ocp.agent_status \\",
        "    -e host_ids=1002,1003,1004",
        "Log:           ansible localhost -i inventory.yml -m oceanbase.ocp.subtask_log \\",
        "    -a 'task_id=5000 subtask_id=7002'",
        "Response: response.json; store: db",
    ]


def labels(lines: list[str]) -> list[str]:
    return [line.split(":")[0] for line in lines if line[14:15] == " " and line[:14].rstrip().endswith(":")]


def test_what_was_done_can_be_rolled_back(new_task: NewTask, play: Play) -> None:
    stopped = Outcome(started="1", finished="2", changed=True, ran_as=RAN)
    task = play(new_task(2), {("stop", 0): stopped, ("stop", 1): refused(1)})
    assert labels(screen(task, stop=1)) == ["Retry", "Without them", "Skip", "Roll back", "Status", "Log"]
    rollback(task)
    assert labels(screen(play(task, {("start", 0): refused(0)}))) == ["Roll back", "Status", "Log"]


def test_an_agent_that_came_back_is_stopped_again_before_the_retry(new_task: NewTask, play: Play) -> None:
    """The retry has Finish alone. What did not answer in Finish needs nothing else."""
    back = failure("host1 (host id 1002): ocp_agentd (pid 7) came back after Stop", STILL_RUNNING)
    silent = failure("host2 (host id 1003): no answer", TIMED_OUT)
    task = play(new_task(3), {("finish", 1): back, ("finish", 2): silent})
    lines = screen(task, stop=3)
    assert labels(lines)[:3] == ["Stop again", "Retry", "Skip"]
    first = next(index for index, line in enumerate(lines) if line.startswith("Stop again:"))
    command = " ".join(lines[first : first + 2]).replace("\\", "")
    assert command.split()[2:] == [
        *("ansible-playbook", "-i", "inventory.yml", "oceanbase.ocp.batch_stop_agents", "-e", "host_ids=1002")
    ]
    assert "Stop again:    launch OCP stop agents (host ids 1002)" in screen(task, None, stop=3)
    started = play(new_task(1, "batch_start_agents"), {("finish", 0): back})
    assert "Stop again" not in labels(screen(started))


def test_a_cancelled_run_held_nobody(new_task: NewTask, play: Play) -> None:
    task = play(new_task(2), until="prepare")
    task.close("end", Outcome.failure(CANCELLED, "the task was cancelled"), cancelled=True)
    assert "Without them" not in labels(screen(task))


def test_a_broken_barrier(new_task: NewTask, success: Outcome) -> None:
    task = new_task(2)
    task.settle("prepare", {0: success, 1: success})
    task.close("end", Outcome.failure(INTERRUPTED, "TimeoutError: 30 s"))
    assert "(all hosts)  7003     Wait  TSK10013 TimeoutError: 30 s" in screen(task)


def test_without_a_store_nothing_is_retried(new_task: NewTask, play: Play) -> None:
    caller = replace(CALLER, called="oceanbase.ocp.batch_stop_agents", request=["-e", "ocp_hosts=rack7"])
    lines = screen(play(new_task(2), {("prepare", 1): refused(1)}), caller, store=False)
    assert labels(lines) == ["Without them", "Status"]
    again = " ".join(lines).replace(" \\     ", " ")
    assert "oceanbase.ocp.batch_stop_agents -e ocp_hosts=rack7 -e ocp_max_fail_percentage=50" in again
    assert labels(screen(play(new_task(2), {("stop", 1): failure("no")}), store=False)) == ["Without them", "Status"]


def test_without_a_store_no_agent_is_restarted_twice(new_task: NewTask, play: Play) -> None:
    begun = play(new_task(2, "batch_restart_agents"), {("start", 1): failure("no")})
    assert labels(screen(begun, store=False)) == ["Status"]
    held = play(new_task(2, "batch_restart_agents"), {("prepare", 1): refused(1)})
    assert labels(screen(held, store=False)) == ["Without them", "Status"]


def test_awx_has_job_templates(new_task: NewTask, play: Play) -> None:
    lines = screen(play(new_task(2), {("prepare", 1): refused(1)}), None)
    assert lines[6:] == [
        "",
        "Retry:         launch OCP retry a task (task id 5000)",
        "Without them:  launch OCP retry a task (task id 5000, hosts that may fail 50)",
        "Skip:          launch OCP skip a subtask (task id 5000, subtask id 7002)",
        "Status:        launch OCP agent status (host ids 1002)",
        "Response: response.json; store: db",
    ]
    assert " -e " not in "\n".join(lines)


CAUSES = [
    "ssh: connect to host port 22: no route",
    "no OCP Agent at /home/admin/agent: set ocp_agent_home to its home",
    " ".join(["ocp_agentd (pid 14) of user root may be this agent"] * 60) + ": run with become",
    "数据库" * 200,
    "x" * 3000,
    "one\nline\r\nand\x1b[31m another",
]


@pytest.mark.parametrize(("hosts", "failing"), [(1, 1), (3, 1), (3, 3), (60, 3), (60, 59), (1000, 1), (1000, 1000)])
@pytest.mark.parametrize("causes", [1, 40])
def test_it_always_fits(new_task: NewTask, play: Play, hosts: int, failing: int, causes: int) -> None:
    outcomes = {
        ("prepare", index): failure(f"{CAUSES[index % causes % len(CAUSES)]} {'i' * (index % causes)}")
        for index in range(min(hosts, failing))
    }
    task = play(new_task(hosts), outcomes)
    for caller in (CALLER, LONG, Caller(options=["-e", "y" * 900]), Caller(options=["-e", "z" * 5000]), None):
        lines = screen(task, caller)
        assert lines[0].startswith("Batch stop OCP agent: task 5000 FAILED")
        assert "Retry" in labels(lines)
        assert any(line.startswith("HOST ") for line in lines)
        assert all(line.isprintable() for line in lines)


def test_long_options_are_given_once(new_task: NewTask, play: Play) -> None:
    lines = screen(play(new_task(3), {("prepare", 1): refused(1)}), LONG)
    text = "\n".join(lines)
    assert text.count("-i /etc/ocp/production/inventory.yml") == 1
    assert "First:         ocp() { ansible-playbook -i" in text
    assert "Retry:         ocp task_retry -e task_id=5000" in lines


def test_a_look_leaves_the_response_of_the_run_alone(new_task: NewTask, play: Play) -> None:
    task = play(new_task(3), {("prepare", 1): refused(1)})
    for options in (["-e", "ocp_response_file=r.json"], ["-e", '{"ocp_response_file": "r.json"}'], ["-e", "@v.yml"]):
        words = " ".join(screen(task, Caller(options=options))).replace("\\", "").split()
        status = words[words.index("Status:") : words.index("Log:")]
        assert status[-2:] == ["-e", "ocp_response_file="]
        assert words.count("ocp_response_file=") == 1


def test_what_is_secret_is_read_first(new_task: NewTask, play: Play) -> None:
    caller = Caller(options=["-i", "inventory.yml", "-e", Shell('ocp_x="$ocp_x"')], asked=["ocp_x"])
    lines = screen(play(new_task(3), {("prepare", 1): refused(1)}), caller)
    assert "First:         read -rs ocp_x" in lines
    assert any('-e ocp_x="$ocp_x"' in line for line in lines)


def test_more_causes_than_lines() -> None:
    failures = [Failure(f"db{n}", 70 + n, "Prepare", "CMP07002", "x" * n) for n in range(1, 10)]
    lines = table(by_cause(failures), 5, 80)
    assert lines[1] == "db1   71       Prepare  CMP07002 x"
    assert lines[-1] == "and 6 other causes, 6 hosts: the response has them all"
    assert len(lines) == 5


def test_many_hosts_of_one_cause() -> None:
    failures = [Failure(f"db{n:03}", 70 + n, "Stop", "COM32001", f"ocp_agentd (pid {n}) runs") for n in range(300)]
    assert table(by_cause(failures), 4, 80) == [
        "HOST   SUBTASK  WHAT  CAUSE",
        "db000  70       Stop  COM32001 ocp_agentd (pid *) runs",
        "db001  71",
        "and 298 more",
    ]


def test_a_refusal() -> None:
    lines = refusal("404 CMP07005: no host of the inventory has the id 1", ["The response cannot be written"])
    assert lines == [
        "Refused, no host was contacted: 404 CMP07005: no host of the inventory has the",
        "id 1",
        "The response cannot be written",
    ]
    assert len(refusal("404 " + "x " * 3000)) <= LINES
