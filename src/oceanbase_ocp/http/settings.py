# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service is told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .extravars import UNSET

MIB = 2**20


@dataclass(frozen=True)
class Settings:
    """The settings of a service.

    inventory: sources as `ansible-playbook -i` takes them; paths are absolute. task_store: URL of the database that
    keeps the tasks, None for the user's own file. users: the file of users, None where everybody is let in.
    role_bindings: the file that says which user has which role, None where each user may everything. extravars: more
    variables for the playbooks, without problems() of extravars.py. error_codes: the version of OCP whose spelling
    error codes have. max_operations: how many operations may run at a time. max_body: bytes of a request's body.
    body_seconds: how long a body may take.
    inventory_seconds: how long the hosts of the inventory are taken for what they were. grace: seconds that running
    operations get to end by themselves when the service ends, and again after they were cancelled. public_hosts: other
    values that clients sign as Host, as before a proxy that changes it. loopback_only: whether only requests to a name
    of this machine are answered, since everybody is let in. metrics: whether Prometheus may read what is counted.
    standby: whether a playbook is started before there is a request for it.
    """

    inventory: tuple[str, ...] = ()
    task_store: str | None = None
    users: Path | None = None
    role_bindings: str | None = None
    extravars: Mapping[str, Any] = field(default_factory=dict)
    error_codes: str = "4.x"
    max_operations: int = 4
    max_body: int = MIB
    body_seconds: float = 20
    inventory_seconds: float = 60
    grace: float = 60
    public_hosts: tuple[str, ...] = ()
    loopback_only: bool = False
    metrics: bool = False
    standby: bool = True

    @property
    def variables(self) -> dict[str, Any]:
        """The extra variables of each playbook."""
        return {**UNSET, **self.extravars, "ocp_error_codes": self.error_codes}
