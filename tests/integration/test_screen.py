# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run shows and says is what it did, and its exit status is 0 only then; judged by the process tables."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.fleet import Fleet, HostSpec
from tests.integration.cores import PATIENCE, Core, Run, end
from tests.integration.graph import check_truth

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

PREPARE, STOP, START = "Prepare OCP agent operation", "Stop all OCP agent processes", "Start all OCP agent processes"
FINISH, WAIT, PROXY = "Finish OCP agent operation", "Wait node", "Restart pos proxy"


def shown(run: Run) -> list[tuple[str, set[str]]]:
    """The phases' tasks that the screen shows, in its order, each with the words before the names of its hosts."""
    found = []
    for part in re.split(r"(?m)^(?=TASK \[|PLAY \[|PLAY RECAP)", run.output):
        task = re.match(r"TASK \[(?:[\w.]+ : )?(.+?)\]", part)
        if task and task[1] in (PREPARE, STOP, START, FINISH, WAIT, PROXY):
            found.append((task[1], set(re.findall(r"(?m)^(ok|changed|skipping|fatal): \[", part))))
    return found


def agents(fleet: Fleet) -> list[int]:
    return [len(host.agent_names()) for host in fleet.hosts]


def last_word(run: Run) -> str:
    """What the report's own task says."""
    words = re.findall(r'"msg": ("(?:[^"\\]|\\.)*")', run.output)
    return str(json.loads(words[-1]))


def last_screen(run: Run) -> list[str]:
    """What is shown behind the recap, and nothing after it."""
    dummy, found, text = run.output.partition("PLAY RECAP")
    assert found, run.output
    lines = text.partition("\n\n")[2].splitlines()
    assert lines, run.output
    assert len(lines) <= 25, run.output
    assert max(map(len, lines)) <= 80, run.output
    return lines


def way_on(run: Run, label: str) -> str:
    """A command of the last screen, as somebody copies it; with that of the label First, where there is one."""
    blocks: dict[str, list[str]] = {}
    name, goes_on = "", False
    for line in last_screen(run):
        begin = re.match(r"(\w[\w ]*):\s+", line)
        if goes_on:
            blocks[name].append(line)
        elif begin:
            name = begin[1]
            blocks[name] = [line[begin.end() :]]
        goes_on = line.endswith("\\")
    return "\n".join([*blocks.get("First", []), *blocks[label]])


def paste(core: Core, command: str, response_file: Path, **variables: str) -> Run:
    """Run a command in a shell, as one that was pasted."""
    response_file.unlink(missing_ok=True)
    process = subprocess.Popen(
        ["bash", "-c", command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env=core.environment(**variables),
    )
    return end(process, response_file)


# What was not done is not shown


def test_held_in_prepare(some_way: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="no_agent")])
    planned = some_way.stop_fleet(fleet, response_file, "--check", "-v")
    assert planned.status == 2, planned.output
    assert "db001 (host id 1001): SIGTERM to ocp_agentd (pid " in planned.output
    assert '"state": ' not in planned.output, "what actions hand on is not for people"
    assert last_screen(planned)[:5] == [
        "Check mode, nothing was changed: Batch stop OCP agent, 2 hosts",
        "1 host would be held: db002 fails in Prepare",
        "",
        "WITHOUT THEM IT WOULD DO",
        "1 host: SIGTERM to ocp_agentd, then, if it is left, SIGTERM to ocp_mgragent,",
    ]

    run = some_way.stop_fleet(fleet, response_file)

    assert run.status == 2, run.output
    assert agents(fleet)[0] == 3
    names = [name for name, _words in shown(run)]
    assert set(names) == {PREPARE, WAIT}, run.output
    assert names.count(WAIT) == 1
    assert shown(run)[-1] == (WAIT, {"skipping"}), "the barrier was not passed"
    assert last_word(run).endswith(". 1 host not begun; 1 host failed in Prepare")
    assert last_screen(run)[3:6] == [
        "HOST   SUBTASK  WHAT     CAUSE",
        "db002  2        Prepare  CMP07019 no OCP Agent at /home/admin/ocp_agent: set",
        "                         ocp_agent_home to its home",
    ]


def test_every_phase_that_is_done_is_shown_once(some_way: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="stopped")])

    run = some_way.stop_fleet(fleet, response_file)

    assert run.status == 0, run.output
    worked = [(name, words) for name, words in shown(run) if words != {"skipping"}]
    assert [name for name, _words in worked] == [PREPARE, WAIT, STOP, WAIT, FINISH]
    assert "changed" in dict(worked)[STOP]
    assert last_word(run).endswith("SUCCESSFUL, 2 hosts: 1 agent stopped")
    again = some_way.stop_fleet(fleet, response_file)
    assert last_word(again).endswith("SUCCESSFUL, 2 hosts: no agent was stopped or started")


def test_retry_shows_what_was_left_to_do(way: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="sshd_down")])
    first = way.stop_fleet(fleet, response_file)
    assert first.status == 2, first.output
    fleet.hosts[1].start_sshd()

    second = paste(way, way_on(first, "Retry"), response_file)

    assert second.status == 0, second.output
    check_truth(second.task)
    assert agents(fleet) == [0, 0]
    worked = [name for name, words in shown(second) if words != {"skipping"}]
    assert worked == [PREPARE, WAIT, STOP, WAIT, FINISH]
    assert START not in second.output
    assert PROXY not in {name for name, _words in shown(second)}
    assert last_word(second) == "Retry of Batch stop OCP agent: task 1 SUCCESSFUL, 2 hosts: 2 agents stopped"
    assert last_screen(second)[:2] == [last_word(second), "2 hosts stopped and verified"]
    log = paste(way, way_on(first, "Log"), response_file)
    assert "127.9." in log.output, "what ssh said of the host"
    assert log.status == 0
    status = paste(way, way_on(second, "Status"), response_file)
    assert status.status == 0, status.output
    assert status.response is None, "the file is the run's"
    assert "2 hosts: 2 stopped." in status.output


