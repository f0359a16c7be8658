# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Process 1 of a sandbox: starts, ends and describes processes, by requests on standard input.

A request and its answer are one line of JSON each. It is the parent of everything it starts, so it reaps the dead.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from typing import Any

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"}

ended: dict[int, int] = {}


def spawn(
    argv: list[str],
    executable: str | None = None,
    cwd: str = "/",
    uid: int | None = None,
    stdin: str = "/dev/null",
    stdout: str = "/dev/null",
    stderr: str = "/dev/null",
    pid: int | None = None,
    environment: dict[str, str] | None = None,
) -> int:
    """Start a process and return its pid once it runs its program. pid: the one that it has to get.

    environment: more variables.
    """
    # A FIFO that is opened for reading and writing keeps its reader waiting.
    with (
        open(stdin, "rb" if os.path.isfile(stdin) else "r+b", buffering=0) as source,
        open(stdout, "ab") as out,
        open(stderr, "ab") as errors,
    ):
        for dummy in range(100):
            if pid is not None:
                with open("/proc/sys/kernel/ns_last_pid", "w") as last:
                    last.write(str(pid - 1))
            process = subprocess.Popen(
                argv,
                executable=executable,
                cwd=cwd,
                user=uid,
                group=uid,
                extra_groups=None if uid is None else [],
                stdin=source,
                stdout=out,
                stderr=errors,
                env={**ENVIRONMENT, **(environment or {})},
                start_new_session=True,
            )
            process.returncode = 0  # we reap, not Popen
            if pid in (None, process.pid):
                return process.pid
            os.kill(process.pid, signal.SIGKILL)
    raise RuntimeError(f"pid {pid} was not to be had")


def reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        ended[pid] = os.waitstatus_to_exitcode(status)


def wait(pid: int, seconds: float) -> int | None:
    """The exit code of a child of ours, None if it still runs after that many seconds."""
    until = time.monotonic() + seconds
    while pid not in ended and time.monotonic() < until:
        reap()
        time.sleep(0.005)
    return ended.get(pid)


def table() -> list[dict[str, Any]]:
    """The living processes, and the zombies with state Z."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stream:
                fields = stream.read().rpartition(b")")[2].split()
            with open(f"/proc/{name}/cmdline", "rb") as stream:
                arguments = stream.read().decode(errors="replace").split("\0")[:-1]
            try:
                executable = os.readlink(f"/proc/{name}/exe")
            except FileNotFoundError:
                executable = ""
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.append(
            {
                "pid": int(name),
                "state": fields[0].decode(),
                "parent": int(fields[1]),
                "start": int(fields[19]),
                "exe": executable,
                "argv": arguments,
            }
        )
    return found


ACTIONS = {"spawn": spawn, "wait": wait, "table": table, "kill": os.kill}


def main() -> None:
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(readable, selectors.EVENT_READ)
    pending = b""
    while True:
        reap()
        for key, dummy in selector.select():
            if key.fd == readable:
                os.read(readable, 4096)
                continue
            received = os.read(0, 65536)
            if not received:
                return
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                request = json.loads(line)
                reap()
                try:
                    answer = {"result": ACTIONS[request["action"]](*request["args"], **request["kwargs"])}
                except Exception as exc:
                    answer = {"error": f"{type(exc).__name__}: {exc}"}
                sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
                sys.stdout.buffer.flush()


main()
