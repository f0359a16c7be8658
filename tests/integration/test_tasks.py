# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a task after its run: asked for, retried, skipped, rolled back; judged by the process tables."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from oceanbase_ocp import subtask_log, task_cancel, task_info
from tests.fleet import Fleet, HostSpec
from tests.integration.cores import PATIENCE, Core, Run, end
from tests.integration.graph import RESTART_NODES, START_NODES, check_graph, check_truth
from tests.integration.refusals import HOSTS, Listener, check_refusal, inventory
from tests.store.tasks import STOP as STOP_AGENTS
from tests.store.tasks import builder, carry_out

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

PREPARE, STOP, START = "Prepare stop OCP agent", "Stop all OCP agent processes", "Start all OCP agent processes"
FINISH, WAIT = "Finish OCP agent operation", "Wait node"


def counts(fleet: Fleet) -> list[int]:
    """How many agent processes live on each host."""
    return [len(host.agent_names()) for host in fleet.hosts]


def subtasks(run: Run, name: str) -> list[dict[str, Any]]:
    found = [subtask for subtask in run.task["subtasks"] if subtask["name"] == name]
    return sorted(found, key=lambda subtask: (subtask["parallelIdx"], subtask["id"]))


def states(run: Run, name: str) -> list[tuple[str, str, int]]:
    return [(found["status"], found["operation"], found["runTime"]) for found in subtasks(run, name)]


# Asked for


def test_a_task_can_be_asked_for(core: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="ignores_sigterm")])
    run = core.stop_fleet(fleet, response_file, ocp_agent_daemon_grace=1, ocp_agent_grace=1)
    assert run.status == 0, run.output

    detail = core.ask("task_info", task_id=run.task["id"])["data"]

    assert detail["creator"].keys() == {"id", "name"}
    for key in ("id", "name", "status", "startTime", "finishTime", "executor", "operation"):
        assert detail[key] == run.task[key]
    assert {s["id"]: s["status"] for s in detail["subtasks"]} == {s["id"]: s["status"] for s in run.task["subtasks"]}
    assert not {"context"} & detail.keys()

    page = core.ask("task_info", host_id=fleet.hosts[1].host_id, status="SUCCESSFUL", name="stop")["data"]
    assert [task["id"] for task in page["contents"]] == [run.task["id"]]
    assert page["page"] == {"number": 1, "size": 10, "totalElements": 1, "totalPages": 1}
    assert core.ask("task_info", host_id=4711)["data"]["contents"] == []

    log = core.ask("subtask_log", task_id=run.task["id"], subtask_id=subtasks(run, STOP)[1]["id"])["data"]["log"]
    moments = re.findall(r"(?m)^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) ", log)
    assert moments == sorted(moments)
    assert log.startswith("############{EXECUTE}{")
    order = ["Run subtask", "found ocp_agentd (", "SIGTERM to ocp_agentd", "SIGKILL to ocp_agentd", "ended", "new"]
    places = [log.index(text) for text in order]
    assert places == sorted(places), log

    lines = shown(core, "task_info", f"task_id={run.task['id']}")
    assert lines[0] == f"task {run.task['id']}: Batch stop OCP agent: SUCCESSFUL"
    assert ". 2 hosts stopped and verified" in lines[2]
    assert shown(core, "task_info", "size=1")[1].split()[:2] == [str(run.task["id"]), "SUCCESSFUL"]
    by_host = shown(core, "subtask_log", f"task_id={run.task['id']} host_id={fleet.hosts[1].host_id}")
    assert "\n".join(by_host).count("############{EXECUTE}{") == 3
    assert log.splitlines()[1] in by_host


