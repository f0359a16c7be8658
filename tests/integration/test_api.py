# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python API end to end: over SSH, on hosts with agents, judged by the hosts' own process tables."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ansible_runner
import pytest

from oceanbase_ocp import (
    OcpRunError,
    ProgressEvent,
    batch_restart_agents,
    batch_start_agents,
    batch_stop_agents,
    response_of,
    submit,
    subtask_log,
    subtask_skip,
    task_cancel,
    task_info,
    task_retry,
    task_rollback,
)
from tests.fleet import Fleet, HostSpec, Process, processes
from tests.fleet.host import Host
from tests.integration.cores import Core
from tests.integration.graph import check_graph, check_truth

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

PREPARE, STOP, FINISH = "Prepare stop OCP agent", "Stop all OCP agent processes", "Finish OCP agent operation"
SLOW = HostSpec(behaviour="daemon_ignores_sigterm")  # Stop takes the daemon's grace, 20 seconds: no test waits for it
PATIENCE = 120


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the runs keep their files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def keywords(core: Core, **variables: str) -> dict[str, Any]:
    """Keywords for ansible-runner: this ansible-core, and a user who has configured nothing."""
    environment = core.environment()
    kept = {name: environment[name] for name in ("PATH", "ANSIBLE_CONFIG", "ANSIBLE_FORKS")}
    return {"envvars": {**kept, **variables}}


def ids(fleet: Fleet) -> list[int]:
    return [host.host_id for host in fleet.hosts]


def running(fleet: Fleet) -> list[list[str]]:
    """The agent programs that live, by host."""
    return [host.agent_names() for host in fleet.hosts]


