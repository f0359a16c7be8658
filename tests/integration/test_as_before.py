# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollback and restart restore how an agent ran, and only its host sees its secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tests.fleet import Fleet, Host, HostSpec
from tests.integration.cores import Core

AGENT = ["ocp_agentd", "ocp_mgragent", "ocp_monagent"]
SECRET = "s3cret-0f-the-agent"
LIKE_A_SITE = 'umask 0027; ulimit -n 12345; echo 500 > /proc/self/oom_score_adj; cd /tmp; exec "$@"'


def how(host: Host) -> dict[str, tuple[str, ...]]:
    """A site's settings, as the processes of the agent have them."""
    found = {}
    for process in host.agent_processes():
        proc = Path(f"/proc/{process.pid}")
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        (files,) = [line[26:] for line in (proc / "limits").read_text().splitlines() if line.startswith("Max open")]
        environment = (proc / "environ").read_text().split("\0")
        ours = sorted(entry for entry in environment if entry.startswith(("TZ=", "OCP_TOKEN=", "SSH_")))
        score = (proc / "oom_score_adj").read_text().strip()
        found[process.comm] = (status["Umask"].strip(), *files.split()[:2], score, str(ours), status["Groups"].strip())
    return found


def test_rollback_and_restart(
    newest_way: Core, start_fleet: Callable[[Sequence[HostSpec]], Fleet], tmp_path: Path
) -> None:
    fleet = start_fleet([HostSpec(behaviour="stopped"), HostSpec(behaviour="watchdog")])
    host, response = fleet.hosts[0], tmp_path / "response.json"
    variables = ("env", "TZ=Asia/Shanghai", f"OCP_TOKEN={SECRET}", "SSH_CLIENT=1.2.3.4 5 6")
    groups = ("setpriv", "--groups", "5001,5002")
    host.spawn(*variables, *groups, "sh", "-c", LIKE_A_SITE, "sh", *host.agent_command())
    host.wait_for(host.serves, "the agent has not started")
    before = {name: tuple(text.replace(", 'SSH_CLIENT=1.2.3.4 5 6'", "") for text in each) for name, each in how(
        host).items()}
    assert sorted(before) == AGENT

    outputs = []
    options = {"ocp_task_store": f"sqlite:///{tmp_path}/store/tasks.sqlite", "ocp_max_fail_percentage": 50}
    stopped = newest_way.stop_fleet(fleet, response, "-vvv", **options)
    assert (stopped.task["status"], host.agent_names()) == ("FAILED", []), stopped.output
    undone = newest_way.on_task("task_rollback", fleet, response, "-vvv", task_id=stopped.task["id"], **options)
    assert (undone.status, how(host)) == (0, before), undone.output
    outputs += [stopped.output, undone.output]
    ids = [host.host_id]
    again = newest_way.on_fleet("batch_restart_agents", fleet, response, "-vvv", host_ids=ids, **options)
    assert (again.status, how(host)) == (0, before), again.output
    assert "does not run in all as it did" not in again.output + undone.output
    outputs += [again.output, response.read_text()]

    assert not any(SECRET in text for text in outputs)
    kept = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
    assert any(b"limit_nofile=12345%2012345" in path.read_bytes() for path in kept)
