# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""OCP's operations on agents, as data: which subtasks an operation consists of, in which order, for how long."""

from __future__ import annotations

from dataclasses import dataclass

_PACKAGE = "com.alipay.ocp.service.task.business"

MAX_TIMEOUT = 86400


@dataclass(frozen=True)
class Node:
    """One node of an operation's graph, before it is split by host.

    phase: the name by which playbook, roles and host program know it. name, class_name: as OCP's API shows them.
    timeout: seconds that one subtask of it may take.
    """

    phase: str
    name: str
    class_name: str
    timeout: int


# The engine puts one between two nodes that are split by host; it joins them.
WAIT = Node("wait", "Wait node", f"{_PACKAGE}.WaitNode", 30)


@dataclass(frozen=True)
class Operation:
    """An operation of OCP: its task's name, the role that it takes, and the nodes that are split by host, in order."""

    name: str
    role: str
    nodes: tuple[Node, ...]

    @property
    def timeouts(self) -> dict[str, int]:
        """Seconds by phase, "wait" included: the defaults of the operation's page."""
        return {node.phase: node.timeout for node in (*self.nodes, WAIT)}


# Names, classes and timeouts: OCP 3.1, "Batch stop basic OCP Agent processes on a host", sample response.
OPERATIONS = {
    "batch_stop_agents": Operation(
        "Batch stop OCP agent",
        "HOST_MANAGER",
        (
            Node("prepare", "Prepare stop OCP agent", f"{_PACKAGE}.obagent.PrepareStopOcpAgentTask", 60),
            Node("stop", "Stop all OCP agent processes", f"{_PACKAGE}.obagent.StopAllOcpAgentProcessesTask", 600),
            Node("finish", "Finish OCP agent operation", f"{_PACKAGE}.obagent.FinishOcpAgentOperationTask", 60),
        ),
    ),
}
