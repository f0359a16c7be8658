# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What a request asks of the inventory: its hosts, their ids, states and variables, and who is left out by a limit."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from .._files.document import plain
from .._ssh.task_variables import TaskVariables
from .._task import states
from .._task.errors import INVALID, OcpError, join
from .._task.host_ids import Target, resolve
from . import mistakes

_ID = "ocp_host_id"


def check_controller(variables: t.Mapping[str, t.Any]) -> None:
    """Raises OcpError (400) when a limit has left out the controller, whose plays Ansible would skip in silence.

    variables: of the task, here and below.
    """
    if "localhost" not in variables["ansible_play_hosts_all"]:
        raise OcpError(
            INVALID,
            f"--limit {variables.get('ansible_limit')} leaves out localhost, which keeps the task: add localhost to it",
        )


def ids(variables: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The variable C(ocp_host_id) of the hosts of the inventory that have it, by their names, in plain types."""
    return _ids(variables, _hosts(variables))


def find_hosts(
    action: ActionBase, variables: t.Mapping[str, t.Any], host_ids: t.Sequence[int], *, force: bool
) -> list[Target]:
    """The hosts of the inventory with these ids.

    action: see check_variables(). force: take also those that must be left alone. Raises OcpError where one is not
    there, or must be left alone, or has a misspelled variable.
    """
    hosts = _hosts(variables)
    targets = resolve(host_ids, _ids(variables, hosts), variables["groups"])
    limit = variables.get("ansible_limit")
    reached = set(variables["ansible_play_hosts_all"]) if limit else {target.host for target in targets}
    cut_off = [target for target in targets if target.host not in reached]
    if cut_off:
        raise OcpError(
            INVALID,
            f"--limit {limit} leaves out {join(cut_off)}: add them to it, or take them out of the request",
            [
                {
                    "object": "request",
                    "field": "hostIds",
                    "rejectedValue": target.host_id,
                    "message": "is left out by --limit",
                }
                for target in cut_off
            ],
        )
    _check_variables(action, variables, {target.host: hosts[target.host] for target in targets})
    if not force:
        states.check(targets, hosts.__getitem__)
    return targets


def check_variables(action: ActionBase, variables: t.Mapping[str, t.Any], names: t.Iterable[str]) -> None:
    """Raises OcpError (400) where hosts have variables that are misspelled, or values of a wrong type.

    action: which evaluates their templates. names: of the hosts.
    """
    hosts = _hosts(variables)
    _check_variables(action, variables, {name: hosts[name] for name in names})


def _check_variables(
    action: ActionBase, variables: t.Mapping[str, t.Any], hosts: t.Mapping[str, t.Mapping[str, t.Any]]
) -> None:
    of_play = action._task.play.get_vars() if action._task.play else {}
    extra = variables["hostvars"]._variable_manager.extra_vars
    there = {name: {**own, **of_play, **extra} for name, own in hosts.items()}
    mistakes.check_hosts(there, variables)
    mistakes.check_values(there, TaskVariables(action, variables).value)


def _hosts(variables: t.Mapping[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """The variables of each host of the inventory that concern this collection, with templates as they are.

    It costs a millisecond a host.
    """
    hostvars = variables["hostvars"]
    found = {}
    for name in hostvars:
        there = hostvars.raw_get(name)
        found[name] = {variable: value for variable, value in there.items() if mistakes.concerns(variable)}
    return found


def _ids(variables: t.Mapping[str, t.Any], hosts: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    found = {
        name: variables["hostvars"][name][_ID] if isinstance(there[_ID], str) else there[_ID]
        for name, there in hosts.items()
        if there.get(_ID) is not None
    }
    plain_ids: dict[str, t.Any] = plain(found)
    return plain_ids
