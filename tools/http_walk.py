# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls the HTTP service with curl on three hosts of tests.fleet, and shows each call with its real answer.

    python tools/http_walk.py              on the screen, as it happens (`make demo-http`)
    python tools/http_walk.py --page FILE  as a page; docs/http-walk.md was written so

Lists of subtasks are cut to the first one, and logs to their first line.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.fleet import Fleet, HostSpec  # noqa: E402 the checkout is no package

HEAD = """\
# The HTTP service, call by call

Three hosts have an agent each; the sshd of db002 is down at first. The commands were run in Bash, one after another, in
a folder with `inventory.yml` and `roles.yml`. The answers are what came back; lists of subtasks are cut to the first
one, logs to their first line. `tools/http_walk.py` has written this. [http.md](http.md) has the rules.
"""
ROLES = """\
HOST_MANAGER: {users: [alice]}
HOST_VIEWER: {users: [alice, bob]}
TASK_MANAGER: {users: [alice]}
TASK_VIEWER: {users: [alice, bob]}
"""
SIGNED = """\
date=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
signature=$(printf 'GET\\n\\n\\n%s\\nlocalhost:8080\\n\\n/api/v2/compute/hosts/1001' "$date" |
  openssl dgst -sha1 -hmac "$SECRET_KEY" -binary | base64)
curl -s -H "Date: $date" -H "Authorization: OCP-ACCESS-KEY-HMACSHA1 $ACCESS_KEY:$signature" \\
  http://localhost:8080/api/v2/compute/hosts/1001"""
API = "http://localhost:8080/api/v2"
ALICE = "curl -s --netrc-file alice"
PATIENCE = 60


