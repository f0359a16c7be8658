# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The variables of other hosts, as a task of the same play would see them there.

Ansible's own C(hostvars) lacks those of the play, which include the variables of an C(import_playbook).
"""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.template import Templar

from .._files.document import plain


class TaskVariables:
    """Looks up each host once. action, task_vars: of a task of the play, on any host."""

    def __init__(self, action: ActionBase, task_vars: t.Mapping[str, t.Any]) -> None:
        hostvars = task_vars["hostvars"]
        self._manager = hostvars._variable_manager
        self._inventory = hostvars._inventory
        self._loader = action._loader
        self._task = action._task
        self._found: dict[str, dict[str, t.Any]] = {}
        self._templars: dict[str, Templar] = {}

    def of(self, host: str) -> dict[str, t.Any]:
        """The variables of a host, with unresolved templates."""
        if host not in self._found:
            found = self._inventory.get_host(host)
            self._found[host] = self._manager.get_vars(play=self._task.play, host=found, task=self._task)
        return self._found[host]

    def value(self, host: str, name: str) -> t.Any:
        """The value of a variable, in plain types. Raises KeyError, or AnsibleError for a wrong template."""
        value = self.of(host)[name]
        # Ansible's templating is slow, so only values that may hold a template go through it
        if (
            value is not None
            and not isinstance(value, (bool, int))
            and not (isinstance(value, str) and "{" not in value)
        ):
            value = self.templar(host).template(value)
        return plain(value)

    def templar(self, host: str) -> Templar:
        if host not in self._templars:
            self._templars[host] = Templar(self._loader, self.of(host))
        return self._templars[host]
