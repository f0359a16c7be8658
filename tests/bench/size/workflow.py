# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workflow over simulated hosts, node by node, as in AWX: a job has an inventory, a sliced one a part of it."""

from __future__ import annotations

import importlib.metadata
import json
import shlex
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.awx import Inventory
from tests.store.servers import Postgresql, running

from .. import machine
from ..contenders import BenchError, ansible_environment, program
from ..meter import cpu_of, measure
from ..resolve import EMPTY_PLAYBOOK
from .figures import Node, Workflow
from .hosts import Simulation, simulated
from .recorded import PHASES, record
from .simulated import Tally

# Their names in the example project.
BARRIERS = {"prepare": "barrier", "stop": "barrier 2"}
# In a job of AWX the report passes on a summary of a big response, and prints the whole.
_IN_AWX = {"AWX_PRIVATE_DATA_DIR": "/nonexistent", "ANSIBLE_SHOW_CUSTOM_STATS": "true"}
_STATISTIC = "RUN: "
# Seconds until a connection fails. All slices and all servers share a machine here, so a handshake could exceed
# Ansible's own 10.
TIMEOUT = 60
_DATABASE = "ocp"


def measure_workflow(count: int, slices: int, work: Path) -> Workflow:
    """Stop the agents of so many simulated hosts by a workflow, in so many slices.

    work: a folder for all its files; the response will be `response.json` there. Raises BenchError if a
    node fails, the task is not SUCCESSFUL, or a host was not asked exactly once per phase.
    """
    found = Workflow(count, slices, machine.describe(), {})
    recordings = record(work / "fleet")
    found.phase_seconds = {phase: round(one.seconds, 3) for phase, one in recordings.items()}
    with ExitStack() as stack:
        server = _database(stack)
        found.run["versions"].update(_versions(server))
        hosts = stack.enter_context(simulated(count, recordings, work / "hosts"))
        _Run(found, hosts, server, work).whole()
        tally = hosts.end()
    check_hosts(tally, count)
    found.connections, found.most_connections = tally.connections, tally.most
    return found


