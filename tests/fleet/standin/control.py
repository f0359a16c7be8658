# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control program: start, stop and restart the agent, with the vendor's lock, output and exit status."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable

from . import process
from .settings import Settings, run_file

WAIT = 10.0  # seconds that the control program waits for the daemon
UNKNOWN_COMMAND = 1
FAILURE = 255


class CommandError(Exception):
    """The command failed; the message goes into the answer."""


def main(conf: Settings, arguments: list[str]) -> int:
    """Run one command. Returns the exit status.

    ``hold`` is not the vendor's: it takes the lock and keeps it, as a command does that takes for ever.
    """
    actions: dict[str, list[Callable[[Settings], None]]] = {
        "start": [start],
        "stop": [stop],
        "restart": [stop, start],
        "hold": [hold],
    }
    command = arguments[0] if arguments else ""
    if command not in actions:
        print(f"unknown command {command!r}", file=sys.stderr)
        return UNKNOWN_COMMAND
    lock = run_file(conf, "admin.lock")
    try:
        take_lock(lock)
        try:
            for action in actions[command]:
                action(conf)
        finally:
            os.unlink(lock)
    except (CommandError, OSError) as error:
        print(answer(error=str(error)), file=sys.stderr)
        return FAILURE
    print(answer())
    return 0


def answer(error: str = "") -> str:
    """The vendor's JSON for success, or for *error*."""
    return json.dumps(
        {"successful": not error, "message": "" if error else "ok", "error": error}, separators=(",", ":")
    )


def take_lock(path: str) -> None:
    """Create the lock at *path*; a stale one is removed first.

    Raises CommandError while its owner lives.
    """
    owner = json.dumps({"pid": os.getpid(), "exe": os.readlink("/proc/self/exe")}, separators=(",", ":"))
    for _attempt in range(2):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            if lock_is_live(path):
                raise CommandError("another control program holds admin.lock") from None
            os.unlink(path)
            continue
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(owner)
        return
    raise CommandError("cannot take admin.lock")


def lock_is_live(path: str) -> bool:
    """Whether the process that the lock at *path* names runs the executable that it names."""
    try:
        with open(path, encoding="utf-8") as stream:
            owner = json.load(stream)
        return bool(os.readlink(f"/proc/{owner['pid']}/exe") == owner["exe"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def daemon_pid(conf: Settings) -> int | None:
    """The pid in the daemon's pid file if it is the daemon's, else None."""
    pid = process.read_pid(run_file(conf, conf["daemon"] + ".pid"))
    return pid if pid and process.runs(conf, conf["daemon"], pid) else None


def start(conf: Settings) -> None:
    """Start the daemon unless it runs, and wait until it and its children have their pid files."""
    if daemon_pid(conf):
        return
    if os.fork() == 0:  # the daemon's parent leaves at once, so that init adopts the daemon
        os._exit(0 if process.spawn(conf, conf["daemon"]) else 1)
    os.wait()
    programs = [conf["daemon"], *conf["children"].split()]
    _wait(
        lambda: all(
            process.runs(conf, program, process.read_pid(run_file(conf, program + ".pid"))) for program in programs
        ),
        "start agentd timeout",
    )


def stop(conf: Settings) -> None:
    """Send SIGTERM to the daemon, if its pid file names it, and wait until it is gone."""
    pid = daemon_pid(conf)
    if not pid:
        return
    os.kill(pid, signal.SIGTERM)
    _wait(lambda: not process.runs(conf, conf["daemon"], pid), "stop agentd timeout")


def hold(_conf: Settings) -> None:
    """Keep the lock until a signal comes."""
    while True:
        time.sleep(3600)


def _wait(done: Callable[[], bool], timeout_message: str) -> None:
    deadline = time.monotonic() + WAIT
    while not done():
        if time.monotonic() > deadline:
            raise CommandError(timeout_message)
        time.sleep(0.05)
