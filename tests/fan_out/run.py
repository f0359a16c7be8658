# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of the stand-in for ansible-playbook, and its input."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import typing as t
from dataclasses import replace
from pathlib import Path

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.carrier import resident
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.messages import Answer
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._ssh.route import Route, Start
from tests.fleet import Host, Process

ROOT = Path(__file__).resolve().parents[2]
WAIT = 30.0  # seconds that a change may take
_MARK = "OCP_FAN_OUT_TEST"  # in the environment of the run, and of all its children

# It replaces the host program in these tests. The loader of the host program starts it.
LIBRARY = """
import json, os, sys, time

def serve(calls, library):
    for line in iter(calls.readline, b""):
        call_id, _, call = line.decode().partition(" ")
        function, options = eval(call)
        for text in options.get("noise", []):
            print(text)
        if "begin" in options:
            open(options["begin"], "w").close()
        time.sleep(options.get("sleep", 0))
        if "exit" in options:
            sys.stderr.write("it has to end\\n")
            sys.exit(options["exit"])
        if "end" in options:
            open(options["end"], "w").close()
        told = {"pid": os.getpid(), "uid": os.getuid(), "echo": options.get("echo")}
        for _ in range(options.get("times", 1)):
            print("OCP-ANSWER %s %s" % (call_id, options.get("answer", json.dumps(told))))
        sys.stdout.flush()
"""

# The defaults of OpenSSH 9.2 that asyncssh supports.
ALGORITHMS = {
    "key_exchanges": ("sntrup761x25519-sha512@openssh.com", "curve25519-sha256", "ecdh-sha2-nistp256"),
    "ciphers": ("chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-ctr", "aes128-gcm@openssh.com"),
    "macs": ("umac-64-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-256"),
    "server_keys": (
        "ssh-ed25519-cert-v01@openssh.com",
        "rsa-sha2-512-cert-v01@openssh.com",
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "rsa-sha2-512",
        "rsa-sha2-256",
    ),
    "ca_signatures": ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"),
    "user_keys": ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"),
}


def route(host: Host, **changes: t.Any) -> Route:
    """The way to a host of a fleet, as in its inventory."""
    shared = host.state_dir
    found = Route(
        address=host.address,
        port=host.port,
        user=host.user,
        name=host.address,
        keys=(str(shared / "runtime/user_key"),),
        known_hosts=(str(shared / "known_hosts"),),
        connect_timeout=10,
        **ALGORITHMS,
    )
    return replace(found, **changes)


def work(host: Host, way: Route | None = None, start: Start | None = None, **options: t.Any) -> dict[str, t.Any]:
    """The work of a host in a phase. options: for LIBRARY."""
    return {
        "host": host.name,
        "route": (way or route(host)).dump(),
        "start": vars(start or Start(resident("python3"))),
        "call": {"phase": "prepare", "goal": "stopped", **options},
        "note": {"of": host.name},
    }


def further_work(host: Host, **options: t.Any) -> dict[str, t.Any]:
    """The work of a host that the engine already knows."""
    return {name: value for name, value in work(host, **options).items() if name in ("host", "call")}


class Phase:
    """A phase that is under way."""

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self.answers: dict[str, Answer] = {}
        self.error: str | None = None
        self.notes: dict[str, t.Any] | None = None
        self.worker = self._read()["worker"]

    def _read(self) -> dict[str, t.Any]:
        line = self._playbook.process.stdout.readline()
        assert line, "the stand-in for ansible-playbook has ended"
        return json.loads(line)

    def end(self) -> dict[str, Answer]:
        """Wait until the phase has ended. Returns the answers by host."""
        while "end" not in (message := self._read()):
            if "begun" in message:
                continue
            if "notes" in message:
                self.notes = message["notes"]
                continue
            answer = Answer.load(message["answer"])
            assert answer.host not in self.answers, "a second answer"
            self.answers[answer.host] = answer
        self.error = message["end"]
        return self.answers


class Playbook:
    """A run of the stand-in, with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(mode=0o700)
        self.cancel = folder / "cancel"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fan_out.playbook"],
            cwd=ROOT,
            env={**os.environ, _MARK: str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def begin(self, works: t.Sequence[t.Mapping[str, t.Any]], **changes: t.Any) -> Phase:
        phase = {
            "works": works,
            "library": LIBRARY,
            "at_once": 500,
            "timeout": 30,
            "keep": True,
            "folder": str(self.folder),
            "cancel": str(self.cancel),
            **changes,
        }
        assert self.process.stdin
        self.process.stdin.write(json.dumps(phase).encode() + b"\n")
        self.process.stdin.flush()
        return Phase(self)

    def phase(self, works: t.Sequence[t.Mapping[str, t.Any]], **changes: t.Any) -> dict[str, Answer]:
        """Carry out a phase. Returns the answers by host."""
        begun = self.begin(works, **changes)
        answers = begun.end()
        assert begun.error is None, begun.error
        return answers

    def one(self, work: t.Mapping[str, t.Any], **changes: t.Any) -> Answer:
        """Carry out a phase on one host."""
        answers = list(self.phase([work], **changes).values())
        assert len(answers) == 1
        return answers[0]

    def engines(self) -> list[int]:
        """The processes of this run except the run itself and its workers."""
        mark = f"{_MARK}={self.folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return [pid for pid in found if pid != self.process.pid and _parent(pid) != self.process.pid]

    def engine(self) -> int:
        (pid,) = self.engines()
        return pid

    def close(self) -> None:
        """End the run as ansible-playbook ends, and wait until its engine has ended."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(timeout=WAIT)
        self.process.stdout.close()
        wait_for(lambda: not self.engines(), "the engine outlives ansible-playbook")


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def wait_for(condition: t.Callable[[], object], message: str, seconds: float = WAIT) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.02)


def residents(host: Host) -> list[Process]:
    """The residents that fan-outs have started on a host, without the shells above them."""
    return [
        process
        for process in host.processes()
        if not process.dead
        and os.path.basename(process.path).startswith("python")
        and '"ocp_agent"' in " ".join(process.cmdline)
    ]
