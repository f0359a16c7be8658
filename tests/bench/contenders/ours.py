# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook of this collection, started without open connections."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fleet import Fleet

from .contender import Command, ansible_environment, program

PLAYBOOK = "oceanbase.ocp.batch_stop_agents"


@dataclass(frozen=True)
class Ours:
    """forks: Ansible's; None is its default of 5. variables: of the playbook. settings: of ansible.cfg.

    checkout: the folder of another checkout of the collection, in place of this one.
    """

    name: str
    title: str
    forks: int | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    checkout: Path | None = None

    def prepare(self, fleet: Fleet, folder: Path) -> Command:
        variables = folder / "variables.json"
        variables.write_text(json.dumps({"host_ids": [host.host_id for host in fleet.hosts], **self.variables}))
        arguments = [program("ansible-playbook"), "-i", str(fleet.inventory), PLAYBOOK, "-e", f"@{variables}"]
        forks = {"ANSIBLE_FORKS": str(self.forks)} if self.forks else {}
        environment = ansible_environment(folder, self.settings, **forks)
        if self.checkout:
            (folder / "ansible_collections/oceanbase").mkdir(parents=True)
            (folder / "ansible_collections/oceanbase/ocp").symlink_to(self.checkout)
            environment["ANSIBLE_COLLECTIONS_PATH"] = str(folder)
        return Command(arguments, environment)
