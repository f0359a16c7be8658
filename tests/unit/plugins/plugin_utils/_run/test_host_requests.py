# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.host_requests import HostRequests
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.host_results import Results
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import INVALID, OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import BY_PHASE, PHASES

ROLES = Path(__file__).resolve().parents[5] / "roles"
RAN_AS = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}
BOOT = "b0070000-0000-0000-0000-000000000000"


class Variables:
    """The variables of one host, as TaskVariables gives them, and the results that phases have registered on it."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given

    def of(self, host: str) -> dict[str, Any]:
        assert host == "db1"
        return self._given

    def value(self, host: str, name: str) -> Any:
        return self.of(host)[name]

    def __contains__(self, host: str) -> bool:
        return host == "db1"

    def raw_get(self, host: str) -> dict[str, Any]:
        return self._given if host == "db1" else {}


def run_of(goal: str, due: dict[str, Any]) -> Any:
    task = SimpleNamespace(id=7, what=SimpleNamespace(goal=goal), timeouts=dict.fromkeys(PHASES, 77))
    return SimpleNamespace(the_task=task, due=due)


def requests(phase: str, given: dict[str, Any], *, check_mode: bool = False, **known: Any) -> HostRequests:
    run = run_of("restarted", {phase: {"db1": known}})
    variables: Any = Variables(given)
    return HostRequests(phase, PHASES, run, variables, Results(variables, 7), check_mode=check_mode)


def request_of(phase: str, given: dict[str, Any], *, check_mode: bool = False, **known: Any) -> dict[str, Any]:
    found = requests(phase, given, check_mode=check_mode, **known)
    assert not found.is_in(None)
    return found.of("db1", found.note("db1"))


@pytest.mark.parametrize("phase", PHASES)
def test_the_variables_are_those_of_the_roles(phase: str) -> None:
    (task,) = yaml.safe_load((ROLES / phase / "tasks" / "main.yml").read_text())
    variable = re.compile(r"\{\{ (ocp_\w+) \| default\(omit\) \}\}")
    found = {name: variable.fullmatch(str(value)) for name, value in task["oceanbase.ocp.agent_processes"].items()}
    assert BY_PHASE[phase].options == {name: match[1] for name, match in found.items() if match}


@pytest.mark.parametrize("phase", PHASES)
def test_a_request_without_variables_has_the_defaults(phase: str) -> None:
    request = request_of(phase, {})
    assert (request["phase"], request["home"], request["timeout"]) == (phase, "/home/admin/ocp_agent", 77)
    assert request["goal"] == ("restarted" if phase in ("prepare", "finish") else "stopped")
    assert request["check_mode"] is False
    assert (request["grace"], request["daemon_grace"], request["settle"]) == (10, 20, 3)


def test_the_variables_of_the_host() -> None:
    variables = {"ocp_agent_home": "/data/agent", "ocp_agent_grace": "3", "ocp_agent_daemon_grace": 4.5}
    request = request_of("stop", variables, check_mode=True)
    assert (request["home"], request["grace"], request["daemon_grace"]) == ("/data/agent", 3.0, 4.5)
    assert request["check_mode"] is True


def test_where_the_task_has_worked_before_counts_more_than_what_it_is_told() -> None:
    variables = {"ocp_agent_home": "/elsewhere"}
    known = {"home": "/data/agent", "ran_as": RAN_AS}
    start = request_of("start", variables, **known)
    assert (start["home"], start["ran_as"]) == ("/data/agent", RAN_AS)
    assert request_of("stop", variables, **known)["ran_as"] is None


def test_the_settle_time_counts_from_the_end_of_stop_or_start() -> None:
    stopped = {"task": 7, "stopped_at": 100.5, "boot_id": BOOT}
    request = request_of("finish", {"stop_result": stopped})
    assert (request["stopped_at"], request["ready_at"], request["boot_id"]) == (100.5, None, BOOT)
    started = {"task": 7, "ready_at": 200.5, "boot_id": "another"}
    request = request_of("finish", {"stop_result": stopped, "start_result": started})
    assert (request["ready_at"], request["boot_id"]) == (200.5, "another")


@pytest.mark.parametrize("value", ["soon", [], {}])
def test_a_variable_that_is_not_valid_is_an_error_of_its_host(value: Any) -> None:
    with pytest.raises(OcpError, match="grace") as caught:
        requests("stop", {"ocp_agent_grace": value}).note("db1")
    assert caught.value.code is INVALID


def test_one_request_is_not_anothers() -> None:
    both = requests("finish", {"stop_result": {"task": 7, "stopped_at": 1.0}})
    note = both.note("db1")
    first = both.of("db1", note)
    first["home"] = "/elsewhere"
    assert both.of("db1", note)["home"] == "/home/admin/ocp_agent"


# The first phase looks up values for the later ones


class Controller:
    """Localhost, on which a fan-out without answers is registered. It knows no other host."""

    def __contains__(self, host: str) -> bool:
        return host == "db1"

    def raw_get(self, host: str) -> dict[str, Any]:
        assert host == "localhost", "that would look up all of its variables"
        registered = {"task": 7, "phase": "last", "answers": {}, "rest": {}, "earlier": "{}"}
        return {"ocp_fan_outs": registered}


class Unasked:
    """Variables of hosts that must not be read."""


def later(phase: str, phases: tuple[str, ...] = ("prepare", "stop", "finish"), task_id: int = 7) -> HostRequests:
    run = run_of("stopped", {phase: {"db1": {"home": "/data/agent"}}})
    run.the_task.id = task_id
    unasked: Any = Unasked()
    return HostRequests(phase, phases, run, unasked, Results(Controller(), task_id), check_mode=False)


def test_a_later_phase_looks_up_nothing() -> None:
    variables = {"ocp_agent_grace": 3, "ocp_agent_settle": "1.5"}
    note = json.loads(json.dumps(requests("prepare", variables).note("db1")))
    stop, finish = later("stop"), later("finish")
    assert stop.is_in(note)
    assert finish.is_in(note)
    assert stop.of("db1", note) == {**request_of("stop", variables), "home": "/data/agent"}
    assert finish.of("db1", note) == {**request_of("finish", variables), "home": "/data/agent"}


def test_what_is_not_valid_for_a_later_phase_is_left_to_it() -> None:
    note = requests("prepare", {"ocp_agent_grace": "soon"}).note("db1")
    assert not later("stop").is_in(note)
    assert later("finish").is_in(note)


def test_what_another_task_has_noted_says_nothing() -> None:
    assert not later("stop", task_id=6).is_in(requests("prepare", {}).note("db1"))