class _Run:
    """The nodes of one workflow, in order. found: receives the figures."""

    def __init__(self, found: Workflow, hosts: Simulation, server: Postgresql, work: Path) -> None:
        self._found = found
        self._hosts = hosts
        self._server = server
        self._server_pid = int((server.folder / "data/postmaster.pid").read_text().split()[0])
        self._work = work
        self._inventory = hosts.inventory()
        self._response = work / "response.json"
        self._variables: dict[str, Any] = {
            "ocp_task_store": server.new_database(_DATABASE),
            "ocp_transport": "fanout",  # what "auto" would choose, but without a fallback
        }

    def whole(self) -> None:
        whole, found = [self._inventory], self._found
        self._empty(whole)
        accept = {"ocp_operation": "batch_stop_agents", "host_ids": self._hosts.host_ids}
        self._node("accept", "workflow_accept", whole, {**accept, "ocp_response_file": str(self._response)})
        found.store_accepted = sum(self._tables().values())
        self._variables["ocp_task_id"] = json.loads(self._response.read_text())["data"]["id"]
        slices = [self._inventory.slice(number + 1, found.slices) for number in range(found.slices)]
        for phase in PHASES:
            self._node(phase, "workflow_phase", slices, {"ocp_phase": phase})
            if phase in BARRIERS:
                self._node(BARRIERS[phase], "workflow_barrier", whole, {})
        self._report(whole)
        found.tables = self._tables()
        found.store_ended = sum(found.tables.values())

    def _empty(self, inventories: list[Inventory]) -> None:
        book = self._work / "empty.yml"
        book.write_text(json.dumps(EMPTY_PLAYBOOK))
        self._found.idle = self._measured("no tasks", str(book), inventories, {}, {})

    def _node(self, name: str, playbook: str, inventories: list[Inventory], variables: Mapping[str, Any]) -> None:
        self._found.nodes.append(self._measured(name, f"oceanbase.ocp.{playbook}", inventories, variables, {}))

    def _report(self, inventories: list[Inventory]) -> None:
        found, output = self._found, self._work / "report/job1.output"
        given = {"ocp_response_file": str(self._response)}
        node = self._measured("report", "oceanbase.ocp.workflow_report", inventories, given, _IN_AWX)
        found.nodes.append(node)
        check_task(json.loads(self._response.read_text())["data"], found.hosts)
        shown = output.read_text()
        found.response, found.output = self._response.stat().st_size, output.stat().st_size
        statistics, _end = json.JSONDecoder().raw_decode(shown.rpartition(_STATISTIC)[2].lstrip())
        found.statistic = len(json.dumps(statistics["ocp_response"]))

    def _measured(
        self,
        name: str,
        playbook: str,
        inventories: list[Inventory],
        variables: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> Node:
        """Run a node, with a job for each inventory, all at once. Raises BenchError if one fails."""
        folder = self._work / name.replace(" ", "-")
        folder.mkdir()
        (folder / "variables.json").write_text(json.dumps({**self._variables, **variables}))
        lines = []
        for number, inventory in enumerate(inventories, start=1):
            hosts = folder / f"hosts{number}"
            inventory.write(hosts)
            job = [program("ansible-playbook"), "-i", str(hosts), playbook, "-e", f"@{folder}/variables.json"]
            lines.append(f'{shlex.join(job)} >job{number}.output 2>&1 & jobs="$jobs $!"')
        lines += ["status=0", 'for job in $jobs; do wait "$job" || status=$?; done', 'exit "$status"']
        hosts_before, store_before = self._hosts.cpu(), cpu_of(self._server_pid)
        variables_of_jobs = ansible_environment(folder, ANSIBLE_TIMEOUT=str(TIMEOUT), **environment)
        measured = measure(["sh", "-c", "\n".join(lines)], variables_of_jobs, folder)
        if measured.status:
            raise BenchError(f"{name}: exit status {measured.status}\n{_end_of_failed(folder)}")
        print(f"{self._found.hosts} hosts, {name}: {measured.wall:.1f} s", file=sys.stderr, flush=True)
        return Node(
            name,
            len(inventories),
            measured.wall,
            measured.user + measured.system,
            measured.peak_process,
            self._hosts.cpu() - hosts_before,
            cpu_of(self._server_pid) - store_before,
        )

    def _tables(self) -> dict[str, int]:
        """Bytes of each of the store's tables, with its indexes."""
        rows = self._server.run(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'ocp\\_%'",
            _DATABASE,
        )
        return {name: int(size) for name, size in (row.split("|") for row in rows.split())}


def _end_of_failed(folder: Path) -> str:
    """The end of the output of the first failed job."""
    outputs = [path.read_text(errors="replace") for path in sorted(folder.glob("job*.output"))]
    return next((output[-2000:] for output in outputs if "fatal:" in output or "ERROR" in output), outputs[0][-2000:])


def _database(stack: ExitStack) -> Postgresql:
    try:
        server = stack.enter_context(running("postgresql"))
    except AssertionError as error:
        raise BenchError(str(error)) from error
    assert isinstance(server, Postgresql)
    return server


def _versions(server: Postgresql) -> dict[str, str]:
    packages = {name: importlib.metadata.version(name) for name in ("SQLAlchemy", "psycopg")}
    return {"PostgreSQL": server.run("SHOW server_version").split()[0], **packages}


def check_task(task: Mapping[str, Any], hosts: int) -> None:
    """Raise BenchError unless the task is SUCCESSFUL, with a subtask for each phase of each host and each barrier."""
    statuses = Counter(subtask["status"] for subtask in task["subtasks"])
    wanted = {"SUCCESSFUL": hosts * len(PHASES) + len(BARRIERS)}
    if task["status"] != "SUCCESSFUL" or statuses != wanted:
        raise BenchError(f"the task is {task['status']}, with subtasks {dict(statuses)} in place of {wanted}")


def check_hosts(tally: Tally, hosts: int) -> None:
    """Raise BenchError unless the hosts record one call per phase, in order."""
    asked = {number: tally.phases.get(number, []) for number in {*range(hosts), *tally.phases}}
    wrong = [number for number, phases in asked.items() if number >= hosts or phases != list(PHASES)]
    problems = [*tally.problems, *(f"host {number} was asked for {asked[number]}" for number in wrong)]
    if problems:
        raise BenchError(f"{len(problems)} things went wrong on the hosts: {'; '.join(problems[:3])}")
