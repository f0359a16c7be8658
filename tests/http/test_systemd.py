# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example for systemd, as it is shipped, on a host with a systemd of its own. It reaches the agents' host by ssh.

These tests have one service, one after the other.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fleet import Fleet, Host, HostSpec, Process, full
from tests.http.client import Client
from tests.http.envelope import check
from tests.http.hosts import ended
from tests.http.service import MOST_MEMORY, make_users, memory

pytestmark = [
    pytest.mark.fleet,
    pytest.mark.skipif(full.why_not() is not None, reason=str(full.why_not())),
    pytest.mark.xdist_group("systemd"),
]

ROOT = Path(__file__).resolve().parents[2]
UNIT = "ocp-agents.service"
PASSWORD = "correct horse:battery"
STOP, START = "/compute/hosts/batchStopAgents", "/compute/hosts/batchStartAgents"
AGENT = ["ocp_agentd", "ocp_mgragent", "ocp_monagent"]
DYNAMIC_USERS = range(61184, 65520)
# The project in a virtual environment in /opt, with the libraries of this one: the service does not see /root and /tmp.
INSTALL = """\
set -eu
site=lib/python{version}/site-packages
mkdir -p /opt/libraries /opt/ocp-agents/bin /opt/ocp-agents/$site
python={base}/bin/python{version}
if [ {base} != /usr ]; then
    mkdir /opt/python
    mount --bind {base} /opt/python
    echo /opt/python/lib > /etc/ld.so.conf.d/python.conf
    ldconfig
    python=/opt/python/bin/python{version}
fi
mount --bind {environment} /opt/libraries
cd /opt/ocp-agents
ln -s "$python" bin/python
echo "home = ${{python%/*}}" > pyvenv.cfg
cp -a /root/project/. $site
echo /opt/libraries/$site > $site/libraries.pth
for name in ocp-agents ansible-playbook ansible-inventory; do
    sed '1s,.*,#!/opt/ocp-agents/bin/python,' {environment}/bin/$name > bin/$name
    chmod 755 bin/$name
done
mkdir /etc/ocp-agents
cd /root/etc
install -m 644 inventory.yml roles.yml known_hosts /etc/ocp-agents
install -m 600 users.json ssh-key /etc/ocp-agents
install -m 644 {unit} /etc/systemd/system
systemctl daemon-reload
"""


@dataclass
class Site:
    """The host of the service, and that of an agent."""

    host: Host
    agents: Host

    @property
    def client(self) -> Client:
        socket = f"/proc/{self.host.init[0]}/root/run/ocp-agents/http"
        return Client(basic=("alice", PASSWORD), unix_socket=socket)

    def systemctl(self, *command: str) -> str:
        """Raises FleetError with what the service has logged."""
        done = self.host.run("systemctl", *command, UNIT, check=False)
        log = self.host.run("journalctl", "--no-pager", "--lines=50", f"--unit={UNIT}").stdout
        assert done.returncode == 0, f"{done.stderr}\n{log}"
        return done.stdout.strip()

    def shown(self, name: str) -> str:
        return self.systemctl("show", "--value", f"--property={name}")

    def begin(self, path: str) -> int:
        """The id of the task of an operation on the agent."""
        answer = check(self.client.post(path, {"hostIds": [self.agents.host_id]}))
        assert answer.status == 200, answer.body
        number: int = answer.data["id"]
        return number

    def ended(self, task_id: int) -> str:
        """The status of a task at its end."""
        task = ended(self.client, task_id)
        errors = [subtask["error"]["message"] for subtask in task["subtasks"] if "error" in subtask]
        return " ".join([task["status"], *errors])

    def main(self) -> Process:
        """The service's own process."""
        pid = int(self.shown("MainPID"))
        return next(process for process in self.host.processes() if process.ns_pid == pid)

    def memory(self) -> int:
        """Bytes of all processes of the service, each with its part of what it shares."""
        found = 0
        for process in self.host.processes():
            folder = Path(f"/proc/{process.pid}")
            with contextlib.suppress(OSError):  # it has ended
                if f"system.slice/{UNIT}" in (folder / "cgroup").read_text():
                    found += memory(process.pid)
        return found

    def rests(self) -> None:
        """Wait until it has as little memory as it may have."""
        self.host.wait_for(lambda: 0 < self.memory() < MOST_MEMORY, "it has too much memory")
        print(f"{self.memory() >> 20} MiB")  # pytest shows it if the test fails


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    specs = [
        HostSpec(behaviour="stopped", full=True, bystanders=False, python=sys.executable),
        HostSpec(bystanders=False),
    ]
    with Fleet.start(specs, tmp_path_factory.mktemp("systemd") / "fleet") as fleet:
        host, agents = fleet.hosts
        _bring(fleet, host.path("/root"), agents)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        script = INSTALL.format(version=version, base=sys.base_prefix, environment=sys.prefix, unit=UNIT)
        host.run("sh", "-c", script)
        site = Site(host, agents)
        site.systemctl("start")
        yield site


