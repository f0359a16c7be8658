# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import processes as agent_processes
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.outcomes import collect, outcome
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import BY_REASON
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.interventions import rollback
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Outcome, Task

TARGET = Target(1001, "web1")
RAN = {"generation": "gen2", "user": "root", "unit": None, "programs": ["ocp_agentd"]}
TIMES = {"started_at": "2021-09-03T15:01:11+08:00", "finished_at": "2021-09-03T15:01:12+08:00"}
OF_TASK = {**TIMES, "task": 5000}


class HostVars:
    """Like Ansible's: raw_get gives a host's variables untemplated, an item would template them."""

    def __init__(self, variables: dict[str, dict[str, Any]]) -> None:
        self._variables = variables
        self.raw_get = variables.__getitem__

    def __contains__(self, host: str) -> bool:
        return host in self._variables


def test_a_success() -> None:
    told = {
        **TIMES,
        "changed": True,
        "home": "/home/admin/ocp_agent",
        "ran_as": RAN,
        "log": [[0, "SIGTERM"], [1.5, "gone"]],
    }
    assert outcome(TARGET, told) == Outcome(
        None,
        None,
        TIMES["started_at"],
        TIMES["finished_at"],
        changed=True,
        home="/home/admin/ocp_agent",
        ran_as=RAN,
        log=[(0.0, "SIGTERM"), (1.5, "gone")],
    )


def test_a_success_that_says_little() -> None:
    assert outcome(TARGET, TIMES) == Outcome(
        None, None, TIMES["started_at"], TIMES["finished_at"], changed=False, home=None, ran_as=None, log=[]
    )


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ({"unreachable": True, "msg": "no route"}, "CMP07002"),
        ({"unreachable": True, "failed": True, "reason": "locked", "msg": "no route"}, "CMP07002"),
        ({"failed": True, "timedout": {"period": 5}, "msg": "no route"}, "TSK10012"),
        ({"failed": True, "msg": "no route"}, "TSK10013"),
        ({"failed": True, "reason": "a new one", "msg": "no route"}, "TSK10013"),
        ({"failed": True, "reason": ["locked"], "msg": "no route"}, "TSK10013"),
        ({"skipped": True, "msg": "no route"}, "TSK10013"),
        ({"failed": True, "reason": "locked", "msg": "no route"}, "CMP07019"),
        ({"failed": True, "reason": "not_installed", "msg": "no route"}, "CMP07019"),
        ({"failed": True, "reason": "not_permitted", "msg": "no route"}, "IAM11000"),
        ({"failed": True, "reason": "still_running", "msg": "no route"}, "COM32001"),
        ({"failed": True, "reason": "revived", "msg": "no route"}, "COM32001"),
        ({"failed": True, "reason": "deadline", "msg": "no route"}, "TSK10012"),
        ({"failed": True, "reason": "interrupted", "msg": "no route"}, "TSK10013"),
        ({"failed": True, "reason": "invalid", "msg": "no route"}, "COM10001"),
        ({"failed": True, "reason": "cancelled", "msg": "no route"}, "TSK10014"),
        ({"failed": True, "reason": "not_ready", "msg": "no route"}, "CMP07019"),
        ({"failed": True, "reason": "control_failed", "msg": "no route"}, "CMP07019"),
        ({"failed": True, "reason": "foreign_in_unit", "msg": "no route"}, "CMP07019"),
    ],
)
def test_a_failure(result: dict[str, Any], code: str) -> None:
    found = outcome(TARGET, {**TIMES, **result})
    assert (found.code, found.message) == (code, "web1 (host id 1001): no route")
    assert (found.started, found.finished) == (TIMES["started_at"], TIMES["finished_at"])


@pytest.mark.parametrize(
    ("result", "changed"),
    [
        ({}, False),
        ({"changed": False}, False),
        ({"changed": True}, True),
        ({"failed": True, "reason": "still_running", "changed": True}, True),
        ({"failed": True, "reason": "still_running", "changed": False}, False),
        ({"failed": True, "reason": "locked"}, False),
        ({"failed": True, "reason": "not_permitted"}, False),
        ({"failed": True, "reason": "deadline", "changed": False}, None),
        ({"failed": True, "reason": "interrupted", "changed": False}, None),
        ({"failed": True, "reason": "a new one", "changed": False}, None),
        ({"failed": True, "changed": False}, None),
        ({"failed": True, "timedout": {"period": 5}, "reason": "locked"}, None),
        ({"unreachable": True, "changed": False}, None),
        ({"skipped": True, "changed": False}, None),
    ],
)
def test_who_did_not_answer_or_was_cut_off_may_have_been_changed(result: dict[str, Any], changed: bool | None) -> None:
    assert outcome(TARGET, {**TIMES, **result}).changed is changed


