# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login shells that do more than to run a command, and servers that hang up; judged by the hosts' process tables.

Each is run by a real sshd in place of the host's own, as ForceCommand, which stands for a login shell.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fan_out.run import wait_for
from tests.fan_out.server import Server
from tests.fleet import Fleet, Host, HostSpec
from tests.integration.cores import Core, end
from tests.integration.graph import check_truth

StartFleet = Callable[[Sequence[HostSpec]], Fleet]

SFTP = "/usr/lib/openssh/sftp-server"
RUN = '/bin/sh -c "$SSH_ORIGINAL_COMMAND"'
NOTE = 'case "$SSH_ORIGINAL_COMMAND" in *python*) echo python >>/home/ran ;; esac'
# What is run before and behind each command, here by an EXIT trap.
BEHIND = {
    "a line": f"trap 'echo bye; echo bye >&2' EXIT; {RUN}",
    "no end of a line, and its own status": f"trap 'printf bye; exit 3' EXIT; {RUN}",
    "what looks like JSON": f"trap 'echo [ {{; echo }}; exit 1' EXIT; {RUN}",
    "bytes": f"""trap 'printf "\\377\\200\\000\\033[2J"' EXIT; {RUN}""",
    "much": f"trap 'head -c 3000000 /dev/zero' EXIT; {RUN}",
    "on standard error alone, with a status of its own": f"trap 'echo bye >&2; exit 7' EXIT; {RUN}",
    "late": f"trap 'sleep 4; echo bye; exit 2' EXIT; {RUN}",
    "the status of a connection that is lost": f"trap 'echo bye; exit 255' EXIT; {RUN}",
}
TERMINAL = f"""case "$SSH_ORIGINAL_COMMAND" in {SFTP}) exec {SFTP} ;; esac
exec script -qc "$SSH_ORIGINAL_COMMAND" /dev/null"""


@contextmanager
def login_shells(hosts: Sequence[Host], shells: Sequence[str]) -> Iterator[None]:
    """The login shells of these hosts: each notes the commands, then does its own."""
    with ExitStack() as stack:
        for host, text in zip(hosts, shells, strict=True):
            path = host.path("home/login_shell")
            path.write_text(f"#!/bin/bash\n{NOTE}\n{text}\n")
            path.chmod(0o755)
            host.path("home/ran").touch()
            host.path("home/ran").chmod(0o666)
            stack.enter_context(instead(host, ForceCommand="/home/login_shell", Subsystem=f"sftp {SFTP}"))
        yield


@contextmanager
def instead(host: Host, **settings: str | list[str]) -> Iterator[Server]:
    """An sshd in place of the host's own."""
    host.stop_sshd()
    with Server(host, Port=str(host.port), **settings) as server:
        yield server


def ran(host: Host) -> int:
    """How many commands with Python in them the host has run."""
    return len(host.path("home/ran").read_text().splitlines())


@pytest.mark.parametrize("transport", ["fanout", "task"])
def test_what_a_login_shell_says_behind_the_answer(
    newest_core: Core, start_fleet: StartFleet, tmp_path: Path, transport: str
) -> None:
    """No phase runs a second time for it, and what was stopped is known: a rollback starts it again."""
    fleet = start_fleet([*[HostSpec(bystanders=False)] * len(BEHIND), HostSpec(behaviour="watchdog", bystanders=False)])
    talkative, core = fleet.hosts[: len(BEHIND)], replace(newest_core, transport=transport)
    with login_shells(talkative, list(BEHIND.values())):
        run = core.stop_fleet(fleet, tmp_path / "response.json")
        check_truth(run.task)
        stops = [run.of_host(index)["Stop"] for index in range(len(BEHIND))]
        assert {stop["status"] for stop in stops} == {"SUCCESSFUL"}, run.output
        assert run.says(f"{len(fleet.hosts)} agents stopped"), run.output
        assert run.statuses("Finish OCP agent operation") == ["SUCCESSFUL"] * len(BEHIND) + ["FAILED"], run.output
        assert not any(host.agent_names() for host in talkative)
        commands = {"fanout": 1, "task": 3}[transport]
        assert [ran(host) for host in talkative] == [commands] * len(BEHIND), "a phase has run twice"
        undone = core.on_task("task_rollback", fleet, tmp_path / "response.json", task_id=run.task["id"])
    assert [len(host.agent_names()) for host in talkative] == [3] * len(BEHIND), undone.output


# Pythons that come first in a login's PATH, under every name that Ansible looks for. Each notes that it was run.
FIRST = "/home/first"
NOTED = f"echo >> {FIRST}/ran"
PYTHONS = {
    "a banner": f"#!/bin/sh\n{NOTED}\necho Welcome\nexec {{real}} \"$@\"\n",
    "exits": f"#!/bin/sh\n{NOTED}\nexit 1\n",
    "hangs": f"#!/bin/sh\n{NOTED}\nexec sleep 100\n",
    "another machine's": "",
}
NAMES = ["python", "python2", "python3", *(f"python3.{minor}" for minor in range(6, 17))]


