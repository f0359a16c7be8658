# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ClusterShell's clush, one call per step. A call returns when all hosts have answered."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.fleet import Fleet
from tests.fleet.host import ssh_options

from .contender import Command, environment, program


@dataclass(frozen=True)
class ClusterShell:
    """steps: shell commands for every host, with a barrier between them."""

    name: str
    title: str
    steps: tuple[str, ...]

    def prepare(self, fleet: Fleet, folder: Path) -> Command:
        hosts = folder / "hosts"
        hosts.write_text("".join(f"{host.address}\n" for host in fleet.hosts))
        options = f"{ssh_options(fleet.state_dir)} -i {fleet.state_dir}/runtime/user_key -p {fleet.hosts[0].port}"
        # -S: the exit status reports failed hosts
        clush = [program("clush"), "-n", "-S", "-l", "root", "--hostfile", str(hosts), "-o", options]
        calls = [shlex.join([*clush, step]) for step in self.steps]
        return Command(["sh", "-c", " && ".join(calls)], environment())
