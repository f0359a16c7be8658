# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._host_requests import VARIABLES, HostRequests
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._operation import PHASES

ROLES = Path(__file__).resolve().parents[4] / "roles"
RAN_AS = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}
BOOT = "b0070000-0000-0000-0000-000000000000"


class HostVars(dict[str, dict[str, Any]]):
    """As Ansible's: an item has its templates evaluated, which stands for what Ansible would make of them."""

    def raw_get(self, host: str) -> dict[str, Any]:
        return self[host]["raw"] if host in self else {}


def hostvars(raw: dict[str, Any], **evaluated: Any) -> HostVars:
    return HostVars({"db1": {"raw": raw, **evaluated}})


def requests(phase: str, variables: HostVars, *, check_mode: bool = False, **known: Any) -> HostRequests:
    run = {
        "task": {"id": 7},
        "goal": "restarted",
        "timeouts": dict.fromkeys(PHASES, 77),
        "due": {phase: {"db1": {"home": None, "ran_as": None, **known}}},
    }
    return HostRequests(phase, run, variables, check_mode=check_mode)


@pytest.mark.parametrize("phase", PHASES)
def test_the_variables_are_those_of_the_roles(phase: str) -> None:
    (task,) = yaml.safe_load((ROLES / phase / "tasks" / "main.yml").read_text())
    values = task["oceanbase.ocp.agent_processes"]
    found = {name: re.fullmatch(r"\{\{ (ocp_\w+) \| default\(omit\) \}\}", str(value)) for name, value in values.items()}
    assert VARIABLES[phase] == {name: match[1] for name, match in found.items() if match}


@pytest.mark.parametrize("phase", PHASES)
def test_a_request_without_variables_has_the_defaults(phase: str) -> None:
    request = requests(phase, hostvars({})).of("db1")
    assert (request["phase"], request["home"], request["timeout"]) == (phase, "/home/admin/ocp_agent", 77)
    assert request["goal"] == ("restarted" if phase in ("prepare", "finish") else "stopped")
    assert request["check_mode"] is False
    assert (request["grace"], request["daemon_grace"], request["settle"]) == (10, 20, 3)


def test_the_variables_of_the_host() -> None:
    variables = {"ocp_agent_home": "/data/agent", "ocp_agent_grace": "3", "ocp_agent_daemon_grace": 4.5}
    request = requests("stop", hostvars(variables), check_mode=True).of("db1")
    assert (request["home"], request["grace"], request["daemon_grace"]) == ("/data/agent", 3.0, 4.5)
    assert request["check_mode"] is True


def test_a_template_is_evaluated_by_ansible() -> None:
    variables = hostvars({"ocp_agent_home": "{{ base }}/agent"}, ocp_agent_home="/data/agent")
    assert requests("stop", variables).of("db1")["home"] == "/data/agent"


def test_where_the_task_has_worked_before_counts_more_than_what_it_is_told() -> None:
    variables = hostvars({"ocp_agent_home": "/elsewhere"})
    known = {"home": "/data/agent", "ran_as": RAN_AS}
    start = requests("start", variables, **known).of("db1")
    assert (start["home"], start["ran_as"]) == ("/data/agent", RAN_AS)
    assert requests("stop", variables, **known).of("db1")["ran_as"] is None


def test_the_settle_time_counts_from_the_end_of_stop_or_start() -> None:
    stopped = {"stopped_at": 100.5, "boot_id": BOOT}
    request = requests("finish", hostvars({"stop_result": stopped})).of("db1")
    assert (request["stopped_at"], request["ready_at"], request["boot_id"]) == (100.5, None, BOOT)
    started = {"ready_at": 200.5, "boot_id": "another"}
    request = requests("finish", hostvars({"stop_result": stopped, "start_result": started})).of("db1")
    assert (request["ready_at"], request["boot_id"]) == (200.5, "another")


@pytest.mark.parametrize("value", ["soon", [], {}])
def test_a_variable_that_is_not_valid_is_an_error_of_its_host(value: Any) -> None:
    with pytest.raises(OcpError, match="grace") as caught:
        requests("stop", hostvars({"ocp_agent_grace": value}, ocp_agent_grace=value)).of("db1")
    assert caught.value.code is INVALID


def test_one_hosts_facts_are_not_anothers() -> None:
    variables = HostVars({"db1": {"raw": {"stop_result": {"stopped_at": 1.0}}}, "db2": {"raw": {}}})
    run = {
        "task": {"id": 7},
        "goal": "stopped",
        "timeouts": {"finish": 60},
        "due": {"finish": {name: {"home": None, "ran_as": None} for name in ("db1", "db2")}},
    }
    both = HostRequests("finish", run, variables, check_mode=False)
    assert [both.of(host)["stopped_at"] for host in ("db1", "db2", "db1")] == [1.0, None, 1.0]
