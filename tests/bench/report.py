# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""bench.md: the figures of bench.json as tables."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from .figures import Cell, Results, Round, Spread
from .targets import AGENTS, HOSTS, MANY_HOSTS, OURS, TARGETS, growth, lines

HEAD = """\
<!-- Copyright (c) 2026, OceanBase OCP collection contributors
     GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
     SPDX-License-Identifier: GPL-3.0-or-later -->

# Bench

`make bench` wrote this page, [bench.svg](bench.svg) and [bench.json](bench.json), which has every single
figure. All figures are medians, with the smallest and the biggest value in brackets.
"""

COMPARISON = """
## How the tools are compared

- Every round starts the agents of all hosts again (outside the measured time), lets one tool stop them, and then
  checks the hosts' process tables: the tool's own word does not count. The tools take turns, and each round begins
  with another one.
- Every tool starts cold: no connection is open. sshd offers OpenSSH's default key exchanges.
- Wall time ends with the command. The CPU time is the controller's: user and system time of the command and of all its
  children, including ssh connections that outlive it. CPU time of the hosts does not count.
- Controller and hosts are one machine and share its cores. So a tool that makes its hosts work is slower here than
  with hosts of their own. The network has no latency.
- "Biggest process" is the largest resident memory of any one process, sampled twice a second. "Left behind" are
  processes that still exist when the command has ended: Ansible's ssh connections, kept open for the next command, the
  engine of our fan-out while it closes its connections, and for up to two seconds the process that sends the
  heartbeat to our task store.
- "Ours, as it comes" is the playbook without any configuration: with the fan-out wherever it is
  possible. "A task for each host" is the same with `ocp_transport=task`: ordinary Ansible tasks.
- Ours does more than the others. They trust pid files, look for nothing else of the agent, and do not check whether it
  comes back. Ours waits the settle time, by default 3 seconds, for the proof that a stopped agent stays down.
- ClusterShell works on 64 hosts at a time, pyinfra on 20 per core: their defaults.
"""

AIMED = """
## Targets

Ours as it comes, compared with the others; agents that {delay}. Medians. A ratio up to its target meets it.

"""

GROWTH = """
The hosts are all on one machine. This is the cost of {many} of them divided by the cost of {few}, for each tool:

"""

HOSTS_PART = """
The hosts work on the same cores. The fan-out's resident takes {first:.0f} ms CPU of a host for its start and Prepare,
and {further:.0f} ms for each further phase ([below](#the-host-program)). For {hosts} hosts that is {total:.1f} s of
the {wall:.1f} s that all cores had, without sshd and the agents.
"""

MISSED = """
[Where the time goes](#where-the-time-goes) shows why targets are out of reach: of our {wall:.1f} s and {cpu:.1f} s of
CPU, {empty_wall:.1f} s and {empty_cpu:.1f} s of CPU are what `ansible-playbook` takes for as many plays with a task
that does nothing. The Python of the hosts has {program:.1f} s of the cores; real hosts would use their own. This is
ours divided by the other, also without the settle time and with fewer checks whether a task has ended:

"""

PROFILE = """
## Where the time goes

A run over {hosts} hosts whose agents exit at once, play by play. CPU time is that of all processes together during the
play. The last lines show `ansible-playbook` with {plays} plays on localhost over the same inventory.
"""

SETTINGS = """
## Settings

One setting at a time, over {hosts} hosts whose agents {delay}.

"""

RESOLVE = """
## Ids to hosts

A request with {ids:,} ids, one of them unknown, over an inventory of {hosts:,} hosts is refused before any host is
contacted. The second line is a playbook without tasks over the same inventory.
"""

PROGRAM = """
## The host program

CPU time of the phase Prepare on a host with {interpreter}, by the size of its process table. A task on each host
transfers the program for one phase. The fan-out starts it once, as a resident with all that a stop needs, and the
resident forks for each phase.
"""


LEANER = ("ours-unsettled", "ours-poll")  # ours, with less work
DELAYS = {"instant": "exit at once", "usual": "take 3 seconds to stop"}


def markdown(results: Results) -> str:
    """The whole page."""
    parts = [HEAD]
    if results.cells:
        parts += ["\n![Wall time and CPU time by the number of hosts](bench.svg)\n", COMPARISON]
        parts += [_targets(results.cells), _missed(results), *(_cell(cell) for cell in results.cells)]
    if results.profile:
        parts.append(_profile(results.profile, results.program))
    if results.settings:
        parts.append(_settings(results.settings))
    if results.resolve:
        parts.append(_resolve(results.resolve))
    if results.program:
        parts.append(_program(results.program))
    return "".join(parts)


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table; all columns but the first are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _targets(cells: list[Cell]) -> str:
    rows = [line.cells() for line in lines(cells)]
    head = ["", "of what", "reached", "target", ""]
    if not rows:
        return ""
    text = AIMED.format(delay=DELAYS[AGENTS]) + table(head, rows)
    if len(grown := growth(cells)) > 1:
        text += GROWTH.format(few=HOSTS, many=MANY_HOSTS)
        rows = [[name, *(f"{times:.2f}" for times in both)] for name, both in grown.items()]
        text += table(["", "wall time", "CPU time"], rows)
    return text


