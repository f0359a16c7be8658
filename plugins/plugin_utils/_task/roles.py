# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OCP's roles, which a file binds to users and groups."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .errors import NOT_AUTHORIZED, OcpError

# OCP's own names. HOST_VIEWER and TASK_VIEWER only look.
ROLES = ("HOST_MANAGER", "HOST_VIEWER", "TASK_MANAGER", "TASK_VIEWER")
_INCLUDED_IN = {"HOST_VIEWER": ("HOST_MANAGER",)}  # a user who may stop an agent may look at it

_SHAPE = "a mapping of roles to users and groups, as in {HOST_MANAGER: {users: [alice], groups: [dba]}}"


@dataclass(frozen=True)
class User:
    """The user of a request. groups: their names; none for a user of AWX, which does not tell its teams.

    number: the user's id, in AWX or on the controller; 0 without one.
    """

    name: str
    groups: frozenset[str] = frozenset()
    number: int = 0


def authorize(user: User, role: str, bindings: object) -> None:
    """Check that bindings give the user the role.

    bindings: the content of the file: role to C({"users": [name], "groups": [name]}).
    Raises OcpError (403). A wrong file gives no user a role.
    """
    found = _checked(bindings)
    for one in (role, *_INCLUDED_IN.get(role, ())):
        binding = found.get(one) or {}
        if user.name in binding.get("users", ()) or user.groups.intersection(binding.get("groups", ())):
            return
    raise OcpError(NOT_AUTHORIZED, f"the user {user.name} does not have the role {role}")


def _checked(bindings: object) -> dict[str, dict[str, list[str]]]:
    if not isinstance(bindings, dict):
        raise OcpError(NOT_AUTHORIZED, f"the role bindings are not {_SHAPE}: no user has a role")
    for role, binding in bindings.items():
        lists = binding.items() if isinstance(binding, dict) else [(None, binding)]
        sound = role in ROLES and all(
            kind in ("users", "groups") and isinstance(names, list) and all(isinstance(name, str) for name in names)
            for kind, names in lists
        )
        if not sound:
            problem = f"the role binding {role} is not sound, it takes {_SHAPE}"
            raise OcpError(NOT_AUTHORIZED, f"{problem}: no user has a role")
    return t.cast("dict[str, dict[str, list[str]]]", bindings)
