# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that get signals or lose their real terminal. The process tables decide."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from oceanbase_ocp import subtask_log, task_info
from tests.fleet import Fleet, HostSpec
from tests.integration.cores import PATIENCE, Core
from tests.integration.graph import check_graph, check_truth
from tests.integration.test_interrupted import Running, locked_database, ours_on

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

STOP, FINISH = "Stop all OCP agent processes", "Finish OCP agent operation"


class Terminal:
    """A run of a playbook as the foreground job of a terminal of its own.

    through_shell: a shell waits for it and is the terminal's session leader. ignored: signals that the run ignores from
    its start, as under nohup.
    """

    def __init__(
        self,
        core: Core,
        fleet: Fleet,
        response_file: Path,
        *arguments: str,
        through_shell: bool = False,
        ignored: Sequence[int] = (),
        **extra: Any,
    ) -> None:
        ids = {"host_ids": [host.host_id for host in fleet.hosts]}
        command = core.command(fleet.inventory, response_file, {**ids, **extra}, *arguments)
        self._master, slave = pty.openpty()
        self._shown = bytearray()
        self._through_shell = through_shell

        def prepare() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)

        self.process = subprocess.Popen(
            ["sh", "-c", '"$@"; exit $?', "sh", *command] if through_shell else command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=prepare,
            env=core.environment(),
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._closing = threading.Event()
        self._reader.start()

    def _read(self) -> None:
        os.set_blocking(self._master, False)
        while not self._closing.is_set():
            with contextlib.suppress(BlockingIOError, OSError):
                self._shown += os.read(self._master, 1 << 16)
                continue
            time.sleep(0.02)

    @property
    def output(self) -> str:
        """The contents of the screen."""
        return self._shown.decode(errors="replace").replace("\r\n", "\n")

    def playbook(self) -> int:
        """The process of ansible-playbook: the first one of the run, or the shell's child."""
        if not self._through_shell:
            return self.process.pid
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == self.process.pid and b"ansible-playbook" in (folder / "cmdline").read_bytes():
                    return int(folder.name)
        raise ProcessLookupError("the shell has no ansible-playbook")

    def close(self) -> None:
        """Close the terminal like a window. A second call does nothing."""
        if not self._closing.is_set():
            self._closing.set()
            self._reader.join()
            os.close(self._master)

    def wait(self) -> int:
        """Wait for the first process of the run. Returns its exit status."""
        try:
            return self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@pytest.fixture
def at_terminal() -> Iterator[Callable[..., Terminal]]:
    """Start runs at terminals. They end with the test."""
    made: list[Terminal] = []

    def start(*given: Any, **more: Any) -> Terminal:
        made.append(Terminal(*given, **more))
        return made[-1]

    yield start
    for terminal in made:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()
        terminal.close()


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def wait_until(condition: Callable[[], Any], what: Callable[[], str]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, what()
        time.sleep(0.05)


def settled(response_file: Path) -> dict[str, Any]:
    """The task in the response file of an ended run."""
    task: dict[str, Any] = json.loads(response_file.read_text())["data"]
    return task


def check_cancelled_in_stop(core: Core, fleet: Fleet, response_file: Path, output: str) -> None:
    """One host was at work and finished. Another one waited for its turn and did not begin."""
    task = settled(response_file)
    check_graph(task, hosts=2)
    check_truth(task)
    assert (task["status"], task["operation"]) == ("FAILED", "CANCEL"), output
    stops = sorted((s for s in task["subtasks"] if s["name"] == STOP), key=lambda subtask: subtask["parallelIdx"])
    assert [subtask["status"] for subtask in stops] == ["SUCCESSFUL", "FAILED"], output
    assert stops[1]["error"]["code"] == "TSK10014"
    assert "startTime" not in stops[1]
    stored = task_info(task_id=1)["data"]
    assert (stored["status"], stored["operation"]) == ("FAILED", "CANCEL")
    assert [len(host.agent_names()) for host in fleet.hosts] == [0, 3]
    for host in fleet.hosts:
        host.wait_for(lambda host=host: not ours_on(host), "a process of ours is left behind")
        assert not (host.home / "run/admin.lock").exists()
    retried = core.on_task("task_retry", fleet, response_file, task_id=1)
    assert retried.status == 0, retried.output
    assert not any(fleet.agent_processes().values())


def test_sigterm_cancels_as_ctrl_c_does(
    some_way: Core, start_fleet: StartFleet, response_file: Path, at_terminal: Callable[..., Terminal]
) -> None:
    """What is at work differs with the transport: tasks in workers of Ansible, or the engine."""
    check_it_cancels(some_way, start_fleet, response_file, at_terminal, "SIGTERM")


@pytest.mark.parametrize("how", ["SIGHUP", "as timeout does", "terminal closed", "terminal of a shell closed"])
def test_a_signal_cancels_as_ctrl_c_does(
    way: Core, start_fleet: StartFleet, response_file: Path, at_terminal: Callable[..., Terminal], how: str
) -> None:
    """Where a signal comes from makes no difference once ansible-playbook has it."""
    check_it_cancels(way, start_fleet, response_file, at_terminal, how)


def check_it_cancels(
    core: Core, start_fleet: StartFleet, response_file: Path, at_terminal: Callable[..., Terminal], how: str
) -> None:
    fleet = start_fleet([HostSpec(behaviour="daemon_ignores_sigterm"), HostSpec()])
    lock = fleet.hosts[0].home / "run/admin.lock"
    run = at_terminal(
        core,
        fleet,
        response_file,
        "--forks=1",
        through_shell=how == "terminal of a shell closed",
        ocp_fanout=1,
        ocp_agent_daemon_grace=12,
    )
    wait_until(lock.exists, lambda: f"Stop has not begun: {run.output}")
    playbook = run.playbook()

    if how == "SIGTERM":
        os.kill(playbook, signal.SIGTERM)
    elif how == "SIGHUP":
        os.kill(playbook, signal.SIGHUP)
    elif how == "as timeout does":
        os.kill(playbook, signal.SIGTERM)
        os.killpg(playbook, signal.SIGTERM)
    else:
        run.close()

    status = run.wait()
    wait_until(lambda: is_gone(playbook), lambda: "the run goes on")
    if how != "terminal of a shell closed":
        assert status == 2, run.output
    if "closed" not in how:
        assert "the task is cancelled, no other host is begun" in run.output
        assert "1 host stopped, not verified; 1 host not begun" in " ".join(run.output.split())
    check_cancelled_in_stop(core, fleet, response_file, run.output)


def test_nohup_goes_on(
    way: Core, start_fleet: StartFleet, response_file: Path, at_terminal: Callable[..., Terminal]
) -> None:
    fleet = start_fleet([HostSpec(stop_seconds=3)])
    run = at_terminal(way, fleet, response_file, ignored=[signal.SIGHUP])
    wait_until((fleet.hosts[0].home / "run/admin.lock").exists, lambda: f"Stop has not begun: {run.output}")

    os.kill(run.process.pid, signal.SIGHUP)

    assert run.wait() == 0, run.output
    assert settled(response_file)["status"] == "SUCCESSFUL"
    assert not any(fleet.agent_processes().values())


def test_a_screen_that_nobody_reads_any_more(
    some_way: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    """Every write to it fails, which ends ansible-playbook. The results must be recorded all the same."""
    fleet = start_fleet([HostSpec(stop_seconds=3)])
    (host,) = fleet.hosts
    run = Running(some_way, fleet, response_file)
    wait_until((host.home / "run/admin.lock").exists, lambda: "Stop has not begun")

    assert run.process.stdout is not None
    run.process.stdout.close()
    status = run.process.wait(timeout=PATIENCE)

    wait_until(lambda: settled(response_file)["status"] != "RUNNING", lambda: "the last word was not said")
    task = settled(response_file)
    assert (status == 0) == (task["status"] == "SUCCESSFUL")
    check_truth(task)
    assert task_info(task_id=1)["data"]["status"] == task["status"]
    host.wait_for(lambda: not ours_on(host), "a process of ours is left behind")
    assert host.agent_names() == [], "what the host had begun was let finish"
    if task["status"] == "FAILED":
        assert some_way.on_task("task_retry", fleet, response_file, task_id=1).status == 0


@pytest.mark.parametrize(
    ("playbook", "words"),
    [
        ("batch_stop_agents", "2 hosts stopped, not verified"),
        ("batch_restart_agents", "2 hosts stopped, not started again"),
        ("batch_start_agents", "2 hosts started, not verified"),
    ],
)
def test_ctrl_c_behind_the_last_host_says_what_they_are(
    way: Core, start_fleet: StartFleet, response_file: Path, playbook: str, words: str
) -> None:
    starts = playbook == "batch_start_agents"
    fleet = start_fleet([HostSpec(behaviour="stopped" if starts else "normal")] * 2)
    run = Running(way, fleet, response_file, playbook=playbook)
    count = 6 if starts else 0
    run.wait_for(lambda: run.in_phase("start" if starts else "stop"), "the phase has not begun")
    with locked_database():
        run.wait_for(lambda: sum(len(host.agent_names()) for host in fleet.hosts) == count, "it has not ended")
        time.sleep(4)  # by now its barrier waits for the database
        os.killpg(run.process.pid, signal.SIGINT)
        time.sleep(1)

    ended = run.end()

    assert ended.status == 2, ended.output
    check_truth(ended.task)
    assert words in " ".join(ended.output.split())
    failed = [s for s in ended.task["subtasks"] if s["status"] == "FAILED"]
    assert {subtask["error"]["code"] for subtask in failed} == {"TSK10014"}
    if [subtask["name"] for subtask in failed] == ["Wait node"]:  # otherwise the barrier was passed before the cancel
        assert failed[0]["error"]["message"] == f"the task was cancelled. {words}"
        assert words in subtask_log(task_id=1, subtask_id=failed[0]["id"])["data"]["log"]
    assert sum(len(host.agent_names()) for host in fleet.hosts) == count


def test_a_second_ctrl_c_says_what_is_not_known(way: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(), HostSpec(stop_seconds=8)])
    first, second = fleet.hosts
    run = Running(way, fleet, response_file)
    run.wait_for(lambda: (second.home / "run/admin.lock").exists() and not first.agent_names(), "Stop has not begun")
    time.sleep(4)  # until the first host has answered
    os.killpg(run.process.pid, signal.SIGINT)
    time.sleep(0.5)
    os.killpg(run.process.pid, signal.SIGINT)

    ended = run.end()

    assert ended.status not in (0, None), ended.output
    assert ended.task["operation"] == "CANCEL"
    assert "1 host stopped, not verified; 1 host in the middle of Stop, how far is not known" in ended.output
    second.wait_for(lambda: not ours_on(second), "the host program was cut off")
