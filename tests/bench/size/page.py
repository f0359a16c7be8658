# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""size.md: the figures of size.json as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from ..report import run_line, table
from .figures import Node, Sizes, Workflow

HEAD = """\
<!-- Copyright (c) 2026, OceanBase OCP collection contributors
     GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
     SPDX-License-Identifier: GPL-3.0-or-later -->

# Size

This page shows how far an operation as a [workflow](workflow.md) scales: agents of up to {most:,} hosts are stopped in
slices, as in [AWX](awx.md). `make bench ARGS=size` wrote this page and [size.json](size.json), from one run of
each size.

## What was measured

- The hosts are **simulated**. A process for each core accepts their connections on loopback addresses, and gives
  the answers of a real host. That host was asked right before, through its own resident, so the answers are those of
  the host program. Each simulated host gives them with its own process ids, and takes the same time. There is no
  agent, no process table and no Python behind them.
- The controller is real: playbooks and inventory as AWX passes them to a job (each slice has every nth
  host), SSH settings and known_hosts with a line for each host, connections and handshakes by the fan-out, the task
  store in a PostgreSQL (on a Unix socket, its files in memory), barriers, response. Each job is an `ansible-playbook`
  of its own, without AWX, ansible-runner and containers around it.
- The bench fails unless the task is SUCCESSFUL with all its subtasks, and each simulated host has been asked for each
  phase exactly once.
- All slices run at the same time on one machine, together with the servers of the hosts and the database. So the wall
  time of a phase says how long this machine is busy, not how long several would take. "CPU" is that of the jobs'
  processes, and includes `ansible-playbook` checking a thousand times a second whether its task has ended.
  The CPU of the hosts' servers and of the database is listed separately. Ansible's connection timeout is {timeout}
  seconds here, not 10, since hundreds of handshakes at once, both ends of them on this machine, can take longer.
- There is one run of each size, on a virtual machine. Figures of phases that do the same differ by as much
  as the tables show.
- Memory is the largest resident memory of any one process of a node, sampled twice a second.
- A job starts by reading its inventory. Accept, barriers and report have all hosts in theirs, as in AWX. "No tasks" is
  a playbook without any over the same.
"""

GROWTH = """
## {slices} slices, from {least:,} to {most:,} hosts

With {times:g} times the hosts, what grows {times:g} times grows with them.
"""

NODES = """
### Node by node, {hosts:,} hosts

"""

AWX = """
## What that means for AWX

A slice of {alone:,} hosts by itself on this machine is the work of each of {slices} execution nodes for {whole:,}
hosts. The simulated hosts and the database are on its cores here, so a phase takes less on a node of its own. The
following figures are **derived** from both measurements, with an execution node for each slice. Starting containers,
AWX's own work and the latency of a network come on top:

"""

MEANING = """
- An execution node with {alone:,} hosts spends {least_cpu:.0f} to {most_cpu:.0f} ms of CPU on a host of a phase. The
  biggest process of a slice had {slice_peak:.0f} MB. It holds the connections, with `ocp_fanout` (500) hosts
  at work at one time. Several slices on one node each take that memory, and share its cores.
- Accept, barriers and report have all hosts, wherever they run: {whole_peak:.0f} MB for the biggest process, and
  {barrier:.0f} s for a barrier, {idle:.0f} s of them for any playbook over this inventory.
- The store grew by {store:.1f} KB for each host of the task. The database spent {database:.0f} s of CPU on the whole.
- The artifacts of the report have {statistic:.1f} KB, however many hosts there are. Its output has the whole response,
  {output:.0f} MB, in one line. `oceanbase.ocp.task_info` reads it from the store, too.
"""