def shown(core: Core, module: str, arguments: str) -> list[str]:
    """What somebody sees who types a documented command: some lines, and no warning."""
    command = ["ansible", "-i", "localhost,", "localhost", "-m", f"oceanbase.ocp.{module}", "-a", arguments]
    run = subprocess.run(
        [core.bin / command[0], *command[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=core.environment(),
        timeout=PATIENCE,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "WARNING" not in run.stdout + run.stderr
    answer = json.loads(run.stdout.partition("=> ")[2])
    assert answer.keys() == {"changed", "lines", "msg"}
    lines: list[str] = answer["lines"]
    return lines


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("task_info", {"task_id": 4711}),
        ("subtask_log", {"task_id": 4711, "subtask_id": 1}),
        ("task_cancel", {"task_id": 4711}),
    ],
)
def test_an_unknown_task(newest_core: Core, module: str, arguments: dict[str, int]) -> None:
    response = newest_core.ask(module, **arguments)
    assert (response["status"], response["error"]["code"]) == (404, "TSK10001")
    assert "4711" in response["error"]["message"]


@pytest.mark.parametrize("playbook", ["task_retry", "task_rollback", "subtask_skip"])
def test_an_unknown_task_is_not_taken_up(
    newest_core: Core, tmp_path: Path, listener: Listener, response_file: Path, playbook: str
) -> None:
    hosts = inventory(tmp_path, listener, HOSTS)
    extra = {"task_id": 4711, "subtask_id": 1}
    run = newest_core.stop_agents(hosts, response_file, extra, playbook=playbook)
    check_refusal(run, 404, "TSK10001", ["4711"])
    assert not listener.contacted()


def test_a_store_that_is_none_keeps_nothing(newest_core: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec()])
    run = newest_core.stop_fleet(fleet, response_file, ocp_task_store="none")
    assert run.status == 0, run.output
    assert counts(fleet) == [0]
    assert run.says("it cannot be asked for later")
    assert task_info()["data"]["page"]["totalElements"] == 0


def test_without_sqlalchemy(newest_core: Core, start_fleet: StartFleet, response_file: Path, tmp_path: Path) -> None:
    """Who has installed the collection alone is told what to do, and can stop agents all the same."""
    package = tmp_path / "sqlalchemy"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError")
    fleet = start_fleet([HostSpec()])
    extra: dict[str, Any] = {"host_ids": [fleet.hosts[0].host_id]}
    refused = newest_core.stop_agents(fleet.inventory, response_file, extra, PYTHONPATH=str(tmp_path))
    check_refusal(refused, 500, "COM10010", ["pip install SQLAlchemy", "ocp_task_store to none"])
    assert counts(fleet) == [3]

    extra["ocp_task_store"] = "none"
    run = newest_core.stop_agents(fleet.inventory, response_file, extra, PYTHONPATH=str(tmp_path))
    assert run.status == 0, run.output
    assert counts(fleet) == [0]


# Started and restarted


def test_start_and_restart(core: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet(
        [
            HostSpec(generation="gen1", bystanders=False),
            HostSpec(generation="gen2", behaviour="stopped"),
            HostSpec(generation="obagent", agent_user="admin", user="admin", bystanders=False),
        ]
    )
    expected = [len(host.generation.programs) for host in fleet.hosts]
    running = fleet.agent_processes()

    started = core.on_fleet("batch_start_agents", fleet, response_file)

    assert started.status == 0, started.output
    check_graph(started.task, 3, START_NODES)
    check_truth(started.task)
    assert counts(fleet) == expected
    for host in (fleet.hosts[0], fleet.hosts[2]):
        assert host.agent_processes() == running[host.name], "what runs is left as it is"

    again = core.on_fleet("batch_start_agents", fleet, response_file)
    assert again.status == 0, again.output
    assert set(re.findall(r"changed=(\d+)", again.output)) == {"0"}, again.output

    before = fleet.agent_processes()
    restarted = core.on_fleet("batch_restart_agents", fleet, response_file)

    assert restarted.status == 0, restarted.output
    check_graph(restarted.task, 3, RESTART_NODES)
    check_truth(restarted.task)
    assert counts(fleet) == expected
    for host in fleet.hosts:
        assert not any(host.alive(process) for process in before[host.name])
    admin = {process.uid for process in fleet.hosts[2].agent_processes()}
    assert len(admin) == 1
    assert 0 not in admin, "it runs as who it ran as"


# Retried


def test_retry_after_one_of_three_was_mended(way: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(behaviour="sshd_down"), HostSpec(behaviour="sshd_down"), HostSpec()])
    first = way.stop_fleet(fleet, response_file)
    assert first.status == 2, first.output
    task_id = first.task["id"]

    fleet.hosts[0].start_sshd()
    second = way.on_task("task_retry", fleet, response_file, task_id=task_id)

    assert second.status == 2, second.output
    check_truth(second.task)
    assert (second.task["id"], second.task["operation"]) == (task_id, "RETRY")
    assert states(second, PREPARE) == [("SUCCESSFUL", "RETRY", 2), ("FAILED", "RETRY", 2), ("SUCCESSFUL", "EXECUTE", 1)]
    assert states(second, WAIT) == [("PENDING", "EXECUTE", 1)] * 2
    assert "db003 " not in second.output, "what was done is not contacted"
    assert counts(fleet) == [3, 3, 3]

    fleet.hosts[1].start_sshd()
    third = way.on_task("task_retry", fleet, response_file, task_id=task_id)

    assert third.status == 0, third.output
    check_graph(third.task, 3)
    check_truth(third.task)
    assert [run_time for _status, _operation, run_time in states(third, PREPARE)] == [2, 3, 1]
    assert counts(fleet) == [0, 0, 0]
    log = subtask_log(task_id=task_id, subtask_id=subtasks(third, PREPARE)[1]["id"])["data"]["log"]
    assert re.findall(r"(?m)^#+\{(\w+)\}", log) == ["EXECUTE", "RETRY", "RETRY"]
    assert log.count("CMP07002") == 2

    fourth = way.on_task("task_retry", fleet, response_file, task_id=task_id)
    check_refusal(fourth, 409, "TSK10007", ["SUCCESSFUL"])


