# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The inventory of a request: the hosts with their ids, states and variables, and the effect of a limit."""

from __future__ import annotations

import functools
import typing as t

from ansible.plugins.action import ActionBase

from .._files.document import plain
from .._ssh.task_variables import TaskVariables
from .._task import states
from .._task.errors import INVALID, OcpError, join, sub_error
from .._task.host_ids import Target, resolve
from . import mistakes

_ID = "ocp_host_id"


class Inventory:
    """The inventory of one request. Hosts are read once, at the first access.

    action: of the request; it evaluates templates. variables: of its task.
    """

    def __init__(self, action: ActionBase, variables: t.Mapping[str, t.Any]) -> None:
        self._action = action
        self._variables = variables
        self._limit = variables.get("ansible_limit")

    def check_controller(self) -> None:
        """Raises OcpError (400) if a limit leaves out the controller, whose plays Ansible would skip silently."""
        if "localhost" not in self._variables["ansible_play_hosts_all"]:
            raise OcpError(
                INVALID,
                f"--limit {self._limit} leaves out localhost, which keeps the task: add localhost to it",
            )

    @functools.cached_property
    def _hosts(self) -> dict[str, dict[str, t.Any]]:
        """The variables of each host that concern this collection, with templates as they are.

        It costs a millisecond a host.
        """
        hostvars = self._variables["hostvars"]
        return {
            name: {variable: value for variable, value in hostvars.raw_get(name).items() if mistakes.concerns(variable)}
            for name in hostvars
        }

    @functools.cached_property
    def ids(self) -> dict[str, t.Any]:
        """The variable C(ocp_host_id) of the hosts that have it, by their names, in plain types."""
        hostvars = self._variables["hostvars"]
        found = {
            name: hostvars[name][_ID] if isinstance(there[_ID], str) else there[_ID]
            for name, there in self._hosts.items()
            if there.get(_ID) is not None
        }
        plain_ids: dict[str, t.Any] = plain(found)
        return plain_ids

    @functools.cached_property
    def reached(self) -> t.Collection[str]:
        """The names of the hosts within the limit; without a limit, of all hosts."""
        return set(self._variables["ansible_play_hosts_all"]) if self._limit else self._hosts.keys()

    def find(self, host_ids: t.Sequence[int], *, force: bool) -> list[Target]:
        """The hosts with these ids.

        force: whether to accept hosts in a state that OCP refuses. Raises OcpError for a host that is missing, in such
        a state, or has a wrong variable.
        """
        targets = self.resolve(host_ids, self.ids)
        cut_off = [target for target in targets if target.host not in self.reached]
        if cut_off:
            raise OcpError(
                INVALID,
                f"--limit {self._limit} leaves out {join(cut_off)}: add them to it, or take them out of the request",
                [sub_error("hostIds", target.host_id, "is left out by --limit") for target in cut_off],
            )
        self.check_variables(target.host for target in targets)
        if not force:
            states.check(targets, self._hosts.__getitem__)
        return targets

    def resolve(self, host_ids: t.Sequence[int], ids: t.Mapping[str, t.Any]) -> list[Target]:
        """The hosts with these ids, see host_ids.resolve(). ids: of the hosts to choose from."""
        return resolve(host_ids, ids, self._variables["groups"])

    def check_variables(self, names: t.Iterable[str]) -> None:
        """Raises OcpError (400) for hosts with misspelled variables or wrong values."""
        play = self._action._task.play
        of_play = play.get_vars() if play else {}
        extra = self._variables["hostvars"]._variable_manager.extra_vars
        there = {name: {**self._hosts[name], **of_play, **extra} for name in names}
        mistakes.check_hosts(there, self._variables)
        mistakes.check_values(there, TaskVariables(self._action, self._variables).value)