class Walk:
    """The calls, one after another. page: gets them instead of the screen."""

    def __init__(self, folder: Path, page: list[str] | None) -> None:
        self._folder = folder
        self._page = page
        self._port = _free_port()
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_DATA_HOME": str(folder / "data"),
        }

    def say(self, text: str) -> None:
        self._tell(text + "\n")

    def run(self, command: str, **variables: str) -> str:
        """Run a command, and show it with its answer. Returns the whole answer."""
        answer = subprocess.run(
            ["bash", "-c", command.replace("localhost:8080", f"localhost:{self._port}")],
            cwd=self._folder,
            env={**self._environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        shown = _cut(answer).replace(f"localhost:{self._port}", "localhost:8080")
        self._tell(f"```console\n$ {command}\n{shown}```\n")
        return answer

    def call(self, command: str, **variables: str) -> Any:
        """Run a command whose answer is JSON. Returns that."""
        return json.loads(self.run(command, **variables))

    def serve(self) -> subprocess.Popen[bytes]:
        """Start the service, and wait until it answers."""
        arguments = "--inventory inventory.yml --users users.json --role-bindings roles.yml --max-operations 2"
        self._tell(f"```console\n$ ocp-agents serve {arguments} &\n```\n")
        with (self._folder / "log").open("w") as log:
            service = subprocess.Popen(
                ["ocp-agents", "serve", *arguments.split(), "--port", str(self._port)],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if service.poll() is not None or time.monotonic() > deadline:
                service.kill()
                raise SystemExit((self._folder / "log").read_text())
            time.sleep(0.1)
        return service

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def _tell(self, text: str) -> None:
        if self._page is None:
            print(text, flush=True)
        else:
            self._page.append(text)
            print(text.splitlines()[min(1, len(text.splitlines()) - 1)], file=sys.stderr, flush=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _cut(answer: str) -> str:
    """An answer as it is shown: JSON with lines, without what repeats."""
    head, brace, rest = answer.partition("{")
    if not brace:
        return answer
    document = json.loads(brace + rest)
    data = document.get("data") or {}
    for task in [data, *data.get("contents", [])]:
        if "subtasks" in task:
            task["subtasks"] = [*task["subtasks"][:1], f"... {len(task['subtasks']) - 1} more"]
    if "log" in data:
        data["log"] = data["log"].splitlines()[0] + "\n..."
    return head + json.dumps(document, indent=2) + "\n"


def ended(walk: Walk, task_id: int) -> Any:
    """Show how a task is polled to its end. Returns its last answer."""
    running = f"{ALICE} '{API}/tasks/instances?status=RUNNING' | grep -q '\"id\":{task_id},'"
    walk.run(f"while {running}; do sleep 1; done")
    return walk.call(f"{ALICE} {API}/tasks/instances/{task_id}")


def tour(walk: Walk, fleet: Fleet, folder: Path) -> None:
    """All calls."""
    walk.say("## Users\n\nThe password is asked for; here it comes by standard input.")
    walk.run("openssl rand -hex 12 > password && ocp-agents user add --users users.json alice < password")
    walk.run("printf 'machine localhost login alice password %s\\n' $(cat password) > alice && chmod 600 alice")
    access_key, secret_key = walk.run("ocp-agents user key --users users.json bob").split()
    keys = {"ACCESS_KEY": access_key, "SECRET_KEY": secret_key}
    service = walk.serve()
    try:
        walk.say("## Time and health\n\nThese need no login.")
        walk.call(f"curl -s {API}/time")
        walk.call("curl -s http://localhost:8080/healthz")
        walk.say("## Hosts")
        walk.call(f"{ALICE} '{API}/compute/hosts?size=1&keyword=db'")
        walk.say("A signed request: method, digest of the body, Content-Type, Date, Host, x-ocp- headers, path.")
        walk.call(SIGNED, **keys)
        walk.say("## The agent of a host, from the host itself")
        walk.call(f"{ALICE} {API}/compute/hosts/1001/agent/processes")
        walk.call(f"{ALICE} {API}/compute/hosts/1002/agent")
        walk.say("## Stop, with a host that cannot be reached")
        body = "-H 'Content-Type: application/json' -d"
        stop = f"{ALICE} {API}/compute/hosts/batchStopAgents {body}"
        created = walk.call(f"{stop} '{{\"hostIds\": [1001, 1002]}}'")["data"]
        task = ended(walk, created["id"])["data"]
        path = f"{API}/tasks/instances/{task['id']}"
        failed = next(subtask["id"] for subtask in task["subtasks"] if subtask["status"] == "FAILED")
        walk.call(f"{ALICE} {path}/subtasks/{failed}/log")
        walk.say("## Retry, when db002 is back")
        fleet.host("db002").start_sshd()
        walk.call(f"{ALICE} -X POST {path}/retry")
        task = ended(walk, task["id"])["data"]
        if task["status"] != "SUCCESSFUL" or fleet.host("db001").agent_names() or fleet.host("db002").agent_names():
            raise SystemExit("the agents were not stopped")
        walk.call(f"{ALICE} '{API}/tasks/instances?hostId=1002&size=5'")
        walk.say("## One host")
        created = walk.call(f"{ALICE} -X POST {API}/compute/hosts/1003/agent/restart")["data"]
        ended(walk, created["id"])
        walk.say("## What is refused\n\nWithout a login, without the role, an unknown host, a task in the wrong state.")
        walk.call(f"curl -s {API}/compute/hosts")
        walk.run(f"curl -s -o /dev/null -w '%{{http_code}}\\n' {API}/compute/hosts")
        forbidden = SIGNED.replace("GET", "POST").replace("curl -s", "curl -s -X POST")
        walk.call(forbidden.replace("/compute/hosts/1001", "/tasks/instances/1/retry"), **keys)
        walk.call(f"{stop} '{{\"hostIds\": [1001, 4242]}}'")
        walk.call(f"{ALICE} -X POST {path}/retry")
        walk.call(f"{ALICE} -X DELETE {path}")
        walk.say("## The log\n\nOne line of the service's own log; the password is in none.")
        line = (folder / "log").read_text().splitlines()[-1]
        walk.say(f"```json\n{line}\n```")
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait()


def main() -> None:
    """Do the walk."""
    parser = argparse.ArgumentParser(description="Calls the HTTP service on three hosts of this machine.")
    parser.add_argument("--page", type=Path, help="write a page instead of the screen")
    path = parser.parse_args().page
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    page = None if path is None else [HEAD]
    specs = [
        HostSpec(bystanders=False),
        HostSpec(behaviour="sshd_down", bystanders=False),
        HostSpec(bystanders=False),
    ]
    with tempfile.TemporaryDirectory(prefix="ocp-http-") as name:
        folder = Path(name)
        with Fleet.start(specs, folder / "fleet") as fleet:
            (folder / "inventory.yml").write_text(fleet.inventory.read_text())
            (folder / "roles.yml").write_text(ROLES)
            tour(Walk(folder, page), fleet, folder)
    if path is not None and page is not None:
        path.write_text("\n".join(page))


if __name__ == "__main__":
    main()