def test_retry_of_one_host_past_a_barrier_that_others_have_passed(
    newest_core: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="live_lock"), HostSpec()])
    first = newest_core.stop_fleet(fleet, response_file, ocp_max_fail_percentage=50)
    assert first.status == 2, first.output
    assert counts(fleet) == [0, 3, 0]

    host = fleet.hosts[1]
    holder = json.loads((host.run_folder / "admin.lock").read_text())["pid"]
    host.run("kill", "-KILL", str(holder))
    second = newest_core.on_task("task_retry", fleet, response_file, task_id=first.task["id"])

    assert second.status == 0, second.output
    check_truth(second.task)
    assert counts(fleet) == [0, 0, 0]
    assert states(second, STOP) == [("SUCCESSFUL", "EXECUTE", 1)] * 3
    assert not re.search(r"db00[13] ", second.output)


def test_retry_keeps_to_the_home_that_the_task_was_about(
    newest_core: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    """The second terminal may not know what the first one was told."""
    fleet = start_fleet([HostSpec(home="/home/ob/agent", behaviour="ignores_sigterm"), HostSpec(behaviour="no_agent")])
    first = newest_core.stop_fleet(fleet, response_file, ocp_agent_home="/home/ob/agent", ocp_max_fail_percentage=0)
    assert first.status == 2, first.output
    assert counts(fleet) == [3, 0]

    ids = [subtasks(first, PREPARE)[1]["id"]]
    skipped = newest_core.on_task(
        "subtask_skip",
        fleet,
        response_file,
        task_id=first.task["id"],
        subtask_id=ids,
        ocp_agent_daemon_grace=1,
        ocp_agent_grace=1,
        ocp_max_fail_percentage=50,
    )

    assert states(skipped, PREPARE) == [("SUCCESSFUL", "EXECUTE", 1), ("SUCCESSFUL", "SKIP", 1)]
    assert states(skipped, STOP)[0] == ("SUCCESSFUL", "EXECUTE", 1), skipped.output
    assert counts(fleet) == [0, 0]


# Skipped


def test_skip_lets_the_others_go_on(core: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="sshd_down")])
    first = core.stop_fleet(fleet, response_file, ocp_prohibit_rollback=True)
    assert counts(fleet) == [3, 3]
    task_id = first.task["id"]
    done, down = (subtask["id"] for subtask in subtasks(first, PREPARE))
    assert first.task["context"]["stringMap"]["prohibit_rollback"] == "true"
    prohibited = core.on_task("task_rollback", fleet, response_file, task_id=task_id)
    check_refusal(prohibited, 409, "TSK10009", ["prohibit_rollback"])

    refused = core.on_task("subtask_skip", fleet, response_file, task_id=task_id, subtask_id=done)
    check_refusal(refused, 409, "TSK10010", [str(done), "SUCCESSFUL"])

    # OCP's rule: a skipped subtask is done, and its host goes on to the next like all others.
    second = core.on_task(
        "subtask_skip", fleet, response_file, task_id=task_id, subtask_id=down, ocp_max_fail_percentage=50
    )
    assert second.status == 2, second.output
    assert states(second, PREPARE)[1] == ("SUCCESSFUL", "SKIP", 1)
    assert states(second, STOP) == [("SUCCESSFUL", "EXECUTE", 1), ("FAILED", "EXECUTE", 1)]
    assert counts(fleet) == [0, 3]

    third = core.on_task(
        "subtask_skip", fleet, response_file, task_id=task_id, subtask_id=subtasks(second, STOP)[1]["id"]
    )
    assert states(third, FINISH) == [("SUCCESSFUL", "EXECUTE", 1), ("FAILED", "EXECUTE", 1)], third.output
    fourth = core.on_task(
        "subtask_skip", fleet, response_file, task_id=task_id, subtask_id=subtasks(third, FINISH)[1]["id"]
    )
    assert fourth.status == 0, fourth.output
    check_truth(fourth.task)


