# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The base class of actions that run on the controller."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase


class ControllerAction(ActionBase):
    """An action that needs no connection to its host."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        del tmp
        return {**result, **self.act(task_vars or {})}

    def act(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """Do the work of the action. variables: of its task. Returns its result."""
        raise NotImplementedError
