# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host made of a pid and a mount namespace. Its processes cannot see, let alone signal, anything outside."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.host_answer import AnswerError

SHELL = os.path.realpath("/bin/sh")  # copies of it play the agent's programs, since they are small and scriptable
NOBODY = 65534
CALL = "0123456789abcdef"  # the id of every call
PATIENCE = 60.0  # seconds for anything that should happen soon

# Removes pidfds from an interpreter.
WITHOUT_PIDFD = """\
import os, signal, sys
sys.modules["ctypes"] = None
for module, name in ((os, "pidfd_open"), (signal, "pidfd_send_signal")):
    if hasattr(module, name):
        delattr(module, name)
"""
RUN = """\
with open(sys.argv.pop(1)) as stream:
    exec(compile(stream.read(), stream.name, "exec"), {"__name__": "__main__"})
"""

# Starts a program, writes its pid, and never reaps it: PID_FILE PROGRAM [ARGUMENT...]
UNMOURNED = """\
import os, sys, time
pid = os.spawnv(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
with open(sys.argv[1], "w") as stream:
    stream.write(str(pid))
time.sleep(600)
"""

# Scripts of the agent's programs: PROGRAM -c SCRIPT PROGRAM FIFO READY [CHILD...]
QUIET = ': > "$2"; read dummy < "$1"'
DEAF = 'trap "" TERM; : > "$2"; read dummy < "$1"'
TOLD = 'trap ": > \\"$1.told\\"" TERM; : > "$2"; while :; do sleep 60 & wait $!; done'  # leaves a file after SIGTERM
# The daemon restarts a child that ends, until SIGTERM. Then it ends the children one by one.
DAEMON = """\
fifo=$1 ready=$2 stop=
shift 2
trap stop=1 TERM
start() { "${0%/*}/$1" -c 'read dummy < "$1"' "$1" "$fifo" & eval "pid_$1=$!"; }
for name; do start "$name"; done
: > "$ready"
while [ -z "$stop" ]; do
  sleep 0.5 & wait $!
  for name; do eval "kill -0 \\$pid_$name" 2> /dev/null || [ -n "$stop" ] || start "$name"; done
done
for name; do eval "kill \\$pid_$name; wait \\$pid_$name"; done
"""


def both_ways(test: Callable[..., None]) -> Callable[..., None]:
    """Marks a test that has to pass both with the single program and with a resident."""
    test.__dict__["both_ways"] = True
    return test


class SandboxError(Exception):
    """The sandbox itself failed."""


@dataclass(frozen=True)
class Process:
    """A process of the sandbox, by its pid there and its start time."""

    pid: int
    start: int


@dataclass
class Run:
    """One run of the host program. result() waits for its end.

    pid: of the started process. worker: of the process that carries out the phase: the same, or a resident's child.
    """

    sandbox: Sandbox
    pid: int
    output: Path
    errors: Path
    began: float = field(default_factory=time.monotonic)

    def result(self, patience: float = PATIENCE) -> dict[str, Any]:
        """Its answer. Raises SandboxError if it died without an answer, and after that many seconds."""
        status = self.sandbox.wait(self.pid, patience)
        output, errors = self.output.read_text(), self.errors.read_text()
        complaint = f"the program ended with {status}, said {output!r} and complained {errors!r}"
        try:
            answer = carrier.answer(output.encode(), CALL)
        except AnswerError as error:
            raise SandboxError(f"{error}; {complaint}") from error
        told = output.count(carrier.step_head(CALL).decode())  # each a line of its own, with an end before it
        if answer is None or errors or output.count("\n") != 2 + 2 * told or (told and not self.sandbox.resident):
            raise SandboxError(complaint)
        if self.sandbox.resident:
            if status != 0:
                raise SandboxError(complaint)
            return answer
        if status not in (0, 1):
            raise SandboxError(complaint)
        assert (status == 1) == bool(answer.get("failed")), (status, answer)
        return answer

    @property
    def worker(self) -> int:
        if not self.sandbox.resident:
            return self.pid
        children = [row["pid"] for row in self.sandbox.table() if row["parent"] == self.pid]
        if len(children) != 1:
            raise SandboxError(f"{self.pid} has the children {children}")
        return int(children[0])