@pytest.mark.parametrize("what", ["subtask_skip", "task_retry"])
def test_check_mode_tells_what_is_found_where_nothing_is_stopped_before(
    newest_way: Core, start_fleet: StartFleet, response_file: Path, what: str
) -> None:
    """Behind a Stop that is skipped, or was done long ago, Finish finds what runs; so it says before, too."""
    fleet = start_fleet([HostSpec(behaviour="daemon_ignores_sigterm"), HostSpec()])
    slow, left = fleet.hosts
    ids = {"host_ids": [slow.host_id, left.host_id], "ocp_fanout": 1, "ocp_agent_daemon_grace": 200}
    running = newest_way.start(fleet.inventory, response_file, ids, "--forks=1")
    slow.wait_for((slow.home / "run/admin.lock").exists, "Stop has not begun")
    assert task_cancel(task_id=1)["successful"]
    time.sleep(5)  # the run looks every two seconds
    slow.kill_daemon()
    first = end(running, response_file)
    assert [state[0] for state in states(first, STOP)] == ["SUCCESSFUL", "FAILED"], first.output
    task_id, stop = first.task["id"], {"subtask_id": subtasks(first, STOP)[1]["id"]}
    if what == "task_retry":
        skipped = newest_way.on_task("subtask_skip", fleet, response_file, task_id=task_id, **stop)
        assert states(skipped, FINISH)[1][0] == "FAILED", skipped.output
    arguments = stop if what == "subtask_skip" else {}

    told = newest_way.on_task(what, fleet, response_file, "--check", task_id=task_id, **arguments)
    done = newest_way.on_task(what, fleet, response_file, task_id=task_id, **arguments)

    assert (told.status, done.status) == (2, 2), told.output
    assert told.says("COM32001")
    assert [state[0] for state in states(done, FINISH)] == ["SUCCESSFUL", "FAILED"]
    assert (len(slow.agent_names()), len(left.agent_names())) == (0, 3)


# Rolled back