def _missed(results: Results) -> str:
    """The costs behind missed targets, from the profile and from ours with less work; empty if none is missed."""
    cell = results.cell(HOSTS, AGENTS)
    profile, program = results.profile, results.program
    if not cell or not profile or not program or profile["hosts"] != HOSTS or all(line.met for line in lines([cell])):
        return ""
    others = [name for name in TARGETS if cell.of(name)]
    leaner = [name for name in cell.measured() if name in LEANER]
    (empty_wall, empty_cpu) = (Spread.of(times).median for times in zip(*profile["debug"], strict=True))
    text = MISSED.format(
        wall=cell.wall(OURS).median,
        cpu=cell.cpu(OURS).median,
        empty_wall=empty_wall,
        empty_cpu=empty_cpu,
        program=_hosts_python(profile, program)[2],
    )
    head = ["wall time / CPU time", *(cell.titles[name] for name in (OURS, *leaner))]
    return text + table(
        head, [[cell.titles[other], *(_ratio(cell, name, other) for name in (OURS, *leaner))] for other in others]
    )


def _hosts_python(profile: dict[str, Any], program: dict[str, Any]) -> tuple[float, float, float]:
    """CPU seconds of the fan-out's resident: in its first phase, in each further one, and of all hosts in a run."""
    times = next(iter(program["tables"].values()))
    first, further = (Spread.of(times[name]).median for name in ("first", "further"))
    return first, further, profile["hosts"] * (first + 2 * further)


def _cell(cell: Cell) -> str:
    text = f"\n### {cell.hosts} hosts, agents that {DELAYS[cell.agents]}\n\n"
    head = ["", "wall, s", "CPU, s", "CPU per host, ms", "biggest process, MB", "left behind", "agents stopped"]
    text += table(head, [_contender(cell, name) for name in cell.measured()])
    sums = [
        [cell.titles[name], Spread.of(peaks).text(0, 1e-6)] for name in cell.measured() if (peaks := _sums(cell, name))
    ]
    if sums:
        text += "\n" + table(["", "all processes and their page cache, MB"], sums)
    ours = [name for name in cell.measured() if name.startswith("ours")]
    others = [name for name in cell.measured() if name not in ours]
    if ours and others:
        text += "\nOurs divided by the other, wall time / CPU time:\n\n"
        text += table(
            ["", *(cell.titles[name] for name in ours)],
            [[cell.titles[other], *(_ratio(cell, name, other) for name in ours)] for other in others],
        )
    return text + run_line(cell.run, f"CPU time by {', '.join(sorted({found.cpu_source for found in cell.rounds}))}; ")


def _settings(cell: Cell) -> str:
    text = SETTINGS.format(hosts=cell.hosts, delay=DELAYS[cell.agents])
    rows = [[cell.titles[name], cell.wall(name).text(1), cell.cpu(name).text(1)] for name in cell.measured()]
    return text + table(["", "wall, s", "CPU, s"], rows) + run_line(cell.run)


def _contender(cell: Cell, name: str) -> list[str]:
    rounds = cell.of(name)
    return [
        cell.titles[name],
        cell.wall(name).text(1),
        cell.cpu(name).text(1),
        Spread.of(found.cpu / cell.hosts for found in rounds).text(0, 1e3),
        cell.peak(name).text(0, 1e-6),
        Spread.of(found.outliving for found in rounds).text(0),
        stopped(rounds, cell.hosts),
    ]


def _sums(cell: Cell, name: str) -> list[int]:
    return [found.peak_sum for found in cell.of(name) if found.peak_sum is not None]


def stopped(rounds: list[Round], hosts: int) -> str:
    """Whether a contender stopped all agents, and in how many rounds it did not."""
    bad = []
    if late := [found for found in rounds if found.running_at_end]:
        at_end = max(found.running_at_end for found in late)
        later = max(found.running_later for found in late)
        bad.append(
            f"in {len(late)} of {len(rounds)} rounds not at the end of the command (up to {at_end} of {hosts} hosts), "
            f"10 s later {f'still not on {later}' if later else 'on all'}"
        )
    if failed := [found.status for found in rounds if found.status]:
        bad.append(f"exit status {failed[0]} in {len(failed)} of {len(rounds)} rounds")
    return "; ".join(bad) or "all"


