# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start and restart on hosts after a crash, or with an agent that lives and does not serve."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.fleet import Fleet, HostSpec
from tests.integration.cores import Core
from tests.integration.graph import check_truth

StartFleet = Callable[[Sequence[HostSpec]], Fleet]
CRASHES = ["crashed", "orphans", "stale_pid_file", "other_daemon_in_pid_file", "stale_lock", "run_dir"]


@pytest.mark.parametrize("operation", ["batch_start_agents", "batch_restart_agents"])
@pytest.mark.parametrize("generation", ["gen2", "obagent"])
def test_after_a_crash(
    newest_way: Core, start_fleet: StartFleet, response_file: Path, operation: str, generation: str
) -> None:
    fleet = start_fleet([HostSpec(generation=generation, behaviour=behaviour) for behaviour in CRASHES])
    run = newest_way.on_fleet(operation, fleet, response_file)
    assert run.status == 0, run.output
    assert run.task["status"] == "SUCCESSFUL"
    check_truth(run.task)
    for host in fleet.hosts:
        assert host.serves(), (host.spec.behaviour, host.agent_names())


def test_a_child_whose_port_is_taken(newest_way: Core, start_fleet: StartFleet, response_file: Path) -> None:
    fleet = start_fleet([HostSpec(generation="obagent", behaviour="child_not_serving")])
    (host,) = fleet.hosts
    for operation in ("batch_start_agents", "batch_restart_agents"):
        run = newest_way.on_fleet(operation, fleet, response_file, ocp_max_fail_percentage=0)
        assert run.status != 0, run.output
        assert run.task["status"] == "FAILED"
        assert "ob_monagent (pid " in run.output
        assert "does not serve: there is no run/ob_monagent." in run.output
    assert host.stranger is not None
    assert host.alive(host.stranger)


def test_nobody_starts_the_agent_while_it_is_stopped(
    newest_way: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    """The control program of the agent's user takes root's lock for stale, since it cannot look at the owner."""
    spec = HostSpec(generation="obagent", agent_user="admin", behaviour="daemon_ignores_sigterm", bystanders=False)
    fleet = start_fleet([spec])
    (host,) = fleet.hosts
    control = f"{spec.home}/{host.generation.control}"
    (daemon,) = (process for process in host.agent_processes() if process.comm == "ob_agentd")
    tries: list[int] = []

    def start_again_and_again() -> None:
        host.wait_for((host.run_folder / "admin.lock").exists, "no lock")
        tries.extend(host.run(control, "start", user="admin", check=False).returncode for dummy in range(5))
        host.send(daemon, signal.SIGKILL)

    thread = threading.Thread(target=start_again_and_again)
    thread.start()
    run = newest_way.on_fleet("batch_stop_agents", fleet, response_file, ocp_agent_daemon_grace=30)
    thread.join()
    assert tries == [255] * 5
    assert run.status == 0, run.output
    assert host.agent_names() == []


def test_a_command_of_somebody_else_is_waited_for(
    newest_way: Core, start_fleet: StartFleet, response_file: Path
) -> None:
    fleet = start_fleet([HostSpec(behaviour="live_lock")])
    (host,) = fleet.hosts
    control = f"{host.spec.home}/{host.generation.control}"
    (owner,) = (process for process in host.processes() if process.exe == control)
    ending = threading.Timer(6, host.send, (owner, signal.SIGTERM))
    ending.start()
    run = newest_way.on_fleet("batch_stop_agents", fleet, response_file)
    ending.join()
    assert run.status == 0, run.output
    assert host.agent_names() == []
