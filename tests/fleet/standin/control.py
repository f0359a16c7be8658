# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control program, with the vendor's lock, output and exit status."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable

from . import lock, process, run_folder, status
from .settings import Settings, children, log_file, run_dir
from .telling import Log, VendorError

WAIT = 10.0  # seconds that the control program waits for the daemon
CALL_TIMEOUT = 10.0
UNKNOWN_COMMAND = 1
FAILURE = 255

Command = Callable[[Settings, list[str]], object]


def main(conf: Settings, arguments: list[str]) -> int:
    """Run one command. Returns the exit status."""
    words = [word for word in arguments if not word.startswith("--")]  # --task-token and the like
    commands = COMMANDS if not conf.get("scripts") else {name: COMMANDS[name] for name in GENERATION_1}
    if not words:
        print(f"Usage:\n  {conf['control']} [command]")
        return 0
    if words[0] not in commands:
        print(f'Error: unknown command "{words[0]}" for "{conf["control"]}"', file=sys.stderr)
        return UNKNOWN_COMMAND
    log = Log(log_file(conf, conf["control"]))
    try:
        if words[1:] and words[0] not in ("service", "config"):
            raise OSError("too many arguments")
        message = commands[words[0]](conf, words[1:])
    except (VendorError, OSError) as error:
        log.error("agentctl/main.go:onError", f"agentctl error: {error}")
        print(_answer(False, None, str(error)), end="", file=sys.stderr)
        return FAILURE
    print(_answer(True, message, ""), end="")
    return 0


def _answer(successful: bool, message: object, error: str) -> str:
    return json.dumps({"successful": successful, "message": message, "error": error}, separators=(",", ":"))


def start(conf: Settings, _words: list[str]) -> str:
    """Start the daemon, unless its pid file names it, and wait until it is ready."""
    return _locked(conf, _start)


def stop(conf: Settings, _words: list[str]) -> str:
    """Send SIGTERM to the process in the daemon's pid file, if it has the daemon's name, and wait until it is gone."""
    return _locked(conf, _stop)


def restart(conf: Settings, _words: list[str]) -> str:
    """Start another daemon beside the running one, and stop the old one."""
    return _locked(conf, _restart)


def report(conf: Settings, _words: list[str]) -> object:
    """The status of the daemon, by its own answer."""
    return json.loads(_call(conf, status.PATH))


def service(conf: Settings, words: list[str]) -> str:
    """Have the daemon start or stop one child. It succeeds, but the answer is an error all the same."""
    if words[:1] not in (["start"], ["stop"]) or len(words) != 2:
        raise VendorError("agentctl", "INVALID_ARGUMENT", "missing service name")
    call = f"/api/v1/{words[0]}Service"
    if not _call(conf, call, json.dumps({"taskToken": "", "service": words[1]}, separators=(",", ":"))):
        cause = "unexpected end of JSON input"
        raise VendorError("api/client", "INTERNAL", "decode_result_failed", call, cause=cause)
    return "ok"


def reinstall(_conf: Settings, _words: list[str]) -> str:
    """There is no package here."""
    raise VendorError("lib/pkg", "NOT_FOUND", "package_not_found")


def _locked(conf: Settings, action: Callable[[Settings], None]) -> str:
    path = run_dir(conf, conf["daemon"]) + "/admin.lock"
    lock.take(path)
    try:
        action(conf)
    finally:
        run_folder.unlink(path)
    return "ok"


def _start(conf: Settings) -> None:
    daemon = conf["daemon"]
    if _runs(daemon, run_folder.pid_or_none(run_folder.pid_file(conf, daemon))):
        return
    outputs = [f"{conf['home']}/log/agentd.{stream}.log" for stream in ("out", "err")]
    pid = process.spawn(conf, daemon, *outputs)

    def ready() -> bool:
        if os.waitpid(pid, os.WNOHANG)[0]:
            raise VendorError("agent", "INTERNAL", "agentd_exited_quickly")
        try:
            return _ready(conf)
        except VendorError:
            return False

    _wait(conf, ready, "wait_for_ready_timeout")


def _ready(conf: Settings) -> bool:
    if conf.get("scripts"):  # the rule of generation 1 is not published
        return all(
            _runs(program, run_folder.pid_or_none(run_folder.pid_file(conf, program))) for program in children(conf)
        )
    return bool(json.loads(_call(conf, status.PATH))["ready"])


def _stop(conf: Settings) -> None:
    path = run_folder.pid_file(conf, conf["daemon"])
    if os.path.exists(path):
        _stop_process(conf, run_folder.read_pid(path))


def _stop_process(conf: Settings, pid: int) -> None:
    if not _runs(conf["daemon"], pid):
        return
    os.kill(pid, signal.SIGTERM)

    def gone() -> bool:
        try:
            os.waitpid(pid, os.WNOHANG)  # this command may have started it
        except ChildProcessError:
            pass
        return not _runs(conf["daemon"], pid)

    _wait(conf, gone, "wait_for_exit_timeout")


def _restart(conf: Settings) -> None:
    """The old daemon's pid file stays under its other name."""
    old = {program: _set_aside(conf, program) for program in [conf["daemon"], *children(conf)]}
    try:
        _start(conf)
    except (VendorError, OSError):
        try:
            _stop(conf)
        except (VendorError, OSError):
            pass  # nothing more can be done
        for program, pid in old.items():
            if pid and os.path.exists(run_folder.backup_pid_file(conf, program, pid)):
                os.rename(run_folder.backup_pid_file(conf, program, pid), run_folder.pid_file(conf, program))
        raise
    _stop_process(conf, old[conf["daemon"]])


def _set_aside(conf: Settings, program: str) -> int:
    """Rename the pid file of *program*. Returns the pid in it, or 0."""
    path = run_folder.pid_file(conf, program)
    pid = run_folder.pid_or_none(path)
    if pid is None:
        run_folder.unlink(path)
        return 0
    os.rename(path, run_folder.backup_pid_file(conf, program, pid))
    return pid


def _call(conf: Settings, call: str, body: str = "") -> str:
    daemon = conf["daemon"]
    pid = run_folder.read_pid(run_folder.pid_file(conf, daemon))
    return status.ask(run_folder.socket_file(conf, daemon, pid), CALL_TIMEOUT, call, body)


def _runs(program: str, pid: int | None) -> bool:
    """Whether there is a process *pid* of that name, even another agent's, or a zombie."""
    return pid is not None and process.name(pid) == program


def _wait(conf: Settings, done: Callable[[], bool], code: str) -> None:
    """Check every `poll_seconds`, by default the vendor's second."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        time.sleep(float(conf["poll_seconds"]))
        if done():
            return
    raise VendorError("agent", "DEADLINE_EXCEEDED", code)


COMMANDS: dict[str, Command] = {
    "start": start,
    "stop": stop,
    "restart": restart,
    "status": report,
    "service": service,
    "version": lambda _conf, _words: status.VERSION,
    "info": lambda conf, _words: {"mode": "release", "name": conf["control"], "version": status.VERSION},
    "config": lambda _conf, _words: "success",
    "reinstall": reinstall,
}
GENERATION_1 = ("start", "stop", "restart")
