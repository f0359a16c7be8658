# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent outlives the session that started it, on hosts whose systemd-logind ends the processes of a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet import Fleet, Host, HostSpec, full
from tests.integration.cores import Core, Run

pytestmark = pytest.mark.xdist_group("sessions")

AGENT = ["ocp_agentd", "ocp_mgragent", "ocp_monagent"]
LOGIND = "[Login]\nKillUserProcesses=yes\nKillExcludeUsers=nobody\nRemoveIPC=yes\n"
ROOT, LINGERING, ENDED = range(3)  # the user who works on the host, by index of the host
USERS = ("root", "admin", "admin")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    reason = full.why_not()
    if reason:
        pytest.skip(reason)
    specs = [HostSpec(behaviour="stopped", full=True, agent_user=user, user=user, bystanders=False) for user in USERS]
    with Fleet.start(specs, tmp_path_factory.mktemp("sessions") / "fleet") as made:
        for host in made.hosts:
            Path(f"/proc/{host.init[0]}/root/etc/systemd/logind.conf").write_text(LOGIND)
            host.run("systemctl", "restart", "systemd-logind")
        made.hosts[LINGERING].run("loginctl", "enable-linger", "admin")
        yield made


def sessions_gone(host: Host) -> bool:
    shown = json.loads(host.run("loginctl", "list-sessions", "--output=json").stdout)
    return not [session for session in shown if session.get("class", "user").startswith("user")]


def assert_outlived(fleet: Fleet, run: Run) -> None:
    for host in fleet.hosts[:ENDED]:
        host.wait_for(lambda host=host: sessions_gone(host), "a session goes on")  # type: ignore[misc]
        assert host.agent_names() == AGENT, run.output
        groups = {Path(f"/proc/{process.pid}/cgroup").read_text() for process in host.agent_processes()}
        assert all("/session-" not in group and "/ocp-agent-" in group for group in groups), groups


def test_an_agent_outlives_the_session_that_has_started_it(fleet: Fleet, newest_core: Core, tmp_path: Path) -> None:
    response = tmp_path / "response.json"
    run = newest_core.on_fleet("batch_start_agents", fleet, response, ocp_max_fail_percentage=50)
    assert_outlived(fleet, run)
    assert run.statuses("Finish OCP agent operation") == ["SUCCESSFUL", "SUCCESSFUL", "PENDING"], run.output
    # an agent that would not survive is refused before anything is done
    prepare = run.of_host(ENDED)["Prepare"]
    assert prepare["error"]["code"] == "IAM11000", run.output
    assert "KillUserProcesses=yes" in prepare["error"]["message"]
    assert fleet.hosts[ENDED].agent_names() == []

    before = {process for host in fleet.hosts for process in host.agent_processes()}
    ids = [host.host_id for host in fleet.hosts[:ENDED]]
    run = newest_core.on_fleet("batch_restart_agents", fleet, response, host_ids=ids)
    assert run.status == 0, run.output
    assert_outlived(fleet, run)
    assert not before & {process for host in fleet.hosts for process in host.agent_processes()}
