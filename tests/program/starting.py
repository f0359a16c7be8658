# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An agent that can be started: a control program, a daemon and its children in a sandbox."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.program.sandbox import Process, Sandbox

AGENT = ["ocp_agentd", "ocp_mgragent", "ocp_monagent"]
OK = """echo '{"successful":true,"message":"ok","error":""}'"""
TIMEOUT = """echo '{"successful":false,"message":"","error":"start agentd timeout"}' >&2; exit 255"""

# The daemon restarts a child that ends, until it has died three times. A child with the file conf/<name>.dies dies at
# once. A pid file is created only if there is none, so a child with an old file never starts.
DAEMON = """\
home=${0%/bin/*} fifo=$1
trap exit TERM
create() { (set -C; : > "$1") 2> /dev/null; }
start() {
  create "$home/run/$1.pid" || return
  action='read x < "$1"'
  [ ! -e "$home/conf/$1.dies" ] || action='exit 1'
  "$home/bin/$1" -c "$action" "$1" "$fifo" &
  eval "pid_$1=$!"
  echo $! >| "$home/run/$1.pid"
}
create "$home/run/ocp_agentd.pid" || exit 1
printf %s $$ >| "$home/run/ocp_agentd.pid"
for name in ocp_mgragent ocp_monagent; do eval "pid_$name= deaths_$name=0"; start $name; done
while :; do
  sleep 0.2 & wait $!
  for name in ocp_mgragent ocp_monagent; do
    eval "pid=\\$pid_$name"
    { [ -z "$pid" ] || kill -0 "$pid" 2> /dev/null; } && continue
    eval "deaths_$name=\\$((deaths_$name + 1)); deaths=\\$deaths_$name"
    rm "$home/run/$name.pid"
    [ $deaths -ge 3 ] || start $name
  done
done
"""
START = """\
setsid "$home/bin/ocp_agentd" -c "$(cat "$home/conf/daemon.sh")" "$home/bin/ocp_agentd" FIFO > /dev/null 2>&1 &
for tries in 1 2 3 4 5 6 7 8 9 10; do [ -s "$home/run/ocp_monagent.pid" ] && break; sleep 0.1; done
"""


def control_program(sandbox: Sandbox, *steps: str) -> Path:
    """Install a control program whose start does these steps."""
    (sandbox.home / "conf").mkdir(exist_ok=True)
    (sandbox.home / "conf/daemon.sh").write_text(DAEMON)
    path = sandbox.home / "bin/ocp_agentctl"
    path.unlink()
    lines = ["#!/bin/sh", "home=${0%/bin/*}", 'echo "$* $(id -u):$(id -g) $PWD $(umask)" >> "$home/calls"', *steps]
    path.write_text("\n".join(lines).replace("FIFO", str(sandbox.fifo)) + "\n")
    path.chmod(0o755)
    if not speakers(sandbox):
        sandbox.spawn_only(sys.executable, Path(__file__).with_name("speaker.py"), sandbox.home)
        sandbox.until(lambda: speakers(sandbox), "nobody answers for the agent")
    return path


def speakers(sandbox: Sandbox) -> list[int]:
    return [row["pid"] for row in sandbox.table() if any(part.endswith("/speaker.py") for part in row["argv"])]


def silence(sandbox: Sandbox) -> None:
    """Close the sockets of the running programs. Unlike those of a real agent, they would outlive them for a moment."""
    told = [sandbox.home / f"conf/{name}.socket" for name in AGENT]
    for path in told:
        path.write_text("none")
    sandbox.until(lambda: not list(sandbox.run_folder.glob("*.sock")), "somebody still answers")
    for path in told:
        path.unlink()


def running(sandbox: Sandbox) -> dict[str, list[Process]]:
    found = {name: sandbox.running(sandbox.home / "bin" / name) for name in AGENT}
    return {name: processes for name, processes in found.items() if processes}


def programs(answer: dict[str, Any]) -> list[str]:
    return [process["program"] for process in answer["processes"]]


def assert_failed(answer: dict[str, Any], reason: str) -> None:
    assert (answer.get("failed"), answer.get("reason")) == (True, reason), answer
    assert answer["log"][-1][1].startswith("failed: ")


def calls(sandbox: Sandbox) -> list[str]:
    path = sandbox.home / "calls"
    return path.read_text().splitlines() if path.exists() else []


def moment(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in ("ready_at", "boot_id")}
