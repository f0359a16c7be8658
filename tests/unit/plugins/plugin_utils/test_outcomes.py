# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._errors import BY_REASON
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._host_ids import Target
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._outcomes import collect, outcome
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task import Outcome, Task

TARGET = Target(1001, "web1")
TIMES = {"started_at": "2021-09-03T15:01:11+08:00", "finished_at": "2021-09-03T15:01:12+08:00"}


class HostVars:
    """As Ansible's: raw_get gives a host's variables untemplated, an item would template them."""

    def __init__(self, variables: dict[str, dict[str, Any]]) -> None:
        self.raw_get = variables.__getitem__


def test_a_success() -> None:
    assert outcome(TARGET, {**TIMES, "changed": True}) == Outcome(None, None, TIMES["started_at"], TIMES["finished_at"])


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
    ],
)
def test_a_failure(result: dict[str, Any], code: str) -> None:
    assert outcome(TARGET, {**TIMES, **result}) == Outcome(
        code, "web1 (host id 1001): no route", TIMES["started_at"], TIMES["finished_at"]
    )


def test_every_reason_has_a_code() -> None:
    assert set(BY_REASON) == {
        "invalid",
        "not_installed",
        "locked",
        "not_permitted",
        "still_running",
        "revived",
        "deadline",
        "interrupted",
    }


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
    task = new_task(3)
    hostvars = HostVars(
        {
            "host0": {"prepare_result": TIMES, "stop_result": {"failed": True, "msg": "of another phase"}},
            "host1": {"prepare_result": {"unreachable": True, "msg": "x"}},
            "host2": {},
        }
    )
    outcomes = collect(task, hostvars)
    assert {index: found.code for index, found in outcomes.items()} == {0: None, 1: "CMP07002"}
    task.settle(outcomes)
    assert collect(task, hostvars) == {}, "no phase is due"
    assert task.pass_wait("a", "b", 70) == [0]
    assert {index: found.code for index, found in collect(task, hostvars).items()} == {0: "TSK10013"}
