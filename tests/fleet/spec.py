# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The specification of a host: its agent's generation, its behaviour and its speed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import Any

DEFAULT_HOME = "/home/admin/ocp_agent"
OTHER_RUN_DIR = "/home/admin/ocp_run"
# The programs of obd, the deployer of OceanBase. A home has links to them.
REPOSITORY = "/home/admin/.obd/repository/obagent/4.2.2/0d5f7c2b6ab1f6b0d6b3f4c1a9e8d7c6"


class FleetError(Exception):
    """The fleet cannot be started, changed or taken down. The message names the host and its log."""


@dataclass(frozen=True)
class Program:
    """A program of the agent: its path below the home, its port (None: no port), whether it is a script."""

    name: str
    path: str
    port: int | None = None
    script: bool = False


@dataclass(frozen=True)
class Generation:
    """A generation of the agent: its daemon, its children and its control program."""

    daemon: Program
    children: tuple[Program, ...]
    control: str
    conf: str

    @property
    def programs(self) -> tuple[Program, ...]:
        """The daemon and its children."""
        return (self.daemon, *self.children)

    @property
    def monitor(self) -> Program:
        """The child that stops slowly."""
        return self.children[-1]

    @property
    def manager(self) -> Program | None:
        """The child that fails on a signal, so that it is revived. Generation 1 has none."""
        return None if self.daemon.script else self.children[0]

    @property
    def standin_conf(self) -> str:
        """The file with the stand-in's own settings, which the vendor's configuration does not have."""
        return self.conf.removesuffix(".yaml") + ".standin"

    @property
    def executable_child(self) -> Program:
        """A child with an executable of its own."""
        return next(child for child in self.children if not child.script)


GENERATIONS = {
    "gen1": Generation(
        Program("ocp_agentd", "agent/ocp_agentd", script=True),
        (
            Program("pos_proxy", "agent/pos_proxy", 62888, script=True),
            Program("node_exporter", "agent/node_exporter", 63000),
            Program("ocp_exporter", "agent/ocp_exporter", 62889),
        ),
        "bin/ocp_agent_ctl.py",
        "conf/agent.yaml",
    ),
    "gen2": Generation(
        Program("ocp_agentd", "bin/ocp_agentd"),
        (Program("ocp_mgragent", "bin/ocp_mgragent", 62888), Program("ocp_monagent", "bin/ocp_monagent", 62889)),
        "bin/ocp_agentctl",
        "conf/agentd.yaml",
    ),
    "obagent": Generation(
        Program("ob_agentd", "bin/ob_agentd"),
        (Program("ob_mgragent", "bin/ob_mgragent", 8089), Program("ob_monagent", "bin/ob_monagent", 8088)),
        "bin/ob_agentctl",
        "conf/agentd.yaml",
    ),
}

AGENT_PROGRAMS = frozenset(program.name for generation in GENERATIONS.values() for program in generation.programs)
SCRIPT_PROGRAMS = frozenset(
    program.name for generation in GENERATIONS.values() for program in generation.programs if program.script
)


@dataclass(frozen=True)
class HostSpec:
    """The specification of one host.

    behaviour: a name of `tests.fleet.behaviours.BEHAVIOURS`.
    generation: `gen1`, `gen2` or `obagent`.
    home: the agent's home on the host.
    stop_seconds: seconds that the monitor agent takes to end after SIGTERM (the vendor's takes 3 s).
    poll_seconds: interval in which the control program looks while it waits (the vendor's looks every second).
    run_dir: the folder of the agent's pid files and sockets; None: as the behaviour says, usually `<home>/run`.
    bystanders: whether innocent processes with confusing names run beside the agent.
    agent_user: the user of the agent, `root` or `admin`.
    user: the user that the inventory connects as, `root` or `admin`; None: as the behaviour says.
    python: the path of `ansible_python_interpreter`, which stays visible on the host.
    variables: more inventory variables of the host.
    full: whether it is a full host, with a Debian and a systemd of its own; its behaviour has to be `stopped`.
    """

    behaviour: str = "normal"
    generation: str = "gen2"
    home: str = DEFAULT_HOME
    stop_seconds: float = 0.2
    poll_seconds: float = 0.05
    run_dir: str | None = None
    bystanders: bool = True
    agent_user: str = "root"
    user: str | None = None
    python: str = field(default_factory=lambda: os.path.realpath(sys.executable))
    variables: dict[str, Any] = field(default_factory=dict)
    full: bool = False

    @property
    def run_folder(self) -> str:
        """The folder of the agent's pid files and sockets."""
        return self.run_dir or (OTHER_RUN_DIR if self.behaviour == "run_dir" else f"{self.home}/run")

    @property
    def program_folder(self) -> str:
        """The folder of the executables that the home has in `bin`, or has links to."""
        return REPOSITORY if self.behaviour == "obd_links" else self.home
