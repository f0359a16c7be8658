# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook with one shell task per step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.fleet import Fleet

from .contender import Command, ansible_environment, program
from .steps import STEPS


@dataclass(frozen=True)
class ShellPlaybook:
    """pipelining: Ansible's setting, which is off by default."""

    name: str
    title: str
    forks: int
    pipelining: bool

    def prepare(self, fleet: Fleet, folder: Path) -> Command:
        tasks = [{"name": name, "ansible.builtin.shell": step} for name, step in STEPS.items()]
        playbook = folder / "playbook.yml"
        playbook.write_text(json.dumps([{"hosts": "ocp_hosts", "gather_facts": False, "tasks": tasks}]))
        environment = ansible_environment(
            folder, ANSIBLE_FORKS=str(self.forks), ANSIBLE_PIPELINING=str(self.pipelining)
        )
        return Command([program("ansible-playbook"), "-i", str(fleet.inventory), str(playbook)], environment)
