# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook agent_status: what it tells of hosts of every kind, and that it changes nothing on any of them."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from oceanbase_ocp import agent_info, host_agent, host_agent_processes
from tests.fleet import Fleet, Host, HostSpec
from tests.integration.cores import Core, Run, end

FIXTURES = Path(__file__).resolve().parents[1] / "unit/fixtures"
WRONG = {"ocp_agent_home": "/home/admin/agent_of_another_site"}
SPECS = [
    HostSpec(behaviour="sshd_down"),
    HostSpec(variables=WRONG),
    HostSpec(behaviour="no_agent"),
    HostSpec(behaviour="orphans"),
    HostSpec(behaviour="no_privilege"),
    HostSpec(behaviour="stranger_in_pid_file"),
    HostSpec(behaviour="live_lock"),
    HostSpec(generation="gen1"),
    HostSpec(),
    HostSpec(),
    HostSpec(),
]
STATES = ["unreachable", "no agent", "no agent", "not ready", "unknown", "not ready", *["ready"] * 5]


def kinds(shown: dict[str, Any]) -> set[str]:
    return {finding["kind"] for finding in shown["findings"]}


def snapshot(host: Host) -> Any:
    """The agent's files and everybody who lives on a host, but for those who come and go with a connection."""
    home = host.path("home/admin")
    files = {
        str(path.relative_to(home)): (path.lstat().st_ino, path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in home.rglob("*")
        if "/log/" not in str(path) and "/.ansible" not in str(path)
    }
    return files, host.agent_processes()


def ask(core: Core, inventory: Path, response_file: Path, *arguments: str, **extra: Any) -> Run:
    response_file.unlink(missing_ok=True)
    return end(core.start(inventory, response_file, extra, *arguments, playbook="agent_status"), response_file)


def test_it_tells_what_is_there_and_changes_nothing(
    newest_core: Core, start_fleet: Callable[[Sequence[HostSpec]], Fleet], response_file: Path
) -> None:
    fleet = start_fleet(SPECS)
    before = [snapshot(host) for host in fleet.hosts]
    for transport in ("fanout", "task"):
        run = ask(newest_core, fleet.inventory, response_file, ocp_transport=transport)
        assert run.status == 0, run.output
        contents = run.task["contents"]
        assert [shown["host"] for shown in contents] == [host.name for host in fleet.hosts]
        assert [shown["state"] for shown in contents] == STATES, run.output
        down, wrong, none, orphans, forbidden, lies, locked, gen1, *plain = contents
        assert kinds(down) == {"unreachable"}
        assert {finding["stop"].partition(";")[2].rpartition("=")[2] for finding in wrong["findings"]} >= {
            "/home/admin/ocp_agent",
            "/home/admin/other",
        }
        assert kinds(none) == {"not_installed", "other_home"}
        assert kinds(orphans) >= {"orphan", "pid_file"}
        assert kinds(forbidden) >= {"not_permitted"}
        assert kinds(lies) >= {"pid_file", "not_ready"}
        assert kinds(locked) == {"locked", "other_home"}
        assert locked["lock"]["exe"].endswith("/ocp_agentctl")
        assert (gen1["generation"], gen1["managerPort"]) == ("gen1", "62888")
        for shown in plain:
            assert [shown[key] for key in ("status", "managerPort", "monitorPort")] == ["AVAILABLE", "62888", "62889"]
            assert kinds(shown) == {"other_home"}
        table = [line for line in run.output.splitlines() if line.startswith(("HOSTS ", "db")) and " ok=" not in line]
        assert table[1].split()[:2] == [fleet.hosts[0].name, "unreachable"]
        assert table[-1].startswith("db[009:011] (3)  ready ")
        assert "A stop would fail on 5 of them" in run.output
    assert [snapshot(host) for host in fleet.hosts] == before

    # A limit may leave out localhost, patterns choose, and JSON may be had on the screen.
    run = ask(newest_core, fleet.inventory, response_file, "--limit=db010", ocp_status_format="json")
    assert [shown["host"] for shown in run.task["contents"]] == ["db010"]
    assert '"alias": "ocp_mgragent"' in run.output
    bindings = response_file.with_name("roles.yml")
    bindings.write_text(yaml.safe_dump({"HOST_VIEWER": {"users": [getpass.getuser()]}}))
    given: dict[str, Any] = {"ocp_hosts": "db[009:011]:!db010", "ocp_role_bindings": str(bindings)}
    run = ask(newest_core, fleet.inventory, response_file, "--check", **given)
    assert (run.status, run.response) == (0, None), run.output
    assert "2 hosts: 2 ready." in run.output

    from_python(fleet)
    bindings.write_text(yaml.safe_dump({"TASK_MANAGER": {"users": [getpass.getuser()]}}))
    run = ask(newest_core, fleet.inventory, response_file, ocp_role_bindings=str(bindings))
    assert (run.status, run.error["code"]) == (2, "IAM11000")


def from_python(fleet: Fleet) -> None:
    """The Python API gives what OCP would, in the very shape of its own answers."""
    given: dict[str, Any] = {"inventory": str(fleet.inventory)}
    down, gen2, gen1 = fleet.hosts[0].host_id, fleet.hosts[8].host_id, fleet.hosts[7].host_id
    listed = agent_info([gen2, down], **given)
    assert [shown["state"] for shown in listed["data"]["contents"]] == ["ready", "unreachable"]
    sample = json.loads((FIXTURES / "agent-detail-gen2.json").read_text())
    detail = host_agent(gen2, **given)
    same_shape(detail, sample)
    assert {process["alias"] for process in detail["data"]["processes"]} == {
        process["alias"] for process in sample["data"]["processes"]
    }
    answer = host_agent_processes(gen1, **given)
    same_shape(answer, json.loads((FIXTURES / "agent-processes-gen1.json").read_text()))
    assert answer["data"]["page"]["totalElements"] == len(answer["data"]["contents"]) == 4
    assert host_agent(down, **given)["error"]["code"] == "CMP07002"
    orphans = host_agent(fleet.hosts[3].host_id, **given)["data"]["processes"]
    assert {process["alias"]: process["status"] for process in orphans} == {
        "ocp_agentd": "STOPPED",
        "ocp_mgragent": "STARTED",
        "ocp_monagent": "STARTED",
    }


def same_shape(answer: object, sample: object) -> None:
    """The same keys everywhere; of lists the first item counts."""
    if isinstance(sample, dict):
        assert isinstance(answer, dict)
        assert set(answer) == set(sample)
        for key, value in sample.items():
            same_shape(answer[key], value)
    elif isinstance(sample, list):
        assert isinstance(answer, list)
        same_shape(answer[0], sample[0])
