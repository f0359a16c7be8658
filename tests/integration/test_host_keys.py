# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No host is stopped whose key shows that it is another, and the message about an unreachable host is precise."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.fan_out.server import set_password
from tests.fleet import Fleet, HostSpec
from tests.integration.cores import Core

StartFleet = Callable[[Sequence[HostSpec]], Fleet]
PASSWORD = "a secret of the tests"


@pytest.fixture
def control_paths() -> Iterator[str]:
    """A folder for the sockets of open connections. Its path is short, since theirs have to be."""
    with tempfile.TemporaryDirectory() as folder:
        yield folder


def leave_a_connection_open(core: Core, fleet: Fleet, control_paths: str) -> None:
    """Leave a connection open, as any other run of Ansible does."""
    command = [core.bin / "ansible", "all", f"--inventory={fleet.inventory}", "--module-name=ansible.builtin.raw"]
    subprocess.run(
        [*command, "--args=true"],
        env=core.environment(ANSIBLE_SSH_CONTROL_PATH_DIR=control_paths),
        check=True,
        capture_output=True,
    )
    assert list(Path(control_paths).iterdir()), "it has left none"


def believe(fleet: Fleet, folder: Path, text: str) -> None:
    """Write known_hosts lines about the fleet's host. KEY stands for a key that is not the host's."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "other"], check=True)
    host = fleet.hosts[0]
    own = " ".join((fleet.state_dir / "runtime/host_key.pub").read_text().split()[:2])
    other = " ".join((folder / "other.pub").read_text().split()[:2])
    text = text.replace("NAME", f"[{host.address}]:2222").replace("OWN", own).replace("OTHER", other)
    (fleet.state_dir / "known_hosts").write_text(text)


@pytest.mark.parametrize("transport", ["auto", "fanout", "task"])
@pytest.mark.parametrize("known", ["NAME OTHER\n", "NAME OWN\n@revoked * OWN\n"], ids=["another", "revoked"])
def test_a_key_that_contradicts_a_known_one(
    core: Core, start_fleet: StartFleet, tmp_path: Path, control_paths: str, transport: str, known: str
) -> None:
    """The result is the same while another run's connection is open, over which ssh checks no key."""
    fleet = start_fleet([HostSpec(bystanders=False)])
    (host,) = fleet.hosts
    before = host.agent_names()
    leave_a_connection_open(core, fleet, control_paths)
    believe(fleet, tmp_path, known)

    run = core.stop_agents(
        fleet.inventory,
        tmp_path / "response.json",
        {"host_ids": [host.host_id], "ocp_transport": transport},
        ANSIBLE_SSH_CONTROL_PATH_DIR=control_paths,
    )

    assert run.status == 2, run.output
    error = run.of_host(0)["Prepare"]["error"]
    assert error["code"] == "CMP07002"
    assert "Host key verification failed" in error["message"]
    if transport != "task":
        assert "SHA256:" in error["message"]
        assert f"{fleet.state_dir}/known_hosts:{len(known.splitlines())}" in error["message"]
        assert "1 host by task" not in run.output
    assert host.agent_names() == before
    assert before


def test_the_users_own_name_for_connections_counts(
    newest_core: Core, start_fleet: StartFleet, tmp_path: Path, control_paths: str
) -> None:
    """Users who name connections themselves share them, as with ssh."""
    fleet = start_fleet([HostSpec(bystanders=False)])
    run = newest_core.stop_agents(
        fleet.inventory,
        tmp_path / "response.json",
        {"host_ids": [fleet.hosts[0].host_id], "ocp_transport": "task"},
        ANSIBLE_SSH_CONTROL_PATH_DIR=control_paths,
        ANSIBLE_SSH_CONTROL_PATH="%(directory)s/mine",
    )
    assert run.status == 0, run.output
    assert [path.name for path in Path(control_paths).iterdir()] == ["mine"]


def test_the_phases_of_a_run_share_a_connection(
    core: Core, start_fleet: StartFleet, tmp_path: Path, control_paths: str
) -> None:
    fleet = start_fleet([HostSpec(bystanders=False)] * 2)
    for _run in range(2):
        run = core.stop_agents(
            fleet.inventory,
            tmp_path / "response.json",
            {"host_ids": [host.host_id for host in fleet.hosts], "ocp_transport": "task"},
            ANSIBLE_SSH_CONTROL_PATH_DIR=control_paths,
        )
        assert run.status == 0, run.output
    assert len(list(Path(control_paths).iterdir())) == 4, "one for each host and run"


def test_the_better_diagnosis_is_kept(core: Core, start_fleet: StartFleet, tmp_path: Path) -> None:
    """The fan-out's finding about a host is in the message if the host's own task does not reach it either."""
    fleet = start_fleet([HostSpec(bystanders=False)])
    believe(fleet, tmp_path, "\n")
    run = core.stop_fleet(fleet, tmp_path / "response.json", ocp_transport="auto")
    error = run.of_host(0)["Prepare"]["error"]
    assert error["code"] == "CMP07002"
    assert "no host key is known for" in error["message"]
    assert "SHA256:" in error["message"]
    assert "by its own task: " in error["message"]


RULES = {
    "missing": ("admin ALL=(ALL:ALL) ALL", {}, "Missing sudo password"),
    "wrong": ("admin ALL=(ALL:ALL) ALL", {"ansible_become_password": "wrong"}, "Incorrect sudo password"),
    "forbidden": ("admin ALL=(ALL:ALL) NOPASSWD: /bin/false", {}, ""),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_same_cause_has_the_same_code(
    way: Core, start_fleet: StartFleet, tmp_path: Path, rule: str
) -> None:
    if not shutil.which("sudo"):
        pytest.fail("sudo is missing: tools/system-packages.sh test")
    line, variables, message = RULES[rule]
    fleet = start_fleet([HostSpec(user="admin", bystanders=False, variables={"ansible_become": True, **variables})])
    set_password(fleet, "admin", PASSWORD)
    sudoers = fleet.state_dir / "runtime/etc/sudoers"
    sudoers.write_text(f"Defaults timestamp_timeout=0\n{line}\n")

    run = way.stop_fleet(fleet, tmp_path / "response.json")

    assert run.status == 2, run.output
    error = run.of_host(0)["Prepare"]["error"]
    assert error["code"] == "IAM11000", error
    assert message in error["message"]
    assert fleet.hosts[0].agent_names()