def test_skip_and_rollback_say_what_they_did(way: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="stopped"), HostSpec(behaviour="no_agent")])
    first = way.stop_fleet(fleet, response_file)
    (down,) = [s["id"] for s in first.task["subtasks"] if s["status"] == "FAILED"]

    second = way.on_task(
        "subtask_skip", fleet, response_file, task_id=1, subtask_id=down, ocp_max_fail_percentage=50
    )

    assert second.status == 2, second.output
    assert agents(fleet) == [0, 0, 0]
    worked = [name for name, words in shown(second) if words != {"skipping"}]
    assert worked == [WAIT, STOP, WAIT, FINISH], "every host has done Prepare, and the barrier behind it is passed now"
    assert "Skipped, and taken for done: [Prepare stop OCP agent] db003 (host id 1003)" in last_word(second)
    assert "2 hosts stopped and verified" in last_word(second)

    third = way.on_task("task_rollback", fleet, response_file, task_id=1)

    assert third.status == 0, third.output
    assert agents(fleet) == [3, 0, 0]
    names = {name for name, words in shown(third) if words != {"skipping"}}
    assert names == {START, WAIT}
    assert last_word(third) == (
        "Rollback of Batch stop OCP agent: task 1 SUCCESSFUL (ROLLBACK), 3 hosts: 1 agent started again"
    )


# A part of a playbook is not the whole


def one_host(folder: Path) -> Path:
    """An inventory with a host that nobody is to contact."""
    path = folder / "inventory.yml"
    path.write_text("all: {hosts: {db1: {ansible_host: 127.0.0.1, ansible_port: 1, ocp_host_id: 1}}}")
    return path


PARTIAL = {
    "tags": (["--tags=foo"], {}),
    "a tag that is always done": (["--tags=always"], {}),
    "no tag": (["--tags="], {}),
    "everything skipped": (["--skip-tags=all,always"], {}),
    "everything untagged skipped": (["--skip-tags=untagged,always"], {}),
    "tags that check mode would have, too": (["--tags=foo", "--check"], {}),
    "a task that there is": (["--start-at-task=Finish OCP agent operation"], {}),
    "a task behind the report": (["--start-at-task=Tell how the task ended"], {}),
    "a task that there is not": (["--start-at-task=foo"], {}),
    "step by step": (["--step"], {}),
    "tags of the environment": ([], {"ANSIBLE_RUN_TAGS": "foo"}),
    "skipped tags of the environment": ([], {"ANSIBLE_SKIP_TAGS": "untagged,always"}),
    "a limit that has all": (["--limit=all,localhost", "--tags=foo"], {}),
}


OTHERS = ("task_retry", "task_cancel", "workflow_phase", "workflow_barrier")


@pytest.mark.parametrize(
    ("playbook", "case"),
    [*(("batch_stop_agents", case) for case in PARTIAL), *((one, "everything skipped") for one in OTHERS)],
)
def test_a_part_of_the_playbook_is_refused(core: Core, tmp_path: Path, playbook: str, case: str) -> None:
    arguments, environment = PARTIAL[case]
    inventory = one_host(tmp_path)
    response_file = tmp_path / "response.json"
    response_file.write_text('{"stale": true}')
    extra = {"host_ids": [1], "task_id": 1, "ocp_task_id": 1}

    process = core.start(inventory, response_file, extra, *arguments, playbook=playbook, **environment)
    output = process.communicate(timeout=PATIENCE)[0]

    assert process.returncode not in (0, None), output
    assert "may leave out a part of the playbook" in " ".join(output.split())
    assert "TASK [" not in output
    response = json.loads(response_file.read_text())
    if "--check" in arguments:
        assert response == {"stale": True}
    elif playbook in ("batch_stop_agents", "task_retry"):
        assert (response["status"], response["error"]["code"]) == (400, "COM10001")


def test_tags_of_ansible_cfg_are_refused(core: Core, tmp_path: Path, response_file: Path) -> None:
    config = tmp_path / "ansible.cfg"
    config.write_text("[tags]\nskip = untagged\n")
    inventory = one_host(tmp_path)

    run = core.stop_agents(inventory, response_file, {"host_ids": [1]}, ANSIBLE_CONFIG=str(config))

    assert run.status not in (0, None), run.output
    assert run.error["code"] == "COM10001"
    assert "--skip-tags untagged" in run.error["message"]


WHOLE = (["--list-tasks", "--tags=foo"], ["--syntax-check", "--skip-tags=all"], ["--tags=all"], ["--skip-tags=notest"])


@pytest.mark.parametrize("arguments", WHOLE)
def test_what_leaves_nothing_out_is_not_refused(newest_core: Core, tmp_path: Path, arguments: list[str]) -> None:
    inventory = one_host(tmp_path)

    run = newest_core.stop_agents(inventory, tmp_path / "response.json", {"host_ids": [2]}, *arguments)

    assert "may leave out" not in run.output
    lists_only = arguments[0] in ("--list-tasks", "--syntax-check")
    assert run.status == (0 if lists_only else 2), run.output