def test_rollback_starts_what_the_task_has_stopped_and_only_that(
    core: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    fleet = start_fleet(
        [
            HostSpec(),
            HostSpec(behaviour="stopped"),
            HostSpec(behaviour="watchdog"),
            HostSpec(generation="obagent", agent_user="admin", user="admin", bystanders=False),
        ]
    )
    first = core.stop_fleet(fleet, response_file, ocp_max_fail_percentage=50)
    assert first.status == 2, first.output
    assert counts(fleet)[0] == counts(fleet)[1] == counts(fleet)[3] == 0
    task_id = first.task["id"]

    planned = core.on_task("task_rollback", fleet, response_file, "--check", "-v", task_id=task_id)
    assert planned.status == 0, planned.output
    assert "db001 (host id 1001): start the agent" in planned.output
    assert "db002 (host id 1002): nothing" in planned.output
    assert counts(fleet)[0] == 0

    second = core.on_task("task_rollback", fleet, response_file, task_id=task_id)

    assert second.status == 0, second.output
    check_truth(second.task)
    assert (second.task["status"], second.task["operation"]) == ("SUCCESSFUL", "ROLLBACK")
    assert {s["status"] for s in second.task["subtasks"]} == {"PENDING"}
    assert counts(fleet) == [3, 0, 3, 3]
    assert "db002 " not in second.output, "where nothing was stopped, nothing is started"
    assert {process.uid for process in fleet.hosts[3].agent_processes()} != {0}
    for playbook in ("task_rollback", "task_retry"):
        refused = core.on_task(playbook, fleet, response_file, task_id=task_id)
        check_refusal(refused, 409, "TSK10007", ["SUCCESSFUL"])


def test_rollback_with_one_host_down(newest_core: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(), HostSpec(behaviour="watchdog")])
    first = newest_core.stop_fleet(fleet, response_file)
    assert first.status == 2, first.output
    task_id = first.task["id"]
    fleet.hosts[1].drop_connections()
    fleet.hosts[1].stop_sshd()

    second = newest_core.on_task("task_rollback", fleet, response_file, task_id=task_id)

    assert second.status == 2, second.output
    check_truth(second.task)
    assert (second.task["status"], second.task["operation"]) == ("FAILED", "ROLLBACK")
    assert states(second, STOP)[:2] == [("PENDING", "ROLLBACK", 1), ("FAILED", "ROLLBACK", 1)]
    assert states(second, PREPARE) == [("SUCCESSFUL", "ROLLBACK", 1)] * 3
    assert counts(fleet)[:2] == [3, 0]
    refused = newest_core.on_task("task_retry", fleet, response_file, task_id=task_id)
    check_refusal(refused, 409, "TSK10007", ["rolled back"])

    fleet.hosts[1].start_sshd()
    before = fleet.hosts[0].agent_processes()
    third = newest_core.on_task("task_rollback", fleet, response_file, task_id=task_id)

    assert third.status == 0, third.output
    assert {s["status"] for s in third.task["subtasks"]} == {"PENDING"}
    assert counts(fleet) == [3, 3, 3]
    assert fleet.hosts[0].agent_processes() == before


def test_rollback_of_a_start_stops_what_it_started(
    newest_core: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="stopped"), HostSpec(behaviour="no_agent")])
    first = newest_core.on_fleet("batch_start_agents", fleet, response_file, ocp_max_fail_percentage=50)
    assert first.status == 2, first.output
    assert counts(fleet) == [3, 3, 0]

    second = newest_core.on_task("task_rollback", fleet, response_file, task_id=first.task["id"])

    assert second.status == 0, second.output
    assert counts(fleet) == [3, 0, 0], "what ran before the task runs on"


# Modes


def test_check_mode_of_restart_is_a_plan_and_stores_nothing(
    core: Core, start_fleet: StartFleet, response_file: Path, data_home: Path
) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="stopped")])
    before = fleet.agent_processes()

    run = core.on_fleet("batch_restart_agents", fleet, response_file, "--check", "--diff", "-v")

    assert run.status == 0, run.output
    assert fleet.agent_processes() == before
    assert run.response is None
    assert not data_home.exists()
    assert re.search(r"db001 \(host id 1001\): SIGTERM to ocp_agentd .*then start the agent", run.output), run.output
    assert "db002 (host id 1002): start the agent" in run.output


