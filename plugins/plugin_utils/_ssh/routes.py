# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The ways to the hosts of a fan-out, as Ansible and ssh would take them."""

from __future__ import annotations

import functools
import os
import typing as t
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ansible.plugins.action import ActionBase

from . import ssh_config, ssh_route
from .ansible_ssh import AnsibleSsh, Command, Destination, Host, Variables
from .route import Route, Start
from .ssh_config import Meaning, NotUnderstoodError
from .task_variables import TaskVariables

_JUMPS = 8  # more are taken for a circle
_AT_ONCE = 2 * (os.cpu_count() or 1)


@dataclass(frozen=True)
class Way:
    """The way to a host, and what to start there."""

    route: Route
    start: Start


def routes(
    action: ActionBase,
    task_vars: Variables,
    hosts: t.Sequence[str],
    command: Command,
    variables: TaskVariables,
) -> dict[str, Way | str]:
    """The way to each host, or the reason, for people, why only an ordinary task reaches it as ssh would.

    action, task_vars: of the calling task. hosts: inventory names. command: makes the shell command from
    the beginning of a host's Python call, see interpreter.interpreter(). variables: of the hosts.
    """
    ansible, ssh = AnsibleSsh(action, task_vars, variables), _Ssh()
    found: dict[str, Way | str] = {}
    groups: dict[str, list[Host]] = defaultdict(list)
    for name in hosts:
        try:
            host = ansible.host(name)
        except NotUnderstoodError as exc:
            found[name] = str(exc)
        else:
            groups[host.alike].append(host)
    for members in groups.values():
        try:
            destination = ansible.destination(members[0], command)
        except NotUnderstoodError as exc:
            found.update({host.name: str(exc) for host in members})
        else:
            found.update(ssh.ways(destination, members))
    return {name: found[name] for name in hosts}


class _Ssh:
    """Asks ssh, once for all hosts that its configuration treats alike."""

    def __init__(self) -> None:
        # properties of the machine and of OpenSSH are looked up once
        self._around = ssh_route.Surroundings(exists=functools.cache(os.path.exists))
        self._defaults = functools.cache(ssh_config.defaults)
        self._jumps: dict[tuple[str, ...], Route] = {}

    def ways(self, destination: Destination, hosts: t.Sequence[Host]) -> dict[str, Way | str]:
        """The ways to hosts that differ in nothing but the address. destination: that of the first one."""
        alike = self._alike(destination)

        def way(host: Host) -> tuple[str, Way | str]:
            return host.name, self._way(destination, host.address, alike if ssh_config.is_plain(host.address) else None)

        if alike:
            return dict(map(way, hosts))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(pool.map(way, hosts))

    def _alike(self, destination: Destination) -> Meaning | None:
        """The meaning of the first host for ssh, if the others have the same one, apart from the address."""
        try:
            meaning = ssh_config.ask(destination.ssh, destination.address)
        except NotUnderstoodError:
            return None
        if not meaning.for_all or not ssh_config.is_plain(destination.address):
            return None
        # else a HostName of the configuration leads elsewhere
        return meaning if meaning.settings.get("hostname") == (destination.address.lower(),) else None

    def _way(self, destination: Destination, address: str, alike: Meaning | None) -> Way | str:
        """The way to one host. alike: what ssh says of another one, where it holds for this one, too."""
        try:
            if alike:
                meaning = replace(alike, settings={**alike.settings, "hostname": (address.lower(),)})
            else:
                meaning = ssh_config.ask(destination.ssh, address)
            route = self._route(destination.ssh[0], meaning, address, destination.password)
            environment = ssh_route.environment(meaning.settings, self._around)
        except NotUnderstoodError as exc:
            return str(exc)
        return Way(route, replace(destination.start, environment=environment))

    def _route(self, program: str, meaning: Meaning, asked: str, password: str | None, jumps: int = 0) -> Route:
        jump = self._jump(program, meaning.jump, jumps) if meaning.jump else None
        default = self._defaults(program)
        return ssh_route.route(meaning.settings, default, asked, password, jump, self._around)

    def _jump(self, program: str, command: tuple[str, ...], jumps: int) -> Route:
        if command not in self._jumps:
            if jumps == _JUMPS:
                raise NotUnderstoodError(f"there are more than {_JUMPS} jump hosts, one behind the other")
            *ssh, asked = command
            try:
                self._jumps[command] = self._route(program, ssh_config.ask(ssh, asked), asked, None, jumps + 1)
            except NotUnderstoodError as exc:
                raise NotUnderstoodError(f"jump host {asked}: {exc}") from exc
        return self._jumps[command]
