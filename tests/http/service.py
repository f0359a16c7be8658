# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service as a process of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("ocp-agents")
PATIENCE = 60
MOST_MEMORY = 120 * 2**20  # bytes, of an idle service and its playbook on standby


class Service:
    """A running `ocp-agents serve`. port: where it listens; 0 at a Unix socket."""

    def __init__(self, folder: Path, *arguments: str | Path, environment: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "log"
        command = [COMMAND, "serve", *arguments]
        if "--unix-socket" not in arguments and "--port" not in arguments:
            command += ["--port", "0"]
        variables = {**os.environ, **(environment or {})}
        with self._log.open("w") as stream:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=variables
            )
        try:
            self.port = self._wait()
        except BaseException:
            self.kill()
            raise

    @property
    def log(self) -> str:
        return self._log.read_text()

    def lines(self, field: str, value: object) -> list[dict[str, Any]]:
        """The lines of the log with this value in a field. A request's own line comes after its answer."""
        deadline = time.monotonic() + PATIENCE
        while True:
            whole = [json.loads(line) for line in self.log.splitlines(keepends=True) if line.endswith("\n")]
            found = [line for line in whole if line.get(field) == value]
            if found or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    def _wait(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = re.search(r"Uvicorn running on (?:https?://\S+:(\d+)|unix)", self.log)
            if found:
                return int(found[1] or 0)
            assert self.process.poll() is None, self.log
            time.sleep(0.02)
        raise AssertionError(self.log)

    def end(self, seconds: float = PATIENCE) -> int:
        """Ask it to end as systemd does, and wait. Returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def make_users(path: Path, users: dict[str, str], groups: Sequence[str] = ()) -> None:
    """Make users with passwords, by the command."""
    for name, password in users.items():
        options = [option for group in groups for option in ("--group", group)]
        subprocess.run(
            [COMMAND, "user", "add", "--users", path, *options, name], input=f"{password}\n", text=True, check=True
        )


def make_key(path: Path, user: str) -> tuple[str, str]:
    """Make an access key of a user, by the command."""
    command = [COMMAND, "user", "key", "--users", path, user]
    access_key, secret_key = subprocess.check_output(command, text=True).split()
    return access_key, secret_key


def memory(pid: int) -> int:
    """Bytes of a process, with its part of what it shares. Raises OSError where it has ended."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * int(re.findall(r"(?m)^Pss: +(\d+) kB$", rollup)[0])
