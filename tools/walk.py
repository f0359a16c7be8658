# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lives through a task's life on three hosts of tests.fleet, and writes it down as docs/walk.md, with the real output.

Of a run's output the page has the last screen; of the response the states of the subtasks.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fleet import Fleet, HostSpec  # noqa: E402 the checkout is no package

PAGE = ROOT / "docs" / "walk.md"
HEAD = """\
# The life of a task

Three hosts have an agent each. The sshd of db002 is down, and on db003 a foreign watchdog restarts the agent
whenever it is gone. `make walk` did all this on hosts of [tests/fleet](../tests/fleet/README.md) and wrote down the
output. Of each run it shows the last screen.
"""


class Walk:
    """The page as it grows. folder: where the commands run, with inventory.yml."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = [HEAD]

    def say(self, text: str) -> None:
        self._lines.append(text)

    def run(self, command: str, show: Callable[[str], str]) -> str:
        """Run a command, and show it with what matters of its output. Returns the whole output."""
        print(f"walk: {command}", file=sys.stderr, flush=True)
        binary = Path(sys.executable).parent
        words = shlex.split(command)
        result = subprocess.run(
            [str(binary / words[0]), *words[1:]],
            cwd=self._folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
                "PATH": os.pathsep.join([str(binary), os.environ["PATH"]]),
                "XDG_DATA_HOME": str(self._folder / "data"),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_LOCALHOST_WARNING": "0",
                "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        shown = show(result.stdout).strip().replace(str(self._folder / "data"), "/home/ops/.local/share")
        self._lines.append(f"```console\n$ {command}\n{shown}\n$ echo $?\n{result.returncode}\n```\n")
        return result.stdout

    def states(self) -> None:
        """Show the subtasks of the last response."""
        task = json.loads((self._folder / "response.json").read_text())["data"]
        rows = [
            f"| {subtask['id']} | {subtask['name']} | {self._host(subtask)} | {subtask['status']} "
            f"| {subtask['operation']} | {subtask['runTime']} |"
            for subtask in task["subtasks"]
        ]
        self._lines.append(
            f"`response.json`: task {task['id']}, status {task['status']}, operation {task['operation']}\n\n"
            "| id | name | host | status | operation | runTime |\n|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
        )

    @staticmethod
    def _host(subtask: dict[str, object]) -> str:
        index = subtask["parallelIdx"]
        return f"db{int(str(index)) + 1:03}" if index != -1 else ""

    def agents(self, fleet: Fleet) -> None:
        """Show what the hosts' own process tables hold."""
        found = "; ".join(f"{host.name}: {', '.join(host.agent_names()) or 'none'}" for host in fleet.hosts)
        self._lines.append(f"Agent processes in the hosts' own process tables: {found}.\n")

    def write(self, path: Path) -> None:
        path.write_text("\n".join(self._lines))


def end_of_run(output: str) -> str:
    """The last screen of a run: what is behind the recap."""
    return "...\n" + output.partition("PLAY RECAP")[2].partition("\n\n")[2]


def log_lines(output: str) -> str:
    """The log of a subtask."""
    log = json.loads(output.partition("=> ")[2])["lines"]
    return "...\n" + "\n".join(line for line in log if line)


def subtask_id(folder: Path, name: str, index: int) -> int:
    task = json.loads((folder / "response.json").read_text())["data"]
    return next(int(s["id"]) for s in task["subtasks"] if s["name"].startswith(name) and s["parallelIdx"] == index)


def main() -> None:
    """Do the walk and write the page."""
    specs = [
        HostSpec(bystanders=False),
        HostSpec(behaviour="sshd_down", bystanders=False),
        HostSpec(behaviour="watchdog", bystanders=False),
    ]
    with tempfile.TemporaryDirectory(prefix="ocp-walk-") as name:
        folder = Path(name)
        with Fleet.start(specs, folder / "fleet") as fleet:
            (folder / "inventory.yml").write_text(fleet.inventory.read_text())
            walk = Walk(folder)
            play = "ansible-playbook -i inventory.yml oceanbase.ocp."
            response = "-e ocp_response_file=response.json"

            walk.say(
                "## Create\n\nOne host cannot be reached, so its Prepare is FAILED, and the barrier holds the others.\n"
            )
            ids = "'{\"host_ids\": [1001, 1002, 1003]}'"
            walk.run(f"{play}batch_stop_agents -e {ids} {response}", end_of_run)
            walk.states()
            walk.agents(fleet)

            walk.say("## Retry\n")
            walk.say("The operator brings db002 back and retries. Only db002 is prepared again, then all continue.\n")
            fleet.host("db002").start_sshd()
            walk.run(f"{play}task_retry -e task_id=1 {response}", end_of_run)
            walk.states()
            walk.agents(fleet)
            walk.say(
                "Now db003 fails, because something starts the agent again: in Finish, or already in Stop if the "
                "watchdog is quicker. The log of the subtask shows the same from the host's view:\n"
            )
            task = json.loads((folder / "response.json").read_text())["data"]
            failed = next(s["id"] for s in task["subtasks"] if s["status"] == "FAILED")
            ask = "ansible -i localhost, localhost -m oceanbase.ocp"
            walk.run(f"{ask}.subtask_log -a 'task_id=1 subtask_id={failed}'", log_lines)

            walk.say("## Roll back\n")
            walk.say("The operator gives up, checks what a rollback would do, and rolls back:\n")
            walk.run(f"{play}task_rollback -e task_id=1 --check", end_of_run)
            walk.run(f"{play}task_rollback -e task_id=1 {response}", end_of_run)
            walk.states()
            walk.agents(fleet)

            walk.say("## Ask\n\nThe task has ended, and can still be queried:\n")
            walk.run(f"{ask}.task_info -a task_id=1", said)
            walk.run(f"{play}task_retry -e task_id=1 {response}", end_of_run)
            walk.write(PAGE)


def said(output: str) -> str:
    """What an answer says in a line."""
    return "...\n" + str(json.loads(output.partition("=> ")[2])["msg"])


if __name__ == "__main__":
    main()