def put_first(host: Host, kind: str) -> None:
    """Install a Python of such a kind. That of another machine is a program of this one, but for two bytes."""
    folder = host.path("home/first")
    folder.mkdir()
    (folder / "ran").touch()
    content = PYTHONS[kind].format(real=os.path.realpath(sys.executable)).encode()
    if not content:
        true = Path("/bin/true").read_bytes()
        content = true[:18] + b"\xf7\x00" + true[20:]
    for name in NAMES:
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o755)


# How often each Python runs: the fan-out asks once, a task by the host program and by the module.
RUNS = {"fanout": [1, 1, 1, 0], "auto": [1, 3, 1, 0], "task": [3, 2, 1, 0]}


@pytest.mark.parametrize("transport", RUNS)
def test_a_broken_python_that_comes_first(
    newest_core: Core, start_fleet: StartFleet, tmp_path: Path, transport: str
) -> None:
    """It fails its host in the time of the phase, and is not run at all where Ansible is told another one."""
    fleet = start_fleet([HostSpec(bystanders=False)] * len(PYTHONS))
    kept = [line for line in fleet.inventory.read_text().splitlines() if "ansible_python_interpreter" not in line]
    fleet.inventory.write_text("\n".join(kept) + "\n")
    for host, kind in zip(fleet.hosts, PYTHONS, strict=True):
        put_first(host, kind)
    core, response = replace(newest_core, transport=transport), tmp_path / "response.json"
    options: dict[str, Any] = {"ocp_max_fail_percentage": 90, "ocp_prepare_timeout": 20}
    with login_shells(fleet.hosts, [f"export PATH={FIRST}:$PATH; {RUN}"] * len(PYTHONS)):
        run = core.stop_fleet(fleet, response, **options)
        check_truth(run.task)
        errors = [run.of_host(index)["Prepare"].get("error", {}).get("code") for index in range(len(PYTHONS))]
        assert errors == [None, "TSK10013", "TSK10012", "TSK10013"], run.output
        assert [len(host.agent_names()) for host in fleet.hosts] == [0, 3, 3, 3]
        runs = [len(host.path("home/first/ran").read_text()) for host in fleet.hosts]
        assert all(count <= most for count, most in zip(runs, RUNS[transport], strict=True)), runs

        ids = {"host_ids": [host.host_id for host in fleet.hosts]}
        told = {"ANSIBLE_PYTHON_INTERPRETER": os.path.realpath(sys.executable)}
        run = core.stop_agents(fleet.inventory, response, {**ids, **options}, **told)
        assert run.status == 0, run.output
        assert not any(host.agent_names() for host in fleet.hosts)
        assert [len(host.path("home/first/ran").read_text()) for host in fleet.hosts] == runs


@pytest.mark.parametrize("transport", ["auto", "task"])
def test_a_login_shell_that_puts_a_terminal_around_everything(
    newest_core: Core, start_fleet: StartFleet, tmp_path: Path, transport: str
) -> None:
    """Ansible itself works there, as long as it is not to send modules on standard input."""
    fleet = start_fleet(
        [
            HostSpec(bystanders=False),
            HostSpec(bystanders=False, user="admin", variables={"ansible_become": True}),
            HostSpec(bystanders=False, variables={"ansible_pipelining": True}),
        ]
    )
    core = replace(newest_core, transport=transport)
    begun = time.monotonic()
    with login_shells(fleet.hosts, [TERMINAL] * 3):
        run = core.stop_fleet(fleet, tmp_path / "response.json")
    assert run.status == 0, run.output
    check_truth(run.task)
    assert not any(host.agent_names() for host in fleet.hosts)
    assert time.monotonic() - begun < 60, "a host has waited for its timeout"
    if transport == "auto":
        assert run.says("standard input is a terminal there")


@pytest.mark.parametrize("transport", ["fanout", "task"])
def test_a_server_that_hangs_up_is_tried_again(
    newest_core: Core, start_fleet: StartFleet, tmp_path: Path, transport: str
) -> None:
    """MaxStartups: somebody else holds the only handshake until one was dropped."""
    fleet = start_fleet([HostSpec(bystanders=False)])
    (host,) = fleet.hosts
    core, response_file = replace(newest_core, transport=transport), tmp_path / "response.json"
    with instead(host, MaxStartups="1:100:1", LogLevel="DEBUG1") as server:
        with socket.create_connection((host.address, host.port)) as held:
            assert held.recv(4) == b"SSH-"
            process = core.start(fleet.inventory, response_file, {"host_ids": [host.host_id]})
            wait_for(lambda: "drop connection" in server.said(), "no handshake is dropped", 60)
        run = end(process, response_file)
    assert run.status == 0, run.output
    assert run.task["status"] == "SUCCESSFUL"
    assert not host.agent_names()
