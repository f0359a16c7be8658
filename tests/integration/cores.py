# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the playbooks as a user does, with each ansible-core that the checkout has an environment for."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fleet import Fleet

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "oceanbase.ocp"
STOP = "batch_stop_agents"
# A run that hangs must fail its test and not the whole suite; no test needs half of it.
PATIENCE = 300


@dataclass(frozen=True)
class Run:
    """One run of the playbook that has ended. response: what the response file held at the end, None without one."""

    status: int
    output: str
    response: dict[str, Any] | None

    @property
    def task(self) -> dict[str, Any]:
        assert self.response is not None, self.output
        assert "data" in self.response, self.response
        data: dict[str, Any] = self.response["data"]
        return data

    @property
    def error(self) -> dict[str, Any]:
        assert self.response is not None, self.output
        error: dict[str, Any] = self.response["error"]
        return error

    def says(self, text: str) -> bool:
        """Whether the screen shows a text, as it is or as JSON."""
        return text in self.output or json.dumps(text)[1:-1] in self.output

    def statuses(self, name: str) -> list[str]:
        """The statuses of the subtasks of this name, by host in the order of the request."""
        found = [subtask for subtask in self.task["subtasks"] if subtask["name"] == name]
        return [subtask["status"] for subtask in sorted(found, key=lambda subtask: subtask["parallelIdx"])]

    def of_host(self, index: int) -> dict[str, dict[str, Any]]:
        """The subtasks of one host by the first word of their name."""
        found = [subtask for subtask in self.task["subtasks"] if subtask["parallelIdx"] == index]
        return {subtask["name"].split()[0]: subtask for subtask in found}


@dataclass(frozen=True)
class Core:
    """One ansible-core.

    bin: the folder with its commands. transport: ocp_transport, where a run is not told another.
    """

    line: str
    bin: Path
    transport: str | None = None

    def environment(self, **variables: str) -> dict[str, str]:
        """The environment of a user who has configured nothing, with these variables added."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return {
            **kept,
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "ANSIBLE_FORKS": "20",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CONFIG": str(Path(__file__).with_name("ansible.cfg")),
            **variables,
        }

    def command(
        self, inventory: Path, response_file: Path, extra: dict[str, Any], *arguments: str, playbook: str = STOP
    ) -> list[str]:
        """What a user types to run a playbook."""
        chosen = {"ocp_transport": self.transport} if self.transport else {}
        return [
            str(self.bin / "ansible-playbook"),
            f"--inventory={inventory}",
            f"{COLLECTION}.{playbook}",
            f"--extra-vars={json.dumps({'ocp_response_file': str(response_file), **chosen, **extra})}",
            *arguments,
        ]

    def start(
        self,
        inventory: Path,
        response_file: Path,
        extra: dict[str, Any],
        *arguments: str,
        playbook: str = STOP,
        **variables: str,
    ) -> subprocess.Popen[str]:
        """Start a playbook in a session of its own."""
        return subprocess.Popen(
            self.command(inventory, response_file, extra, *arguments, playbook=playbook),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=self.environment(**variables),
        )

    def stop_agents(
        self, inventory: Path, response_file: Path, extra: dict[str, Any], *arguments: str, **variables: str
    ) -> Run:
        """Run the playbook to its end."""
        response_file.unlink(missing_ok=True)
        process = self.start(inventory, response_file, extra, *arguments, **variables)
        return end(process, response_file)

    def stop_fleet(self, fleet: Fleet, response_file: Path, *arguments: str, **extra: Any) -> Run:
        """Run the playbook on all hosts of a fleet."""
        return self.on_fleet(STOP, fleet, response_file, *arguments, **extra)

    def on_fleet(self, playbook: str, fleet: Fleet, response_file: Path, *arguments: str, **extra: Any) -> Run:
        """Run a playbook that takes host ids on all hosts of a fleet."""
        ids = {"host_ids": [host.host_id for host in fleet.hosts]}
        return self.on_task(playbook, fleet, response_file, *arguments, **{**ids, **extra})

    def on_task(self, playbook: str, fleet: Fleet, response_file: Path, *arguments: str, **extra: Any) -> Run:
        """Run a playbook with these variables and the inventory of a fleet."""
        response_file.unlink(missing_ok=True)
        return end(self.start(fleet.inventory, response_file, extra, *arguments, playbook=playbook), response_file)

    def play(self, book: Path, inventory: Path) -> Run:
        """Run a playbook of the user's own."""
        process = subprocess.Popen(
            [self.bin / "ansible-playbook", f"--inventory={inventory}", book],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(),
        )
        return end(process, book.with_suffix(".json"))

    def ask(self, module: str, *options: str, **arguments: Any) -> dict[str, Any]:
        """Run a module on localhost by itself, as at a terminal. Returns its response."""
        arguments |= {"whole": True} if module in ("task_info", "subtask_log") else {}
        command = [self.bin / "ansible", "localhost", f"--module-name={COLLECTION}.{module}", *options]
        run = subprocess.run(
            [*command, *([f"--args={json.dumps(arguments)}"] if arguments else [])],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment(ANSIBLE_LOCALHOST_WARNING="0", ANSIBLE_INVENTORY_UNPARSED_WARNING="0"),
            timeout=PATIENCE,
            check=False,
        )
        head, found, text = run.stdout.partition("=> ")
        assert found, run.stdout + run.stderr
        response: dict[str, Any] = json.loads(text)["response"]
        assert (" SUCCESS " in head or " CHANGED " in head) == response["successful"], run.stdout
        return response


def end(process: subprocess.Popen[str], response_file: Path) -> Run:
    """Wait for a run that was started."""
    try:
        output, dummy = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    response = json.loads(response_file.read_text()) if response_file.exists() else None
    return Run(process.returncode, output, response)


# Oldest first: those that the checkout has an environment for. `make test-next` names another folder.
_FOLDER = os.environ.get("OCP_CORES", ".venv-core")
CORES = sorted(
    (Core(path.parent.parent.name, path.parent) for path in ROOT.glob(f"{_FOLDER}/*/bin/ansible-playbook")),
    key=lambda core: [int(part) for part in core.line.split(".")],
)
NO_CORES = "there is no .venv-core: run `make test`, or `python3 tools/environments.py cores` once"