def _ratio(cell: Cell, ours: str, other: str) -> str:
    wall = cell.wall(ours).median / cell.wall(other).median
    cpu = cell.cpu(ours).median / cell.cpu(other).median
    return f"{wall:.2f} / {cpu:.2f}"


def _profile(found: dict[str, Any], program: dict[str, Any] | None) -> str:
    walls = {name: Spread.of(wall for wall, dummy in times) for name, times in found["stages"].items()}
    cpus = {name: Spread.of(cpu for dummy, cpu in times) for name, times in found["stages"].items()}
    whole_wall = sum(spread.median for spread in walls.values())
    whole_cpu = sum(spread.median for spread in cpus.values())

    def share(part: float, whole: float) -> str:
        return f"{100 * part / whole:.0f} %" if whole else ""

    rows = [
        [
            name,
            wall.text(2),
            share(wall.median, whole_wall),
            cpus[name].text(2),
            share(cpus[name].median, whole_cpu),
            f"{cpus[name].median / found['hosts'] * 1e3:.1f}",
        ]
        for name, wall in walls.items()
    ]
    rows.append(["sum of the medians", f"{whole_wall:.2f}", "", f"{whole_cpu:.2f}", "", ""])
    titles = {"empty": "as many plays without a task", "debug": "as many plays with one `debug` task each"}
    for name, title in titles.items():
        wall, cpu = (Spread.of(times) for times in zip(*found[name], strict=True))
        rows.append([title, wall.text(2), "", cpu.text(2), "", ""])
    head = ["", "wall, s", "share", "CPU, s", "share", "CPU per host, ms"]
    text = PROFILE.format(**found) + "\n" + table(head, rows)
    detached, peak = Spread.of(found["detached"]).text(2), Spread.of(found["peak"]).text(0, 1e-6)
    text += (
        f"\nOf the CPU time, {detached} s belong to processes that outlived their parent, such as the engine of "
        f"the fan-out. The biggest process had {peak} MB.\n"
    )
    if program:
        first, further, total = _hosts_python(found, program)
        wall = whole_wall * found["run"]["machine"]["cores"]
        text += HOSTS_PART.format(
            first=first * 1e3, further=further * 1e3, total=total, hosts=found["hosts"], wall=wall
        )
    return text + run_line(found["run"])


def _resolve(found: dict[str, Any]) -> str:
    rows = []
    medians = []
    for name, title in (("refused", "the refused request"), ("empty", "a playbook without tasks")):
        wall = Spread.of(one["wall"] for one in found[name])
        cpu = Spread.of(one["user"] + one["system"] for one in found[name])
        memory = Spread.of(one["peak_process"] for one in found[name])
        rows.append([title, wall.text(2), cpu.text(2), memory.text(0, 1e-6)])
        medians.append((wall.median, cpu.median))
    (refused_wall, refused_cpu), (empty_wall, empty_cpu) = medians
    rows.append(["difference of the medians", f"{refused_wall - empty_wall:.2f}", f"{refused_cpu - empty_cpu:.2f}", ""])
    text = RESOLVE.format(**found) + "\n" + table(["", "wall, s", "CPU, s", "biggest process, MB"], rows)
    return text + run_line(found["run"])


def _program(found: dict[str, Any]) -> str:
    rows, resident = [], []
    for size, times in found["tables"].items():
        resident.append([f"{int(size):,}", *(Spread.of(times[name]).text(1, 1e3) for name in ("first", "further"))])
        medians = [0.0, *(Spread.of(times[name]).median for name in ("start", "imports", "compile", "total"))]
        steps = [f"{(after - before) * 1e3:.1f}" for before, after in pairwise(medians)]
        rows.append([f"{int(size):,}", Spread.of(times["total"]).text(1, 1e3), *steps])
    head = ["processes", "total, ms", "of it: interpreter", "imports", "compiling itself", "looking at processes"]
    text = PROGRAM.format(**found) + "\n" + table(head, rows) + "\n"
    text += table(["processes", "start of a resident and first phase, ms", "each further phase, ms"], resident)
    return text + run_line(found["run"])


def run_line(run: dict[str, Any], also: str = "") -> str:
    """When, where and with what something was measured. also: text before the machine."""
    here, versions = run["machine"], ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return (
        f"\n{run['date']}, `{run['command']}`: {also}{here['cores']} cores of {here['processor']}, "
        f"{here['memory'] / 1e9:.0f} GB of memory, Linux {here['kernel']}, load before the start "
        f"{here['load before']:.1f}; {versions}.\n"
    )