class Sandbox:
    """A private process table with an agent's home in it. A context manager.

    folder: an empty folder for its files. home: the agent's home, with copies of a shell as the agent's programs.
    resident: whether the host program runs as a resident, with one call, or by itself.
    """

    def __init__(self, folder: Path, generation: str = "gen2", *, resident: bool = False) -> None:
        self.folder = folder
        self.resident = resident
        folder.chmod(0o755)
        for parent in folder.parents:  # pytest's folders are private, and users of the sandbox need access
            if parent.stat().st_uid == os.getuid() and parent.stat().st_mode & 0o001 == 0:
                parent.chmod(parent.stat().st_mode | 0o011)
        self.home = folder / "admin/ocp_agent"
        self.run_folder = self.home / "run"
        self.run_folder.mkdir(parents=True)
        self.fifo = folder / "fifo"
        os.mkfifo(self.fifo)
        self.fifo.chmod(0o644)
        self._numbers = itertools.count()
        names = {
            "gen1": ["ocp_agent_ctl.py"],
            "gen2": ["ocp_agentctl", "ocp_agentd", "ocp_mgragent", "ocp_monagent"],
            "obagent": ["ob_agentctl", "ob_agentd", "ob_mgragent", "ob_monagent"],
        }[generation]
        for name in names:
            self.executable(self.home / "bin" / name)
        self._init: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Sandbox:
        self._init = subprocess.Popen(
            [
                "unshare",
                "--pid",
                "--fork",
                "--mount",
                "--mount-proc",
                "--kill-child",
                "--",
                "sh",
                "-c",
                'mount -t tmpfs -o mode=755 tmpfs /run && exec "$@"',
                "sh",
                os.path.realpath(sys.executable),
                "-I",
                "-S",
                Path(__file__).with_name("init.py"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *dummy: object) -> None:
        assert self._init
        assert self._init.stdin
        assert self._init.stdout
        self._init.stdin.close()  # process 1 ends, and the kernel then kills all others
        try:
            self._init.wait(PATIENCE)
        finally:
            self._init.kill()  # --kill-child passes it on
            self._init.stdout.close()

    def _ask(self, action: str, *args: Any, **kwargs: Any) -> Any:
        assert self._init
        assert self._init.stdin
        assert self._init.stdout
        self._init.stdin.write(json.dumps({"action": action, "args": args, "kwargs": kwargs}).encode() + b"\n")
        self._init.stdin.flush()
        answer = json.loads(self._init.stdout.readline())
        if "error" in answer:
            raise SandboxError(answer["error"])
        return answer["result"]

    # Its files

    def file(self) -> Path:
        """The path of a new file."""
        return self.folder / f"file{next(self._numbers)}"

    def executable(self, path: Path) -> Path:
        """A copy of the shell at that path. It has to be real, since the kernel takes a link for the same image."""
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SHELL, path)
        path.chmod(0o755)
        return path

    @property
    def told(self) -> Path:
        """This file exists once a process that runs TOLD has received SIGTERM."""
        return Path(f"{self.fifo}.told")

    # Its processes

    def spawn(self, *argv: str | Path, **options: Any) -> Process:
        """Start a process. The options are those of spawn() in init.py."""
        options = {key: str(value) if isinstance(value, Path) else value for key, value in options.items()}
        pid = self._ask("spawn", [str(argument) for argument in argv], **options)
        return next(process for process in self._processes() if process.pid == pid)

    def agent(
        self, program: str | Path, script: str = QUIET, children: tuple[str, ...] = (), **options: Any
    ) -> Process:
        """Start one of the agent's programs, or any copy of the shell, and wait until it is ready.

        program: its name in the home's bin/, or a path.
        """
        path = program if isinstance(program, Path) else self.home / "bin" / program
        ready = self.file()
        if options.get("uid"):
            ready = self.folder / "open" / ready.name
            ready.parent.mkdir(exist_ok=True)
            ready.parent.chmod(0o1777)
        process = self.spawn(path, "-c", script, path, self.fifo, ready, *children, **options)
        self.until(ready.exists, f"{path} is not ready")
        return process

    def unmourned(self, program: str, script: str, *arguments: str | Path) -> int:
        """Start one of the agent's programs under a parent that never reaps it. Returns its pid.

        A shell would nearly do, but it sometimes reaps a child before it replaces itself.
        """
        path, pid_file = self.home / "bin" / program, self.file()
        self.spawn(os.path.realpath(sys.executable), "-ISc", UNMOURNED, pid_file, path, "-c", script, *arguments)
        self.until(lambda: pid_file.exists() and pid_file.read_text(), f"{path} does not run")
        return int(pid_file.read_text())

    def zombie(self, program: str) -> int:
        """The pid of one of the agent's programs that has ended and stays in the process table."""
        pid = self.unmourned(program, "exit 0")
        self.until(lambda: (pid, "Z") in {(row["pid"], row["state"]) for row in self.table()}, "no zombie")
        return pid

    def start_agent(self) -> tuple[Process, list[Process]]:
        """Start daemon and children of generation 2 with their pid files. Returns them."""
        names = ("ocp_mgragent", "ocp_monagent")
        daemon = self.agent("ocp_agentd", DAEMON, names)

        def children() -> list[Process]:
            found = [self.running(self.home / "bin" / name) for name in names]
            return [process for processes in found for process in processes] if all(found) else []

        self.until(children, "the children do not run")
        (self.run_folder / "ocp_agentd.pid").write_text(str(daemon.pid))
        for name, child in zip(names, children(), strict=True):
            (self.run_folder / f"{name}.pid").write_text(f"{child.pid}\n")
        return daemon, children()

    def table(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("table")
        return found

    def _processes(self) -> Iterator[Process]:
        return (Process(row["pid"], row["start"]) for row in self.table() if row["state"] not in "ZX")

    def running(self, executable: Path) -> list[Process]:
        """The living processes of that executable.

        A shell that starts a command is two processes for a moment. Its fork does not count before it runs the command.
        """
        rows = {
            row["pid"]: row
            for row in self.table()
            if row["state"] not in "ZX" and row["exe"].removesuffix(" (deleted)") == str(executable)
        }
        return [Process(pid, row["start"]) for pid, row in rows.items() if row["parent"] not in rows]

    def lives(self, process: Process) -> bool:
        return process in self._processes()

    def kill(self, pid: int, number: int) -> None:
        self._ask("kill", pid, int(number))

    def wait(self, pid: int, seconds: float = PATIENCE) -> int | None:
        """The exit code of a process that the sandbox started, None if it still runs after that many seconds."""
        code: int | None = self._ask("wait", pid, seconds)
        return code

    def do(self, *argv: str | Path) -> None:
        """Run a command to its end. Raises SandboxError if it fails."""
        errors = self.file()
        if (status := self.wait(self.spawn_only(*argv, stderr=str(errors)))) != 0:
            raise SandboxError(f"{argv} ended with {status}: {errors.read_text()}")

    def spawn_only(self, *argv: str | Path, **options: Any) -> int:
        """Start a process that may end at any moment. Returns its pid."""
        pid: int = self._ask("spawn", [str(argument) for argument in argv], **options)
        return pid

    @staticmethod
    def until(condition: Callable[[], Any], message: str, patience: float = PATIENCE) -> None:
        deadline = time.monotonic() + patience
        while not condition():
            if time.monotonic() > deadline:
                raise SandboxError(message)
            time.sleep(0.01)

    # The host program

    def source(self, phase: str, goal: str = "stopped") -> Path:
        """The program's text for this phase, in a file that every user can read."""
        path = self.folder / f"program-{phase}-{goal}.py"
        if not path.exists():
            path.write_bytes(carrier.program({"phase": phase, "goal": goal}))
            path.chmod(0o644)
        return path

    def start_program(
        self,
        python: Path,
        phase: str,
        *,
        uid: int | None = None,
        pidfd: bool = True,
        through: tuple[str | Path, ...] = (),
        **request: Any,
    ) -> Run:
        """Start the host program with an interpreter.

        pidfd: False for an interpreter without them. through: a command that runs it.
        """
        output, errors = self.file(), self.file()
        options: dict[str, Any] = {"uid": uid, "stdout": str(output), "stderr": str(errors)}
        arguments = {"phase": phase, "home": str(self.home), **request}
        if self.resident:
            command: list[str | Path] = ["/bin/sh", "-c", f"exec {carrier.resident(str(python))}"]
            options["stdin"] = str(self.calls(arguments, pidfd=pidfd))
        else:
            source = self.source(phase, request.get("goal", "stopped"))
            command = [python, "-B", source] if pidfd else [python, "-B", "-c", WITHOUT_PIDFD + RUN, source]
            command += [carrier.expression(arguments), CALL]
        return Run(self, self.spawn_only(*through, *command, **options), output, errors)

    def calls(self, *requests: dict[str, Any], pidfd: bool = True) -> Path:
        """The whole input of a resident for these requests, as a file."""
        path = self.file()
        library = (b"" if pidfd else WITHOUT_PIDFD.encode()) + carrier.library(requests)
        calls = b"".join(carrier.with_id(CALL, carrier.call(request)) for request in requests)
        path.write_bytes(carrier.framed(library) + calls)
        path.chmod(0o644)
        return path

    def program(self, python: Path, phase: str, **request: Any) -> dict[str, Any]:
        """Run the host program to its end. Returns its answer."""
        return self.start_program(python, phase, **request).result()


@contextlib.contextmanager
def sandbox_in(folder: Path, generation: str = "gen2", *, resident: bool = False) -> Iterator[Sandbox]:
    folder.mkdir(parents=True, exist_ok=True)
    with Sandbox(folder, generation, resident=resident) as sandbox:
        yield sandbox
