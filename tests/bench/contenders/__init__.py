# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contenders of the bench."""

from __future__ import annotations

from .clustershell import ClusterShell
from .contender import BenchError, Command, Contender, ansible_environment, program
from .mitogen import WithMitogen
from .ours import Ours
from .pyinfra import Pyinfra
from .shell_playbook import ShellPlaybook
from .steps import KILL, STEPS

__all__ = ["CONTENDERS", "SETTINGS", "BenchError", "Command", "Contender", "ansible_environment", "program"]

_POLL = {"internal_poll_interval": "0.01"}

CONTENDERS: tuple[Contender, ...] = (
    Ours("ours", "ours, as it comes"),
    Ours("ours-unsettled", "ours, no settle time", variables={"ocp_agent_settle": 0}),
    Ours("ours-poll", "ours, `internal_poll_interval=0.01`", settings=_POLL),
    Ours("ours-task", "ours, a task for each host, 32 forks", forks=32, variables={"ocp_transport": "task"}),
    ClusterShell("clustershell-once", "ClusterShell, one shot, no check", (KILL,)),
    ClusterShell("clustershell", "ClusterShell, three rounds", tuple(STEPS.values())),
    ShellPlaybook("shell", "playbook, three shell tasks, 32 forks", 32, pipelining=False),
    ShellPlaybook("shell-pipelining", "playbook, three shell tasks, 32 forks, pipelining", 32, pipelining=True),
    Pyinfra("pyinfra", "pyinfra, three operations"),
)


def _task(name: str, title: str, forks: int = 32, **variables: str) -> Ours:
    return Ours(name, f"a task for each host, {title}", forks, {"ocp_transport": "task", **variables})


# Settings of ours or of the site. Each differs from the one before in one thing.
SETTINGS: tuple[Contender, ...] = (
    Ours("fan-out", "fan-out"),
    Ours("fan-out-10", "fan-out, `ocp_fanout=10`", variables={"ocp_fanout": 10}),
    Ours("fan-out-poll", "fan-out, `internal_poll_interval=0.01`", settings=_POLL),
    _task("task-5", "5 forks (Ansible's default)", forks=5),
    _task("task", "32 forks"),
    _task("task-64", "64 forks", forks=64),
    WithMitogen("task-mitogen", "a task for each host, 32 forks, Mitogen configured", 32, {"ocp_transport": "task"}),
    _task("task-once", "32 forks, a connection for each phase", ansible_ssh_args="-C -o ControlMaster=no"),
    _task("task-kex", "32 forks, curve25519", ansible_ssh_extra_args="-o KexAlgorithms=curve25519-sha256"),
)
