# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory as AWX passes it to a job: an executable script with the hosts of a slice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.fleet import Fleet

_SCRIPT = """\
#! /usr/bin/env python3
# -*- coding: utf-8 -*-
print({!r})
"""


@dataclass(frozen=True)
class Inventory:
    """hosts: variables by name. group: the group of all hosts. variables: those of the group."""

    hosts: dict[str, dict[str, Any]]
    variables: dict[str, Any] = field(default_factory=dict)
    group: str = "ocp_hosts"
    name: str = "Production"
    id: int = 3

    @classmethod
    def of(cls, fleet: Fleet, **more: Any) -> Inventory:
        """The hosts of a fleet. more: other fields."""
        ((group, content),) = yaml.safe_load(fleet.inventory.read_text()).items()
        return cls(content["hosts"], content["vars"], group, **more)

    def slice(self, number: int, count: int) -> Inventory:
        """The part for slice number (from 1) of count: AWX sorts the hosts by name and deals them out in turn."""
        dealt = sorted(self.hosts)[number - 1 :: count]
        return Inventory({name: self.hosts[name] for name in dealt}, self.variables, self.group, self.name, self.id)

    def write(self, path: Path) -> None:
        """Write the script. AWX adds variables of its own to every host."""
        numbered = enumerate(sorted(self.hosts), start=100)
        own = {
            name: {"remote_host_id": number, "remote_tower_enabled": "true", "remote_tower_id": number}
            for number, name in numbered
        }
        content = {
            "all": {"hosts": [], "children": [self.group]},
            self.group: {"hosts": list(self.hosts), "vars": self.variables},
            "_meta": {"hostvars": {name: {**variables, **own[name]} for name, variables in self.hosts.items()}},
        }
        path.write_text(_SCRIPT.format(json.dumps(content)), encoding="utf-8")
        path.chmod(0o700)