def test_how_the_agent_ran_is_plain() -> None:
    class Tagged(str):
        pass

    found = outcome(TARGET, {**TIMES, "ran_as": {Tagged("user"): Tagged("root"), "programs": (Tagged("ocp_agentd"),)}})
    assert found.ran_as == {"user": "root", "programs": ["ocp_agentd"]}
    assert not any(
        isinstance(text, Tagged) for text in (*found.ran_as, found.ran_as["user"], *found.ran_as["programs"])
    )


@pytest.mark.parametrize("value", ["root", ["root"], 1, None, False], ids=repr)
def test_how_the_agent_ran_in_another_form_is_not_told(value: object) -> None:
    assert outcome(TARGET, {**TIMES, "ran_as": value}).ran_as is None


@pytest.mark.parametrize(
    ("value", "log"),
    [
        ([[0, "a"], [1.25, "b"]], [(0.0, "a"), (1.25, "b")]),
        ([(0, "a")], [(0.0, "a")]),
        ([[0, 7]], [(0.0, "7")]),
        ([[0, "a"], "x", [1], [1, "b", "c"], ["1", "d"], [None, "e"], {"f": 1}], [(0.0, "a")]),
        ([], []),
        (None, []),
        ("log", []),
        ({"a": 1}, []),
        (7, []),
    ],
    ids=repr,
)
def test_the_log(value: object, log: list[tuple[float, str]]) -> None:
    assert outcome(TARGET, {**TIMES, "log": value}).log == log


def test_every_reason_has_a_code() -> None:
    """The reasons of the host program, and the one of the controller."""
    assert {"cancelled", "interrupted"} <= BY_REASON.keys(), "else the lines below read nothing"
    folder = Path(agent_processes.__file__).parent
    given = {
        reason
        for file in folder.glob("*.py")
        for reason in re.findall(r"(?:AgentError\(|Interrupted\(\w+, |reason=)\"([a-z_]+)\"", file.read_text())
    }
    assert {"invalid", "not_installed", "locked", "not_permitted", "still_running", "deadline"} <= given
    assert given <= BY_REASON.keys()


@pytest.mark.parametrize(
    "result", [{}, {"changed": True}, {"started_at": "a"}, {"finished_at": "b"}, {"started_at": "", "finished_at": ""}]
)
def test_what_does_not_say_that_it_went_well_has_failed(result: dict[str, Any]) -> None:
    """A callback, a strategy or a host's variable may have put anything there."""
    found = outcome(TARGET, result)
    assert found.code == "TSK10013"
    assert found.message == "web1 (host id 1001): the task gave no result"


def test_the_times_of_a_failure_before_any_work() -> None:
    found = outcome(TARGET, {"unreachable": True, "msg": "x"})
    assert (found.started, found.finished) == (None, None)


def test_a_message_is_text_that_any_document_can_carry() -> None:
    banner = b"\xc4\xe3".decode(errors="surrogateescape")  # GBK, as Ansible decodes it
    message = outcome(TARGET, {"unreachable": True, "msg": f"Failed to connect: {banner}"}).message
    assert message is not None
    assert message.encode("utf-8").startswith(b"web1 (host id 1001): Failed to connect: ")


def test_collect(new_task: Callable[..., Task]) -> None:
    task = new_task(3, max_fail_percentage=70)
    hostvars = HostVars(
        {
            "host0": {"prepare_result": OF_TASK, "stop_result": {"failed": True, "msg": "of another phase"}},
            "host1": {"prepare_result": {"unreachable": True, "msg": "x"}},
            "host2": {},
        }
    )
    outcomes = collect(task, "prepare", hostvars)
    assert collect(task, "stop", hostvars) == {}, "it is not due"
    assert {index: found.code for index, found in outcomes.items()} == {0: None, 1: "CMP07002"}
    task.settle("prepare", outcomes)
    assert collect(task, "prepare", hostvars) == {}, "no phase is due"
    assert task.pass_wait("prepare", "a", "b")
    assert {index: found.code for index, found in collect(task, "stop", hostvars).items()} == {0: "TSK10013"}


def test_collect_in_a_rollback_reads_the_phase_that_undoes(
    new_task: Callable[..., Task], play: Callable[..., Task]
) -> None:
    stopped = outcome(TARGET, {**TIMES, "changed": True, "ran_as": RAN})
    task = play(new_task(2), {("stop", 0): stopped, ("stop", 1): outcome(TARGET, {"failed": True})})
    rollback(task)
    hostvars = HostVars(
        {f"host{index}": {"start_result": OF_TASK, "stop_result": {"failed": True}} for index in range(2)}
    )
    assert collect(task, "stop", hostvars) == {}
    assert {index: found.code for index, found in collect(task, "start", hostvars).items()} == {0: None}
