# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OCP's operations on agents, as data: which subtasks an operation consists of, in which order, for how long."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

_PACKAGE = "com.alipay.ocp.service.task.business"

MAX_TIMEOUT = 86400


@dataclass(frozen=True)
class Node:
    """One node of an operation's graph, before it is split by host.

    phase: the name by which playbooks, roles and host program know it. name, class_name: as OCP's API shows them.
    timeout: seconds that one subtask of it may take. undo: the phase that a rollback runs on a host where this one has
    changed something; None where there is nothing to undo.
    """

    phase: str
    name: str
    class_name: str
    timeout: int
    undo: str | None = None


# The engine puts one between two nodes that are split by host; it joins them.
WAIT = Node("wait", "Wait node", f"{_PACKAGE}.WaitNode", 30)


@dataclass(frozen=True)
class Operation:
    """An operation of OCP: the name of its task, the required role, and the nodes that are split by host, in order.

    goal: in the words of the host program, "stopped", "running" or "restarted". one_host: whether it is OCP's form for
    one host, whose task names the host and has nothing parallel.
    """

    name: str
    role: str
    goal: str
    nodes: tuple[Node, ...]
    one_host: bool = False

    @property
    def timeouts(self) -> dict[str, int]:
        """Seconds by phase, "wait" included: the defaults of the operation's page."""
        return {node.phase: node.timeout for node in (*self.nodes, WAIT)}

    def node(self, phase: str) -> Node:
        """The node of a phase, the wait node for "wait"."""
        return next(node for node in (*self.nodes, WAIT) if node.phase == phase)


_AGENT = f"{_PACKAGE}.obagent"
_STOP = Node("stop", "Stop all OCP agent processes", f"{_AGENT}.StopAllOcpAgentProcessesTask", 600, undo="start")
_START = Node("start", "Start all OCP agent processes", f"{_AGENT}.StartAllOcpAgentProcessesTask", 600, undo="stop")
_FINISH = Node("finish", "Finish OCP agent operation", f"{_AGENT}.FinishOcpAgentOperationTask", 60)

# Names, classes and timeouts of stop and restart: OCP 3.1, sample responses of "Batch stop basic OCP Agent processes on
# a host" and "Batch restart basic OCP Agent processes on a host". OCP's documentation has no operation that only starts
# agents: those of start are made after the other two.
OPERATIONS = {
    "batch_stop_agents": Operation(
        "Batch stop OCP agent",
        "HOST_MANAGER",
        "stopped",
        (Node("prepare", "Prepare stop OCP agent", f"{_AGENT}.PrepareStopOcpAgentTask", 60), _STOP, _FINISH),
    ),
    "batch_start_agents": Operation(
        "Batch start OCP agent",
        "HOST_MANAGER",
        "running",
        (Node("prepare", "Prepare start OCP agent", f"{_AGENT}.PrepareStartOcpAgentTask", 60), _START, _FINISH),
    ),
    "batch_restart_agents": Operation(
        "Batch restart OCP agent",
        "HOST_MANAGER",
        "restarted",
        (
            Node("prepare", "Prepare restart OCP agent", f"{_AGENT}.PrepareRestartOcpAgentTask", 60),
            Node("restart_pos_proxy", "Restart pos proxy", f"{_AGENT}.RestartPosProxyTask", 60),
            _STOP,
            _START,
            _FINISH,
        ),
    ),
}

# OCP's forms for one host, POST /compute/hosts/{hostId}/agent/stop and /restart, by the operation that does the same.
# The names are those of their pages. Their subtasks are those of the operation: OCP's have no wait nodes.
_ONE_HOST = {
    "batch_stop_agents": ("stop_agent", "Stop OCP agent"),
    "batch_restart_agents": ("restart_agent", "Restart OCP agent"),
}

# The operations and forms that a task may execute.
DEFINITIONS = {
    **OPERATIONS,
    **{
        form: replace(OPERATIONS[operation], name=name, one_host=True)
        for operation, (form, name) in _ONE_HOST.items()
    },
}


def for_one_host(operation: str) -> str:
    """The definition of an operation in OCP's form for one host; the operation itself if OCP has no such form."""
    return _ONE_HOST.get(operation, (operation, ""))[0]


@dataclass(frozen=True)
class Phase:
    """A phase, which is one execution of the host program on a host.

    task: the name of its Ansible tasks. options: of the host program, with the variables of a host that set them.
    changes: whether it may change the host. by_goal: whether it depends on the goal of the operation.
    """

    task: str
    options: t.Mapping[str, str]
    changes: bool = False
    by_goal: bool = False


def title(phase: str) -> str:
    """A phase as people read it, such as C(Restart pos proxy)."""
    return phase.replace("_", " ").capitalize()


_HOME = {"home": "ocp_agent_home"}
_GRACE = {"grace": "ocp_agent_grace"}
_UNIT = {"protect_unit": "ocp_protect_unit"}

# Every phase, by the name that roles and host program have for it, as the playbooks order them. The roles pass the same
# options: a test compares them.
BY_PHASE = {
    "prepare": Phase("Prepare OCP agent operation", {**_HOME, **_UNIT}, by_goal=True),
    "restart_pos_proxy": Phase("Restart pos proxy", {**_HOME, **_GRACE}, changes=True),
    "stop": Phase(
        "Stop all OCP agent processes",
        {**_HOME, **_GRACE, "daemon_grace": "ocp_agent_daemon_grace", **_UNIT},
        changes=True,
    ),
    "start": Phase("Start all OCP agent processes", {**_HOME, **_UNIT}, changes=True),
    "finish": Phase("Finish OCP agent operation", {**_HOME, "settle": "ocp_agent_settle"}, by_goal=True),
}
PHASES = tuple(BY_PHASE)
