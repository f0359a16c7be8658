# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service in a control group. tests/program and tests/integration have hosts with systemd."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import control_group as agent_control_group
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import systemctl as agent_systemctl
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.command import OUTPUT_LIMIT
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.control_group import control_group
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.home import Home
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.log import Log
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.systemctl import SystemdError, shown_of
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.units import Unit, Units, service_of

UNIT = "ocp_agent.service"
V1 = "9:name=systemd:{0}\n8:pids:/\n1:cpu,cpuacct:/other\n0::/elsewhere\n"
V2 = "0::{0}\n"


@pytest.mark.parametrize("version", [V1, V2], ids=["v1", "v2"])
@pytest.mark.parametrize(
    ("group", "service"),
    [
        (f"/system.slice/{UNIT}", (UNIT, True)),
        (f"/system.slice/{UNIT}/below", (UNIT, True)),
        ("/system.slice/system-agent.slice/agent@1.service", ("agent@1.service", True)),
        ("/user.slice/user-0.slice/session-3.scope", (None, False)),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/agent.service", ("agent.service", False)),
        ("/user.slice/user-1000.slice/user@1000.service/init.scope", (None, False)),
        ("/", (None, False)),
        ("/system.slice/--version.service", (None, False)),
    ],
)
def test_the_service_of_a_process(
    monkeypatch: pytest.MonkeyPatch, version: str, group: str, service: tuple[str | None, bool]
) -> None:
    monkeypatch.setattr(agent_control_group, "read_proc", lambda pid, name: version.format(group).encode())
    assert service_of(4711) == service
    assert control_group(4711) == group


def test_a_group_may_have_a_colon_in_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_control_group, "read_proc", lambda pid, name: V1.format("/a:b.service/x").encode())
    assert control_group(4711) == "/a:b.service/x"


def test_a_process_that_is_gone_has_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*dummy: object) -> bytes:
        raise OSError(3, "No such process")

    monkeypatch.setattr(agent_control_group, "read_proc", gone)
    assert (control_group(1), service_of(1)) == ("", (None, False))


@pytest.mark.parametrize(
    ("mode", "takes_all"), [("control-group", True), ("mixed", True), ("", True), ("process", False), ("none", False)]
)
def test_whom_systemd_ends_together_with_the_main_process(mode: str, takes_all: bool) -> None:
    assert Unit({"Id": UNIT, "KillMode": mode}).takes_all is takes_all


def test_targets_hold_no_processes() -> None:
    unit = Unit({"Id": UNIT, "RequiredBy": "multi-user.target db.service", "BoundBy": "x.target y.service"})
    assert (unit.stopped_along, unit.bound) == (["db.service", "y.service"], ["y.service"])


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a shell script in place of systemctl."""

    def stand_in(script: str) -> None:
        program = tmp_path / "systemctl"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(agent_systemctl, "PROGRAMS_OF_SYSTEMD", (str(program),))

    return stand_in


@pytest.mark.parametrize(
    ("script", "alone"),
    [
        ("echo ActiveState=inactive; echo Id=db.service", True),
        ("echo ActiveState=active; echo Id=db.service", False),
        ("echo Failed to get properties: Connection timed out >&2; exit 1", False),
        ("exit 0", False),  # its output was lost, as on a full disk
    ],
    ids=["inactive", "active", "no answer", "empty answer"],
)
def test_a_unit_that_systemd_does_not_tell_of_counts_as_active(
    tmp_path: Path, systemd: Callable[[str], None], script: str, alone: bool
) -> None:
    systemd(script)
    units = Units(Home(str(tmp_path)), Log(), [])
    assert units.is_stopped_alone(Unit({"Id": UNIT, "RequiredBy": "db.service"})) is alone


def test_an_answer_of_systemd_counts_only_if_it_is_whole(systemd: Callable[[str], None]) -> None:
    systemd("echo Id=a.service; echo; echo Id=b.service")
    assert [shown["Id"] for shown in shown_of(["a.service", "b.service"], ["Id"])] == ["a.service", "b.service"]
    with pytest.raises(SystemdError, match="tells of 2 of 3 units"):
        shown_of(["a.service", "b.service", "c.service"], ["Id"])
    systemd(f"yes Description=long | head -c {OUTPUT_LIMIT + 1}")
    with pytest.raises(SystemdError, match="more than"):
        shown_of(["a.service"], ["Id"])
