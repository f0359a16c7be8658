# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pyinfra: one process, SSH by paramiko, one operation per step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.fleet import Fleet

from .contender import Command, environment, program
from .steps import STEPS


@dataclass(frozen=True)
class Pyinfra:
    name: str
    title: str

    def prepare(self, fleet: Fleet, folder: Path) -> Command:
        settings = {
            "ssh_user": "root",
            "ssh_port": fleet.hosts[0].port,
            "ssh_key": f"{fleet.state_dir}/runtime/user_key",
            "ssh_known_hosts_file": f"{fleet.state_dir}/known_hosts",
            "ssh_strict_host_key_checking": "yes",
        }
        inventory, deploy = folder / "inventory.py", folder / "deploy.py"
        inventory.write_text(f"hosts = {[(host.address, settings) for host in fleet.hosts]!r}\n")
        operations = [f"server.shell(name={name!r}, commands=[{step!r}])\n" for name, step in STEPS.items()]
        deploy.write_text("from pyinfra.operations import server\n\n" + "".join(operations))
        return Command([program("pyinfra"), "-y", str(inventory), str(deploy)], environment())