def markdown(sizes: Sizes, timeout: int) -> str:
    """The whole page. timeout: seconds, Ansible's connection timeout."""
    most = max(workflow.hosts for workflow in sizes.workflows)
    parts = [HEAD.format(most=most, timeout=timeout)]
    for slices, several in groupby(sizes.workflows, key=lambda workflow: workflow.slices):
        workflows = list(several)
        if slices == 1:
            continue
        if len(workflows) > 1:
            parts.append(_growth(workflows))
        parts.append(_nodes(workflows[-1]))
        alone = _find(sizes.workflows, workflows[-1].hosts // slices)
        if alone:
            parts.append(_awx(workflows[-1], alone))
    parts += ["\n## Runs\n", *(_run(workflow) for workflow in sizes.workflows)]
    return "".join(parts)


def _find(workflows: Iterable[Workflow], hosts: int) -> Workflow | None:
    return next((one for one in workflows if (one.slices, one.hosts) == (1, hosts)), None)


def _growth(workflows: Sequence[Workflow]) -> str:
    least, most = workflows[0], workflows[-1]
    times = most.hosts / least.hosts
    text = GROWTH.format(slices=most.slices, least=least.hosts, most=most.hosts, times=times)
    figures: list[tuple[str, Callable[[Node], float], int, bool]] = [
        ("wall time, s", lambda node: node.wall, 1, True),
        ("CPU, s", lambda node: node.cpu, 1, True),
        ("biggest process, MB", lambda node: node.peak_process * 1e-6, 0, False),
    ]
    for title, figure, digits, adds_up in figures:
        rows = [
            _row(node.name, [figure(_node(workflow, node.name)) for workflow in workflows], digits)
            for node in _all_nodes(most)
        ]
        if adds_up:
            whole = [sum(figure(node) for node in workflow.nodes) for workflow in workflows]
            rows.append(_row("**whole workflow**", whole, digits))
        text += "\n" + _table(title, workflows, rows)
    return text + "\n" + _table("sizes", workflows, _sizes(workflows))


def _sizes(workflows: Sequence[Workflow]) -> list[list[str]]:
    figures: dict[str, Callable[[Workflow], float]] = {
        "store when the task was accepted, MB": lambda one: one.store_accepted * 1e-6,
        "store when the task had ended, MB": lambda one: one.store_ended * 1e-6,
        "response, MB": lambda one: one.response * 1e-6,
        "output of the report, with the response in one line, MB": lambda one: one.output * 1e-6,
        "statistic (artifact) of the report, KB": lambda one: one.statistic * 1e-3,
    }
    rows = [_row(title, [figure(one) for one in workflows], 1) for title, figure in figures.items()]
    return [*rows, _row("connections at one time", [one.most_connections for one in workflows], 0)]


def _nodes(workflow: Workflow) -> str:
    rows = [
        [
            node.name,
            str(node.jobs),
            f"{node.wall:.1f}",
            f"{node.cpu:.1f}",
            f"{node.cpu / workflow.hosts * 1e3:.1f}",
            f"{node.peak_process * 1e-6:.0f}",
            f"{node.hosts_cpu:.1f}",
            f"{node.store_cpu:.1f}",
        ]
        for node in _all_nodes(workflow)
    ]
    head = [
        "",
        "jobs",
        "wall, s",
        "CPU, s",
        "CPU per host, ms",
        "biggest process, MB",
        "hosts' CPU, s",
        "store's CPU, s",
    ]
    return NODES.format(hosts=workflow.hosts) + table(head, rows)


def _awx(whole: Workflow, alone: Workflow) -> str:
    rows, seconds = [], 0.0
    for node in whole.nodes:
        found = alone.node(node.name) if node.jobs > 1 else node
        of = f"{alone.hosts:,} hosts, one slice" if node.jobs > 1 else f"{whole.hosts:,} hosts"
        seconds += found.wall
        rows.append([node.name, of, f"{found.wall:.1f}", f"{found.cpu:.1f}", f"{found.peak_process * 1e-6:.0f}"])
    rows.append(["**whole workflow**", "", f"{seconds:.0f}", "", ""])
    head = ["", "measured over", "wall, s", "CPU, s", "biggest process, MB"]
    text = AWX.format(alone=alone.hosts, slices=whole.slices, whole=whole.hosts) + table(head, rows)
    sliced = [node for node in alone.nodes if whole.node(node.name).jobs > 1]
    others = [node for node in whole.nodes if node.jobs == 1]
    return text + MEANING.format(
        alone=alone.hosts,
        least_cpu=min(node.cpu for node in sliced) / alone.hosts * 1e3,
        most_cpu=max(node.cpu for node in sliced) / alone.hosts * 1e3,
        slice_peak=max(node.peak_process for node in sliced) * 1e-6,
        whole_peak=max(node.peak_process for node in others) * 1e-6,
        barrier=max(node.wall for node in others if node.name.startswith("barrier")),
        idle=whole.idle.wall if whole.idle else 0,
        store=whole.store_ended / whole.hosts * 1e-3,
        database=sum(node.store_cpu for node in whole.nodes),
        statistic=whole.statistic * 1e-3,
        output=whole.output * 1e-6,
    )


def _run(workflow: Workflow) -> str:
    phases = ", ".join(f"{name} {seconds:g} s" for name, seconds in workflow.phase_seconds.items())
    also = f"{workflow.hosts:,} hosts in {workflow.slices} slices, each host takes for {phases}; "
    return run_line(workflow.run, also.replace(" 1 slices", " one slice"))


def _all_nodes(workflow: Workflow) -> list[Node]:
    return [*([workflow.idle] if workflow.idle else []), *workflow.nodes]


def _node(workflow: Workflow, name: str) -> Node:
    return next(node for node in _all_nodes(workflow) if node.name == name)


def _row(name: str, figures: Sequence[float], digits: int) -> list[str]:
    growth = f"{figures[-1] / figures[0]:.1f}" if figures[0] else ""
    return [name, *(f"{figure:,.{digits}f}" for figure in figures), growth]


def _table(title: str, workflows: Sequence[Workflow], rows: Iterable[list[str]]) -> str:
    return table([title, *(f"{workflow.hosts:,} hosts" for workflow in workflows), "growth"], rows)
