# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory and the known_hosts file of a fleet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .host import Host, ssh_options
from .runtime import PORT

GROUP = "ocp_hosts"


def write(state_dir: Path, hosts: list[Host]) -> Path:
    """Write `inventory.yml` and `known_hosts`. Returns the path of the inventory."""
    host_key = " ".join((state_dir / "runtime/host_key.pub").read_text().split()[:2])
    (state_dir / "known_hosts").write_text("".join(f"[{host.address}]:{PORT} {host_key}\n" for host in hosts))
    lines = ["---", f"{GROUP}:", "  vars:"]
    lines += _mapping(
        4,
        {
            "ansible_port": PORT,
            "ansible_ssh_private_key_file": str(state_dir / "runtime/user_key"),
            "ansible_ssh_common_args": ssh_options(state_dir),
            "ansible_host_key_checking": True,
        },
    )
    lines.append("  hosts:")
    for host in hosts:
        lines.append(f"    {host.name}:")
        lines += _mapping(
            6,
            {
                "ansible_host": host.address,
                "ansible_user": host.user,
                "ansible_python_interpreter": host.spec.python,
                "ocp_host_id": host.host_id,
                **host.spec.variables,
            },
        )
    path = state_dir / "inventory.yml"
    path.write_text("\n".join(lines) + "\n")
    return path


def _mapping(indent: int, values: dict[str, Any]) -> list[str]:
    """YAML lines; JSON scalars, lists and mappings are YAML too."""
    return [f"{' ' * indent}{key}: {json.dumps(value)}" for key, value in values.items()]
