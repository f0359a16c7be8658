# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stops the agents of three hosts on this machine and prints the response, alone, on standard output.

Starts the hosts with tests.fleet, runs the playbook on them, and takes them down whatever happens. Everything else goes
to standard error. Exit status: the playbook's, but 1 when the hosts' process tables contradict the response.
"""

from __future__ import annotations

import collections
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOSTS = 3
FIRST_ID = 1001
AGENT_PROGRAM = "/home/admin/ocp_agent/bin/ocp_"


def main() -> int:
    """Run the demonstration. Returns the exit status."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="ocp-demo-") as folder:
        state = Path(folder, "fleet")
        response = Path(folder, "response.json")
        try:
            _tell(f"starting {HOSTS} hosts")
            inventory = _fleet("up", str(HOSTS), f"--first-id={FIRST_ID}", state=state).strip()
            before = _tell_agents("before", state)
            status = _run_playbook(inventory, response)
            after = _tell_agents("after", state)
            text = response.read_text() if response.exists() else ""
            sys.stdout.write(text)
            contradiction = _contradiction(before, after, status, text)
            if contradiction:
                _tell(contradiction)
            return status or int(bool(contradiction))
        finally:
            # One more Ctrl-C must not leave hosts behind.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            _tell("taking the hosts down")
            _fleet("down", state=state)


def _run_playbook(inventory: str, response: Path) -> int:
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        f"--inventory={inventory}",
        "oceanbase.ocp.batch_stop_agents",
        "--extra-vars",
        json.dumps({"host_ids": list(range(FIRST_ID, FIRST_ID + HOSTS)), "ocp_response_file": str(response)}),
    ]
    environment = {**os.environ, "XDG_DATA_HOME": str(response.with_name("data"))}  # its task is none of the user's
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment, check=False
    ).returncode


def _tell_agents(when: str, state: Path) -> dict[str, int]:
    """Tell how many agent processes the hosts' own process tables hold. Returns that, by host name."""
    counts: collections.Counter[str] = collections.Counter()
    for line in _fleet("ps", state=state).splitlines()[1:]:
        host, _pid, _host_pid, _state, _uid, executable = line.split()[:6]
        counts[host] += executable.startswith(AGENT_PROGRAM)
    _tell(f"agent processes {when}: " + ", ".join(f"{host} {count}" for host, count in sorted(counts.items())))
    return counts


def _contradiction(before: dict[str, int], after: dict[str, int], status: int, response: str) -> str | None:
    """What the process tables say against the response, if they do.

    before, after: how many agent processes each host had. status: the playbook's exit status.
    """
    idle = [host for host, count in before.items() if not count]
    if len(before) != HOSTS or idle:
        return f"this shows nothing: {len(before)} of {HOSTS} hosts are up, no agent ran on {', '.join(idle) or 'them'}"
    told = json.loads(response)["data"]["status"] if status == 0 and response else None
    running = [f"{host} ({count} processes)" for host, count in sorted(after.items()) if count]
    if told == "SUCCESSFUL" and running:
        return f"the response says SUCCESSFUL, and the agent still runs on {', '.join(running)}: that must not be"
    if status == 0 and told != "SUCCESSFUL":
        return f"the playbook ended with 0, and its response says {told}: that must not be"
    return None


def _fleet(*arguments: str, state: Path) -> str:
    """Run a command of tests.fleet. Returns its output. Raises CalledProcessError."""
    command = [sys.executable, "-m", "tests.fleet", *arguments, f"--state={state}"]
    return subprocess.check_output(command, cwd=ROOT, stdin=subprocess.DEVNULL, text=True)


def _tell(message: str) -> None:
    print(f"demo: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:  # the fleet has said why
        sys.exit(f"demo: {error}")
