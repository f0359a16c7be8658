# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is measured."""

from __future__ import annotations

from .clustershell import ClusterShell
from .contender import BenchError, Command, Contender, ansible_environment, program
from .ours import Ours
from .pyinfra import Pyinfra
from .shell_playbook import ShellPlaybook
from .steps import KILL, STEPS

__all__ = ["CONTENDERS", "BenchError", "Command", "Contender", "ansible_environment", "program"]

CONTENDERS: tuple[Contender, ...] = (
    Ours("ours", "ours, as it comes"),
    Ours("ours-unsettled", "ours, no settle time", variables={"ocp_agent_settle": 0}),
    Ours("ours-task", "ours, a task for each host, 32 forks", forks=32, variables={"ocp_transport": "task"}),
    ClusterShell("clustershell-once", "ClusterShell, one shot, no check", (KILL,)),
    ClusterShell("clustershell", "ClusterShell, three rounds", tuple(STEPS.values())),
    ShellPlaybook("shell", "playbook, three shell tasks, 32 forks", 32, pipelining=False),
    ShellPlaybook("shell-pipelining", "playbook, three shell tasks, 32 forks, pipelining", 32, pipelining=True),
    Pyinfra("pyinfra", "pyinfra, three operations"),
)
