# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Full hosts: their properties, and a takedown without traces."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fleet import Fleet, FleetError, Host, HostSpec, full, processes, state, takedown
from tests.fleet.test_fleet import ROOT, processes_in

FULL = HostSpec(behaviour="stopped", full=True, bystanders=False)

pytestmark = [
    pytest.mark.fleet,
    pytest.mark.skipif(full.why_not() is not None, reason=str(full.why_not())),
]


def groups(host: Host) -> list[Path]:
    return [group for group in full.control_groups(host.folder) if group.exists()]


def test_full_and_light_hosts_in_one_fleet(tmp_path: Path) -> None:
    with Fleet.start([FULL, HostSpec(bystanders=False), FULL], tmp_path / "fleet") as fleet:
        first, light, second = fleet.hosts
        for host in (first, second):
            assert host.run("ps", "-o", "comm=", "-p", "1").stdout == "systemd\n"
            assert host.run("hostname").stdout == f"{host.name}\n"
            assert not host.agent_processes()
            found = subprocess.run(
                host.ssh_command("cat", "/proc/self/cgroup"), capture_output=True, text=True, check=True
            )
            assert "/user.slice/user-0.slice/session-" in found.stdout, "a login has a scope of its own"
            host.run(f"{host.spec.home}/bin/ocp_agentctl", "start")
            assert len(host.agent_processes()) == 3
            assert groups(host)
        assert first.namespace != second.namespace
        assert len(light.agent_processes()) == 3
        (first.path("/root/mine")).write_text("")
        assert second.run("ls", "/root/mine", check=False).returncode != 0
        assert fleet.inventory.read_text().count("ansible_host:") == 3
    assert not any(host.up for host in fleet.hosts)
    assert not groups(first) + groups(second)
    assert list(tmp_path.iterdir()) == []


def test_what_a_full_host_changes_is_gone_with_it(tmp_path: Path) -> None:
    for dummy in range(2):
        with Fleet.start([FULL], tmp_path / "fleet") as fleet:
            assert fleet.hosts[0].run("ls", "/etc/mine", check=False).returncode != 0
            fleet.hosts[0].run("touch", "/etc/mine")


@pytest.mark.parametrize("moment", ["runtime", "recorded", "inventory.yml"])
def test_down_after_the_starter_was_killed_half_way(tmp_path: Path, moment: str) -> None:
    full.root()
    folder = tmp_path / "fleet"
    code = (
        "from tests.fleet import Fleet, HostSpec; "
        f"Fleet.start([HostSpec(behaviour='stopped', full=True)] * 2, {str(folder)!r})"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as starter:
        while not (folder / moment).exists() and starter.poll() is None:
            time.sleep(0.002)
        starter.kill()
    assert takedown.take_down(folder) == []
    deadline = time.monotonic() + 10
    while processes_in(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert processes_in(folder) == []
    assert not [name for name in os.listdir("/proc") if name.isdigit() and _boots(name, folder)]
    assert not folder.exists()


def test_down_of_a_host_whose_init_nobody_has_written_down(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    fleet = Fleet.start([FULL], folder)
    (host,) = fleet.hosts
    ours = full.members(host.folder)
    assert host.init in ours
    (record,) = state.read(folder) or []
    state.write(folder, [{**record, "init": [0, 0]}])
    assert takedown.take_down(folder) == []
    assert [process for process in ours if processes.alive(*process)] == []
    assert groups(host) == []
    fleet.stop()


def _boots(pid: str, folder: Path) -> bool:
    """Whether that process is a systemd-nspawn of a fleet in this folder."""
    try:
        return os.fsencode(folder) in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_behaviour_that_needs_a_running_agent(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match="full host"):
        Fleet.start([HostSpec(full=True)], tmp_path / "fleet")