def of(response: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The subtasks of this name, by host in the order of the request."""
    found = [subtask for subtask in response["data"]["subtasks"] if subtask["name"] == name]
    return sorted(found, key=lambda subtask: subtask["parallelIdx"])


def statuses(response: dict[str, Any], name: str) -> list[str]:
    return [subtask["status"] for subtask in of(response, name)]


def descendants() -> list[Process]:
    """The living processes below this one, without those of the hosts."""
    found: list[Process] = []
    waiting = [os.getpid()]
    while waiting:
        for path in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            try:
                pids = [int(pid) for pid in path.read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
            children = [child for pid in pids if (child := processes.read(pid)) and child.ns_pid == child.pid]
            waiting += [child.pid for child in children]
            found += [child for child in children if not child.dead]
    return found


def gone(several: Sequence[Process]) -> bool:
    """Whether none of these lives. What was killed by ansible-runner gets a moment to be taken down by the kernel."""
    deadline = time.monotonic() + 2
    while any(processes.alive(process.pid, process.start_time) for process in several):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def stop_begun(host: Host) -> None:
    """Wait until Stop is at work on a host, whatever carried it there."""
    host.wait_for((host.home / "run/admin.lock").exists, "Stop has not begun")


def stop_ended(host: Host) -> None:
    """Wait until Stop has ended on a host, and the controller has heard of it."""
    host.wait_for(lambda: not host.agent_names(), "Stop has not ended")
    host.wait_for(lambda: not (host.home / "run/admin.lock").exists(), "Stop has not ended")
    time.sleep(2)


def test_stops_the_agents(each_core: Core, start_fleet: StartFleet, tmp_path: Path, temporary: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec()])
    response_file = tmp_path / "response.json"

    response = batch_stop_agents(
        (host_id for host_id in ids(fleet)),
        inventory=fleet.inventory,
        response_file=response_file,
        **keywords(each_core),
    )

    assert running(fleet) == [[], []]
    assert response["data"]["status"] == "SUCCESSFUL"
    check_graph(response["data"], hosts=2)
    check_truth(response["data"])
    assert json.loads(response_file.read_text()) == response
    assert list(temporary.iterdir()) == []


def test_what_is_told_while_a_phase_goes_on(newest_core: Core, start_fleet: StartFleet, temporary: Path) -> None:
    fleet = start_fleet([HostSpec(), SLOW])
    told: list[ProgressEvent] = []
    states = []
    extravars = {"ocp_agent_daemon_grace": 8}

    with submit(
        ids(fleet), inventory=fleet.inventory, extravars=extravars, progress=told.append, **keywords(newest_core)
    ) as submission:
        while not submission.done:
            states.append(statuses(submission.response, STOP))
            time.sleep(0.2)

    assert statuses(submission.response, STOP) == ["SUCCESSFUL", "SUCCESSFUL"]
    assert ["SUCCESSFUL", "RUNNING"] in states, "long before the barrier"
    stop = [event for event in told if event["phase"] == "stop"]
    assert {event["taskId"] for event in told} == {submission.response["data"]["id"]}
    waited = [event for event in stop if event["done"] == 1 and "SIGKILL in" in event["slowest"][0]["at"]]
    assert waited[0]["slowest"][0]["at"].startswith("SIGTERM ")
    assert (waited[0]["hosts"], waited[0]["working"], waited[0]["waiting"], waited[0]["failed"]) == (2, 1, 0, 0)
    assert (stop[-1]["done"], stop[-1]["slowest"]) == (2, [])
    assert not any("OCP_PROGRESS" in line for line in submission._output)


def test_partial_failure_is_a_result(core: Core, start_fleet: StartFleet) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="sshd_down")])

    response = batch_stop_agents(hosts="all", inventory=fleet.inventory, max_fail_percentage=50, **keywords(core))

    assert response["data"]["context"]["listMap"]["host_ids"] == [str(host_id) for host_id in ids(fleet)]
    assert [bool(names) for names in running(fleet)] == [False, True]
    check_truth(response["data"])
    assert response["data"]["status"] == "FAILED"
    assert statuses(response, PREPARE) == ["SUCCESSFUL", "FAILED"]
    assert statuses(response, FINISH) == ["SUCCESSFUL", "PENDING"]
    assert of(response, PREPARE)[1]["error"]["code"] == "CMP07002"


def test_refused_request_is_a_result(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec()])
    before = running(fleet)
    trace = tmp_path / "evaluated"

    submission = submit([*ids(fleet), 7], inventory=str(fleet.inventory), **keywords(newest_core))
    unknown = submission.wait()
    template = batch_stop_agents(
        f"{{{{ lookup('pipe', 'touch {trace}') }}}}", inventory=fleet.inventory, **keywords(newest_core)
    )

    assert (unknown["status"], unknown["error"]["code"], unknown["successful"]) == (404, "CMP07005", False)
    assert submission.create_response["error"] == unknown["error"]
    misspelled = batch_stop_agents(
        ids(fleet), inventory=fleet.inventory, extravars={"ocp_agnet_home": "/x"}, **keywords(newest_core)
    )
    pattern = batch_stop_agents(
        hosts=f"{{{{ lookup('pipe', 'touch {trace}') }}}}", inventory=fleet.inventory, **keywords(newest_core)
    )
    assert "did you mean ocp_agent_home?" in misspelled["error"]["message"]
    assert "names no host" in pattern["error"]["message"]
    assert template["status"] == 400
    assert not trace.exists()
    assert running(fleet) == before


def test_answers_before_any_host_is_contacted(core: Core, start_fleet: StartFleet) -> None:
    fleet = start_fleet([HostSpec(), HostSpec()])
    before = running(fleet)
    for host in fleet.hosts:
        host.pause()  # nobody there who could be contacted
    try:
        submission = submit(ids(fleet), inventory=fleet.inventory, **keywords(core))

        created = submission.create_response
        assert created["data"]["status"] == "RUNNING"
        assert statuses(created, PREPARE) == ["READY", "READY"]
        assert statuses(created, STOP) == ["PENDING", "PENDING"]
        assert "finishTime" not in created["data"]
        with pytest.raises(TimeoutError):
            submission.wait(timeout=0.2)
        assert not submission.done
        assert submission.response["data"]["id"] == created["data"]["id"]
        assert statuses(submission.response, PREPARE) == ["RUNNING", "RUNNING"], "as it stands in the store"
        assert running(fleet) == before
    finally:
        for host in fleet.hosts:
            host.resume()

    final = submission.wait(timeout=PATIENCE)

    assert submission.done
    assert final == submission.response == submission.wait()
    assert final["data"]["id"] == created["data"]["id"]
    assert final["data"]["status"] == "SUCCESSFUL"
    assert running(fleet) == [[], []]


def test_cancel_lets_hosts_at_work_end(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([SLOW, SLOW])
    response_file = tmp_path / "response.json"
    submission = submit(ids(fleet), inventory=fleet.inventory, response_file=response_file, **keywords(newest_core))
    for host in fleet.hosts:
        stop_begun(host)

    submission.cancel()
    response = submission.wait(timeout=PATIENCE)
    submission.cancel()

    check_truth(response["data"])
    assert (response["data"]["status"], response["data"]["operation"]) == ("FAILED", "CANCEL")
    assert statuses(response, STOP) == ["SUCCESSFUL", "SUCCESSFUL"]
    assert statuses(response, FINISH) == ["PENDING", "PENDING"]
    assert running(fleet) == [[], []]
    assert json.loads(response_file.read_text()) == response
    stored = task_info(response["data"]["id"])["data"]
    assert (stored["status"], stored["operation"]) == ("FAILED", "CANCEL")
    again = task_retry(response["data"]["id"], inventory=fleet.inventory, **keywords(newest_core))
    assert again["data"]["status"] == "SUCCESSFUL"


def test_what_becomes_of_a_task(newest_core: Core, start_fleet: StartFleet) -> None:
    """Every function of the API once, through the life of a task."""
    fleet = start_fleet([HostSpec(), HostSpec(behaviour="sshd_down")])
    options = {"inventory": fleet.inventory, **keywords(newest_core)}

    failed = batch_stop_agents(ids(fleet), **options)
    task_id = failed["data"]["id"]
    assert failed["data"]["status"] == "FAILED"
    (down,) = [subtask["id"] for subtask in failed["data"]["subtasks"] if subtask["status"] == "FAILED"]
    assert "CMP07002" in subtask_log(task_id, down)["data"]["log"]
    assert task_cancel(task_id)["error"]["code"] == "TSK10007"
    assert task_retry(task_id, **options)["data"]["status"] == "FAILED"
    skipped = subtask_skip(task_id, down, max_fail_percentage=50, **options)
    assert statuses(skipped, STOP) == ["SUCCESSFUL", "FAILED"]
    assert [len(names) for names in running(fleet)] == [0, 3]
    fleet.hosts[1].start_sshd()
    undone = task_rollback(task_id, **options)
    assert (undone["data"]["status"], undone["data"]["operation"]) == ("SUCCESSFUL", "ROLLBACK")
    assert [len(names) for names in running(fleet)] == [3, 3]
    assert batch_restart_agents(ids(fleet), **options)["data"]["status"] == "SUCCESSFUL"
    assert batch_start_agents(ids(fleet), **options)["data"]["status"] == "SUCCESSFUL"
    page = task_info(size=2)["data"]
    assert [task["name"] for task in page["contents"]] == ["Batch start OCP agent", "Batch restart OCP agent"]
    assert page["page"]["totalElements"] == 3
    assert task_info(size=0)["error"]["code"] == "COM10001"


@pytest.mark.parametrize("transport", ["task", "fanout"])
def test_breaking_off_in_the_middle_of_stop(
    core: Core, start_fleet: StartFleet, tmp_path: Path, temporary: Path, transport: str
) -> None:
    fleet = start_fleet([SLOW, HostSpec()])
    slow, quick = fleet.hosts
    response_file = tmp_path / "response.json"
    earlier = {process.pid for process in descendants()}

    submission = submit(
        ids(fleet),
        inventory=fleet.inventory,
        response_file=response_file,
        extravars={"ocp_transport": transport},
        **keywords(core),
    )
    stop_begun(slow)
    stop_ended(quick)
    own = [process for process in descendants() if process.pid not in earlier]
    assert any("ansible-playbook" in " ".join(process.cmdline) for process in own)
    assert any(process.comm == "ssh" for process in own) == (transport == "task")
    begun = time.monotonic()
    submission.cancel(force=True)
    submission.cancel(force=True)
    response = submission.wait(timeout=PATIENCE)

    assert time.monotonic() - begun < 10
    assert gone(own)
    assert gone([process for process in descendants() if process.pid not in earlier])
    assert submission.runner.status == "canceled"
    check_graph(response["data"], hosts=2)
    check_truth(response["data"])
    assert (response["data"]["status"], response["data"]["operation"]) == ("FAILED", "CANCEL")
    assert statuses(response, PREPARE) == ["SUCCESSFUL", "SUCCESSFUL"]
    assert statuses(response, STOP) == ["FAILED", "SUCCESSFUL"]
    assert statuses(response, FINISH) == ["PENDING", "PENDING"]
    stop = of(response, STOP)[0]
    assert (stop["error"]["code"], stop["operation"]) == ("TSK10014", "CANCEL")
    assert slow.name in stop["error"]["message"]
    assert json.loads(response_file.read_text()) == response
    assert quick.agent_names() == []
    assert list(temporary.iterdir()) == []


def test_a_run_that_takes_too_long(newest_core: Core, start_fleet: StartFleet) -> None:
    fleet = start_fleet([SLOW])

    response = batch_stop_agents(ids(fleet), inventory=fleet.inventory, timeout=15, **keywords(newest_core))

    check_truth(response["data"])
    assert (response["data"]["status"], response["data"]["operation"]) == ("FAILED", "EXECUTE")
    assert [s["error"]["code"] for s in response["data"]["subtasks"] if "error" in s] == ["TSK10012"]
    assert running(fleet) != [[]]


def test_a_run_that_is_killed(core: Core, start_fleet: StartFleet) -> None:
    fleet = start_fleet([SLOW])
    earlier = {process.pid for process in descendants()}

    submission = submit(ids(fleet), inventory=fleet.inventory, **keywords(core))
    stop_begun(fleet.hosts[0])
    own = [process for process in descendants() if process.pid not in earlier]
    playbook = next(process for process in own if process.ppid == os.getpid())
    assert processes.send(playbook.pid, playbook.start_time, signal.SIGKILL)
    response = submission.wait(timeout=PATIENCE)

    assert gone(own)
    check_truth(response["data"])
    assert (response["data"]["status"], response["data"]["operation"]) == ("FAILED", "EXECUTE")
    assert of(response, STOP)[0]["error"]["code"] == "TSK10013"


def test_event_handler_and_files_are_the_callers(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec()])
    private_data_dir = tmp_path / "data"
    private_data_dir.mkdir()
    events, statuses_seen = [], []

    def on_event(event: dict[str, Any]) -> bool:
        events.append(event["event"])
        return True

    def on_status(status: dict[str, Any], runner_config: Any) -> None:
        statuses_seen.append((status["status"], runner_config.ident))

    with submit(
        ids(fleet),
        inventory=fleet.inventory,
        private_data_dir=private_data_dir,
        ident="mine",
        event_handler=on_event,
        status_handler=on_status,
        **keywords(newest_core),
    ) as submission:
        pass

    assert submission.done
    assert events[0] == "playbook_on_start"
    assert "playbook_on_stats" in events
    assert [status for status in statuses_seen if status[0] in ("starting", "successful")] == [
        ("starting", "mine"),
        ("successful", "mine"),
    ]
    assert "PLAY RECAP" in (private_data_dir / "artifacts/mine/stdout").read_text()
    assert submission.runner.stats["ok"]["localhost"] > 3
    # The next run in the same folder must not inherit this one's variables.
    assert not (private_data_dir / "env").exists()
    assert running(fleet) == [[]]


def test_event_handler_that_raises(newest_core: Core, start_fleet: StartFleet) -> None:
    fleet = start_fleet([SLOW])
    earlier = {process.pid for process in descendants()}

    def handler(event: dict[str, Any]) -> bool:
        if event["event"] == "runner_on_start" and event["event_data"]["task"] == STOP:
            raise RuntimeError("the caller's own")
        return True

    submission = submit(ids(fleet), inventory=fleet.inventory, event_handler=handler, **keywords(newest_core))
    with pytest.raises(OcpRunError) as caught:
        submission.wait(timeout=PATIENCE)

    assert str(caught.value.__cause__) == "the caller's own"
    assert submission.response["data"]["status"] == "FAILED"
    assert of(submission.response, STOP)[0]["error"]["code"] == "TSK10013"
    assert gone([process for process in descendants() if process.pid not in earlier])


def test_cancel_callback_is_called(newest_core: Core, start_fleet: StartFleet) -> None:
    fleet = start_fleet([SLOW])
    enough = threading.Event()

    submission = submit(ids(fleet), inventory=fleet.inventory, cancel_callback=enough.is_set, **keywords(newest_core))
    stop_begun(fleet.hosts[0])
    enough.set()

    assert submission.wait(timeout=PATIENCE)["data"]["operation"] == "CANCEL"


def test_two_at_the_same_time_in_one_folder(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec(stop_seconds=2), HostSpec(stop_seconds=2)])

    submissions = [
        submit([host_id], inventory=fleet.inventory, private_data_dir=tmp_path, **keywords(newest_core))
        for host_id in ids(fleet)
    ]
    assert [submission.done for submission in submissions] == [False, False]
    responses = [submission.wait(timeout=PATIENCE) for submission in submissions]

    assert [response["data"]["status"] for response in responses] == ["SUCCESSFUL", "SUCCESSFUL"]
    asked = [response["data"]["context"]["listMap"]["host_ids"] for response in responses]
    assert asked == [[str(host_id)] for host_id in ids(fleet)]
    assert len({response["data"]["id"] for response in responses}) == 2
    assert running(fleet) == [[], []]


def test_exception_in_the_block_cancels(newest_core: Core, start_fleet: StartFleet) -> None:
    fleet = start_fleet([SLOW])
    earlier = {process.pid for process in descendants()}

    submission = submit(ids(fleet), inventory=fleet.inventory, **keywords(newest_core))

    def block() -> None:
        with submission:
            stop_begun(fleet.hosts[0])
            raise LookupError

    with pytest.raises(LookupError):
        block()

    assert submission.done
    assert submission.response["data"]["operation"] == "CANCEL"
    assert gone([process for process in descendants() if process.pid not in earlier])


def test_a_program_that_ends_takes_its_run_with_it(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([SLOW])
    response_file = tmp_path / "response.json"
    program = (
        "import json, sys; from oceanbase_ocp import submit; given = json.loads(sys.argv[1]); "
        "print(submit(**given).create_response['data']['status'])"
    )
    given = {
        "host_ids": ids(fleet),
        "inventory": str(fleet.inventory),
        "response_file": str(response_file),
        **keywords(newest_core),
    }

    ended = subprocess.run(
        [sys.executable, "-c", program, json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "RUNNING\n", "")
    assert json.loads(response_file.read_text())["data"]["operation"] == "CANCEL"
    assert running(fleet) != [[]]


def test_own_ansible_playbook_and_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inventory.ini").write_text("db1 ocp_host_id=1001\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("ANSIBLE_COLLECTIONS_PATH", raising=False)
    playbooks = set()

    def handler(event: dict[str, Any]) -> bool:
        playbooks.add(event.get("event_data", {}).get("playbook"))
        return True

    response = batch_stop_agents(
        [1, 1], inventory="inventory.ini", response_file="response.json", event_handler=handler
    )

    assert response["status"] == 400
    assert json.loads((tmp_path / "response.json").read_text()) == response
    assert {Path(path).is_relative_to(sysconfig.get_path("purelib")) for path in playbooks - {None}} == {True}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"envvars": {"PATH": "/nonexistent"}}, "ansible-playbook"),
        (
            {"envvars": {"ANSIBLE_COLLECTIONS_PATH": "/nonexistent", "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "no"}},
            "could not be found",
        ),
        ({"response_file": "/nonexistent/response.json"}, "cannot be written"),
    ],
)
def test_failure_of_the_program_is_an_exception(given: dict[str, Any], said: str, temporary: Path) -> None:
    with pytest.raises(OcpRunError, match=said) as caught:
        batch_stop_agents([1001], inventory={"all": {"hosts": {"db1": {"ocp_host_id": 1001}}}}, **given)

    assert caught.value.status == "failed"
    assert caught.value.rc
    assert said in caught.value.stdout
    assert list(temporary.iterdir()) == []


# A run that a worker carries out elsewhere. Here it is a process of its own; only the wire joins the two.

RUNNER = Path(sys.executable).with_name("ansible-runner")


@pytest.fixture(params=["pipe", "socket"])
def worker(request: pytest.FixtureRequest) -> Iterator[Any]:
    """What `submit` is given: a command, or a socket at whose other end a worker listens."""
    if request.param == "pipe":
        yield [RUNNER, "worker"]
        return
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen([RUNNER, "worker"], stdin=theirs, stdout=theirs)
    yield ours
    ours.close()
    process.wait(PATIENCE)


def test_a_worker_stops_the_agents(
    newest_core: Core, start_fleet: StartFleet, tmp_path: Path, temporary: Path, worker: Any
) -> None:
    fleet = start_fleet([HostSpec(), HostSpec()])
    response_file = tmp_path / "response.json"
    written = []
    told: list[ProgressEvent] = []

    with submit(
        ids(fleet),
        inventory=fleet.inventory,
        response_file=response_file,
        worker=worker,
        progress=told.append,
        **keywords(newest_core),
    ) as submission:
        written.append(json.loads(response_file.read_text()))
    response = submission.response

    assert running(fleet) == [[], []]
    assert written == [submission.create_response]
    assert list(dict.fromkeys(event["phase"] for event in told)) == ["prepare", "stop", "finish"]
    assert [(event["done"], event["waiting"]) for event in told if event["done"] == 2] == [(2, 0)] * 3
    assert response["data"]["status"] == "SUCCESSFUL"
    check_graph(response["data"], hosts=2)
    check_truth(response["data"])
    assert json.loads(response_file.read_text()) == response
    assert submission.runner.status == "successful"
    assert list(temporary.glob("oceanbase-ocp-*")) == []


def test_what_is_transmitted(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """The caller's folder, variables beside an inventory, and nothing that is left behind here."""
    fleet = start_fleet([HostSpec()])
    site = tmp_path / "site"
    shutil.copytree(fleet.inventory.parent, site, ignore=lambda path, names: set(names) - {fleet.inventory.name})
    (site / "host_vars").mkdir()
    (site / "host_vars/db001.yml").write_text("ocp_host_id: 4711\n")
    (site / "more.ini").write_text("db009 ocp_host_id=4712\n")
    private_data_dir = tmp_path / "private"
    (private_data_dir / "project").mkdir(parents=True)
    (private_data_dir / "project/ansible.cfg").write_text("[defaults]\nforks = 3\n")
    environment = keywords(newest_core)["envvars"]
    del environment["ANSIBLE_CONFIG"]

    response = batch_stop_agents(
        [4711],
        inventory=[site / fleet.inventory.name, site / "more.ini", "db010,"],
        private_data_dir=private_data_dir,
        ident="mine",
        worker=[RUNNER, "worker"],
        envvars=environment,
    )

    assert response["data"]["status"] == "SUCCESSFUL"
    assert running(fleet) == [[]]
    assert sorted(path.name for path in private_data_dir.iterdir()) == ["artifacts", "project"]
    assert "PLAY RECAP" in (private_data_dir / "artifacts/mine/stdout").read_text()
    assert list((private_data_dir / "artifacts/mine/job_events").iterdir())


def test_events_are_kept_off_the_disk(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([HostSpec()])
    for name, worker in (("here", None), ("elsewhere", [RUNNER, "worker"])):
        (tmp_path / name).mkdir()
        response = batch_stop_agents(
            ids(fleet),
            inventory=fleet.inventory,
            private_data_dir=tmp_path / name,
            ident="mine",
            worker=worker,
            keep_events=False,
            **keywords(newest_core),
        )
        assert response["data"]["status"] == "SUCCESSFUL"
        assert list((tmp_path / name / "artifacts/mine/job_events").iterdir()) == []


@pytest.mark.parametrize("worker", [None, [RUNNER, "worker"]], ids=["here", "elsewhere"])
def test_a_large_response_is_the_whole_one(newest_core: Core, worker: Any) -> None:
    """Not the summary that the run's statistic has."""
    asked = list(range(5000, 7000))
    events = []

    response = batch_stop_agents(
        asked,
        inventory={"all": {"hosts": {"db1": {"ocp_host_id": 1001}}}},
        worker=worker,
        event_handler=events.append,
        **keywords(newest_core),
    )

    assert [sub_error["rejectedValue"] for sub_error in response["error"]["subErrors"]] == asked
    (stats,) = [event["event_data"] for event in events if event["event"] == "playbook_on_stats"]
    short = stats["artifact_data"]["ocp_response"]["error"]
    assert len(short["subErrors"]) + short["summary"]["omittedSubErrors"] == len(asked)


# What a fan-out has answered is told at its end; until then it is known where the worker is, and here it is not.
@pytest.mark.parametrize(("transport", "second"), [("task", "SUCCESSFUL"), ("fanout", "FAILED")])
def test_a_worker_is_broken_off(
    newest_core: Core, start_fleet: StartFleet, worker: Any, transport: str, second: str
) -> None:
    fleet = start_fleet([SLOW, HostSpec()])
    earlier = {process.pid for process in descendants()}

    submission = submit(
        ids(fleet),
        inventory=fleet.inventory,
        worker=worker,
        extravars={"ocp_transport": transport},
        **keywords(newest_core),
    )
    stop_begun(fleet.hosts[0])
    stop_ended(fleet.hosts[1])
    with pytest.raises(OcpRunError, match="task store"):
        submission.cancel()
    begun = time.monotonic()
    submission.cancel(force=True)
    response = submission.wait(timeout=PATIENCE)

    assert time.monotonic() - begun < 20
    check_truth(response["data"])
    assert (response["data"]["status"], response["data"]["operation"]) == ("FAILED", "CANCEL")
    assert statuses(response, STOP) == ["FAILED", second]
    errors = [subtask["error"]["message"] for subtask in of(response, STOP) if subtask["status"] == "FAILED"]
    assert all("how far it came is not known" in error for error in errors)
    if isinstance(worker, list):
        assert gone([process for process in descendants() if process.pid not in earlier])


def test_a_worker_is_cancelled_through_the_store(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([SLOW, SLOW])
    options = {"inventory": fleet.inventory, "task_store": f"sqlite:///{tmp_path}/tasks.db", **keywords(newest_core)}
    submission = submit(ids(fleet), worker=[RUNNER, "worker"], **options)
    for host in fleet.hosts:
        stop_begun(host)

    submission.cancel()
    response = submission.wait(timeout=PATIENCE)
    submission.cancel()

    check_truth(response["data"])
    assert (response["data"]["status"], response["data"]["operation"]) == ("FAILED", "CANCEL")
    assert statuses(response, STOP) == ["SUCCESSFUL", "SUCCESSFUL"]
    again = task_retry(response["data"]["id"], worker=[RUNNER, "worker"], **options)
    assert again["data"]["status"] == "SUCCESSFUL"


def test_a_worker_that_takes_too_long(newest_core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    fleet = start_fleet([SLOW])
    store = f"sqlite:///{tmp_path}/tasks.db"

    response = batch_stop_agents(
        ids(fleet),
        inventory=fleet.inventory,
        timeout=15,
        task_store=store,
        worker=[RUNNER, "worker"],
        **keywords(newest_core),
    )

    check_truth(response["data"])
    assert (response["data"]["status"], response["data"]["operation"]) == ("FAILED", "EXECUTE")
    assert [s["error"]["code"] for s in response["data"]["subtasks"] if "error" in s] == ["TSK10012"]
    stored = task_info(response["data"]["id"], task_store=store)["data"]
    assert [s["error"]["code"] for s in stored["subtasks"] if "error" in s] == ["TSK10012"]


def test_a_worker_that_dies(newest_core: Core, start_fleet: StartFleet) -> None:
    fleet = start_fleet([SLOW])
    earlier = {process.pid for process in descendants()}
    submission = submit(ids(fleet), inventory=fleet.inventory, worker=[RUNNER, "worker"], **keywords(newest_core))
    stop_begun(fleet.hosts[0])
    (worker,) = [p for p in descendants() if p.pid not in earlier and p.ppid == os.getpid()]
    assert processes.send(worker.pid, worker.start_time, signal.SIGKILL)

    response = submission.wait(timeout=PATIENCE)

    check_truth(response["data"])
    assert of(response, STOP)[0]["error"]["code"] == "TSK10013"
    assert submission.runner.status == "error"
    assert gone([process for process in descendants() if process.pid not in earlier])


@pytest.mark.parametrize(
    ("worker", "said"),
    [
        (["sh", "-c", "echo no route to the worker >&2; exit 255"], "no route to the worker"),
        (["/nonexistent/ansible-runner", "worker"], "the worker cannot be started"),
        (["cat"], "had accepted the request"),
    ],
)
def test_a_worker_that_is_none(worker: list[str], said: str, temporary: Path) -> None:
    with pytest.raises(OcpRunError, match=said):
        batch_stop_agents([1001], inventory={"all": {"hosts": {"db1": {"ocp_host_id": 1001}}}}, worker=worker)

    assert list(temporary.glob("oceanbase-ocp-*")) == []


@pytest.mark.parametrize("how", ["to its end", "cancelled"])
def test_events_of_a_run_of_ones_own(newest_core: Core, start_fleet: StartFleet, tmp_path: Path, how: str) -> None:
    fleet = start_fleet([HostSpec() if how == "to its end" else SLOW])
    enough, events = threading.Event(), []

    def handler(event: dict[str, Any]) -> bool:
        events.append(event)
        return False

    thread, runner = ansible_runner.run_async(
        private_data_dir=str(tmp_path),
        playbook="oceanbase.ocp.batch_stop_agents",
        inventory=str(fleet.inventory),
        extravars={"host_ids": ids(fleet)},
        event_handler=handler,
        cancel_callback=enough.is_set,
        quiet=True,
        **keywords(newest_core),
    )
    if how == "cancelled":
        stop_begun(fleet.hosts[0])
        assert response_of(events, runner.status)["data"]["status"] == "RUNNING"
        enough.set()
    thread.join(PATIENCE)
    response = response_of(events, runner.status)

    check_truth(response["data"])
    if how == "cancelled":
        assert (response["data"]["status"], response["data"]["operation"]) == ("FAILED", "CANCEL")
    else:
        assert response["data"]["status"] == "SUCCESSFUL"
        assert running(fleet) == [[]]
    with pytest.raises(OcpRunError, match="no response"):
        response_of([], "failed")