def _bring(fleet: Fleet, folder: Path, agents: Host) -> None:
    """Lay what the host needs into this folder: the project, and in `etc` the files that the unit names."""
    collection = Path("ansible_collections/oceanbase/ocp")
    for name in ("meta", "playbooks", "plugins", "roles"):
        shutil.copytree(ROOT / name, folder / "project" / collection / name)
    shutil.copy(ROOT / "galaxy.yml", folder / "project" / collection)
    shutil.copytree(ROOT / "src/oceanbase_ocp", folder / "project/oceanbase_ocp")
    etc = folder / "etc"
    etc.mkdir()
    make_users(etc / "users.json", {"alice": PASSWORD})
    (etc / "roles.yml").write_text("HOST_MANAGER: {users: [alice]}\nTASK_VIEWER: {users: [alice]}\n")
    variables = {
        "ansible_host": agents.address,
        "ansible_port": agents.port,
        "ansible_user": agents.user,
        "ansible_python_interpreter": agents.spec.python,
        "ansible_ssh_private_key_file": f"/run/credentials/{UNIT}/ssh-key",
        "ocp_host_id": agents.host_id,
    }
    (etc / "inventory.yml").write_text(json.dumps({"all": {"hosts": {agents.name: variables}}}))
    shutil.copy(fleet.state_dir / "known_hosts", etc)
    shutil.copy(fleet.state_dir / "runtime/user_key", etc / "ssh-key")
    shutil.copy(ROOT / "examples/http" / UNIT, etc)


def test_it_stops_agents_as_a_user_without_rights(site: Site) -> None:
    assert Path(f"/proc/{site.main().pid}").stat().st_uid in DYNAMIC_USERS
    site.rests()

    assert site.ended(site.begin(STOP)) == "SUCCESSFUL"

    assert site.agents.agent_names() == []
    site.rests()
    files = set(site.host.run("find", "/var/lib/private/ocp-agents", "-type", "f").stdout.split())
    assert {path.rpartition("/")[2].partition("-")[0] for path in files} == {"tasks.db"}


def test_systemctl_stop_waits_for_what_runs(site: Site) -> None:
    task = site.begin(START)

    site.systemctl("stop")

    assert (site.shown("Result"), site.shown("ActiveState")) == ("success", "inactive")
    site.systemctl("start")
    assert site.ended(task) == "SUCCESSFUL"
    assert site.agents.agent_names() == AGENT


def test_killed_in_the_middle_it_comes_back(site: Site) -> None:
    site.agents.pause()
    try:
        task = site.begin(STOP)
        site.systemctl("kill", "--signal=KILL", "--kill-who=main")
        site.host.wait_for(lambda: site.shown("NRestarts") == "1", "it is not started again")
        site.host.wait_for(lambda: site.shown("ActiveState") == "active", "it does not come up")
    finally:
        site.agents.resume()
    assert site.ended(task).startswith("FAILED")
    assert site.agents.agent_names() == AGENT

    assert site.ended(site.begin(STOP)) == "SUCCESSFUL"
    assert site.agents.agent_names() == []