def test_roles_in_a_playbook_of_one_s_own(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """Without a fan-out, too, a host's task works where the task has worked before: Stop is told of no home here."""
    fleet = start_fleet([HostSpec(home="/home/ob/agent")])
    (host,) = fleet.hosts
    create = {"operation": "batch_stop_agents", "host_ids": [host.host_id]}
    plays: list[dict[str, Any]] = [
        {"hosts": "localhost", "tasks": [{"oceanbase.ocp.task_create": create, "register": "ocp_run"}]}
    ]
    for phase in ("prepare", "stop", "finish"):
        given: dict[str, Any] = {f"{phase}_timeout": 60}
        if phase == "prepare":
            given["ocp_agent_home"] = host.spec.home
        plays.append({"hosts": host.name, "roles": [{"role": f"oceanbase.ocp.{phase}", **given}]})
        if phase != "finish":
            plays.append({"hosts": "localhost", "roles": [{"role": "oceanbase.ocp.wait", "wait_phase": phase}]})
    plays.append({"hosts": "localhost", "roles": ["oceanbase.ocp.report"]})
    book = tmp_path / "own.yml"
    book.write_text(json.dumps([{"gather_facts": False, **play} for play in plays]))

    run = newest_core.play(book, fleet.inventory)

    assert run.status == 0, run.output
    assert counts(fleet) == [0]
    assert "do not cancel the task" in " ".join(run.output.split()), "no play has the lookup controller"


def test_two_operations_in_one_run(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """Neither may take the other's hosts, results or end for its own."""
    fleet = start_fleet([HostSpec(), HostSpec()])
    first, second = ({"host_ids": [host.host_id]} for host in fleet.hosts)
    book = tmp_path / "both.yml"
    book.write_text(
        f"- import_playbook: oceanbase.ocp.batch_stop_agents\n  vars: {json.dumps(first)}\n"
        f"- import_playbook: oceanbase.ocp.batch_restart_agents\n  vars: {json.dumps(second)}\n"
        f"- import_playbook: oceanbase.ocp.batch_stop_agents\n  vars: {json.dumps(second)}\n"
    )

    run = newest_core.play(book, fleet.inventory)

    assert run.status == 0, run.output
    assert counts(fleet) == [0, 0]
    contents = task_info()["data"]["contents"]
    assert [(task["id"], task["name"], task["status"]) for task in contents] == [
        (3, "Batch stop OCP agent", "SUCCESSFUL"),
        (2, "Batch restart OCP agent", "SUCCESSFUL"),
        (1, "Batch stop OCP agent", "SUCCESSFUL"),
    ]


# Old


def make_old_tasks(url: str, number: int) -> None:
    """So many tasks that have ended 91 days ago."""
    executor = Executor.of(os.getpid(), "192.0.2.7")
    with Store.open(url) as store:
        for _number in range(number):
            store.save(carry_out(store.create([1001], STOP_AGENTS, builder([1001]), executor)), executor)
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    with contextlib.closing(connection), connection:
        connection.execute(f"UPDATE ocp_task SET heartbeat = heartbeat - {91 * 86400}")


def test_old_tasks_go_when_somebody_asks_for_it(
    newest_core: Core, listener: Listener, tmp_path: Path, response_file: Path
) -> None:
    hosts, url = inventory(tmp_path, listener, HOSTS), f"sqlite:///{tmp_path}/store/tasks.db"
    make_old_tasks(url, 4)
    for options, age, said in (
        (["--check"], "ocp_older_than", "check mode, nothing was changed: 2 tasks would be removed"),
        ([], "ocp_task_retention", "2 tasks removed"),
        ([], "ocp_older_than", "0 tasks removed"),
    ):
        extra = {"ocp_task_store": url, "ocp_keep": 2, age: "90d"}
        run = newest_core.stop_agents(hosts, response_file, extra, *options, playbook="task_prune")
        assert run.status == 0, run.output
        assert run.says(said), run.output
        assert f" changed={0 if said.startswith('0') else 1} " in run.output, run.output


def test_a_retention_that_is_wrong_keeps_no_host_from_being_worked_on(
    newest_core: Core, tmp_path: Path, response_file: Path
) -> None:
    hosts = tmp_path / "hosts.yml"
    nobody = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ocp_host_id": 1001}
    hosts.write_text(json.dumps({"all": {"hosts": {"db1": nobody}, "vars": {"ocp_task_retention": "90 dogs"}}}))
    run = newest_core.stop_agents(hosts, response_file, {"host_ids": 1001})
    assert run.task["status"] == "FAILED", run.output
    assert "old tasks are not removed: ocp_task_retention must be a number of" in " ".join(run.output.split())
