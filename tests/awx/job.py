# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One job: its private data directory, and its run through transmit, worker and process."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from functools import cached_property
from pathlib import Path
from typing import IO, Any

RUNNER = Path(sys.executable).with_name("ansible-runner")
# A process table of its own, like a container: killing it kills every process of the job.
_CONTAINER = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
PATIENCE = 300


class Job:
    """A started job.

    folder: its own folder, with its private data directory. playbook: a file of the project. environment: of its
    container. ignored: variables of the launch that AWX has dropped.
    """

    def __init__(
        self, number: int, folder: Path, playbook: str, environment: dict[str, str], ignored: dict[str, Any]
    ) -> None:
        self.id = number
        self.ignored = ignored
        self._out = folder / "out"
        self._cancelled = False
        stderr = (folder / "stderr").open("wb")
        self._stderr = folder / "stderr"
        private = folder / "private"
        transmit = [RUNNER, "transmit", private, "--playbook", playbook, "--ident", str(number)]
        worker = [*_CONTAINER, RUNNER, "worker", "--private-data-dir", folder / "runner", "--delete"]
        process = [RUNNER, "process", self._out, "--ident", str(number)]
        with stderr:
            self._processes: list[subprocess.Popen[bytes]] = []
            stdin: IO[bytes] | None = None
            for command in (
                [*transmit, "--inventory", "hosts", "--omit-env-files"],
                worker,
                process,
            ):
                started = subprocess.Popen(
                    command,
                    stdin=stdin or subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    env=environment,
                    cwd=folder,
                )
                if stdin:
                    stdin.close()  # the next process has it
                stdin = started.stdout
                self._processes.append(started)
        self._ended = threading.Event()
        self._waiter = threading.Thread(target=self._wait, args=(stdin,), daemon=True)
        self._waiter.start()

    def _wait(self, stdout: IO[bytes] | None) -> None:
        if stdout:
            with stdout:
                stdout.read()
        for process in self._processes:
            process.wait()
        self._ended.set()

    def wait(self) -> Job:
        """Wait until the job has ended."""
        if not self._ended.wait(PATIENCE):
            self.kill()
            raise TimeoutError(f"job {self.id} has not ended: {self.output[-2000:]}")
        return self

    @property
    def running(self) -> bool:
        return not self._ended.is_set()

    def cancel(self) -> None:
        """Cancel the job as AWX does, by removing its container."""
        self._cancelled = True
        self.kill()

    def kill(self) -> None:
        """Kill the container."""
        self._processes[1].kill()  # unshare, and with it (--kill-child) process 1 and the whole process table

    @property
    def status(self) -> str:
        """AWX's status of the ended job."""
        if self._cancelled:
            return "canceled"
        path = self._out / f"artifacts/{self.id}/status"  # the runner sends its status last
        return path.read_text() if path.exists() else "error"

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The job's events, in their order."""
        found = [json.loads(path.read_text()) for path in self._out.glob(f"artifacts/{self.id}/job_events/*.json")]
        return sorted(found, key=lambda event: int(event["counter"]))

    @property
    def output(self) -> str:
        """The output that AWX shows of the job, and its standard error."""
        shown = [event.get("stdout", "") for event in self._events_so_far()]
        return "\n".join(filter(None, shown)) + self._stderr.read_text(errors="replace")

    def _events_so_far(self) -> list[dict[str, Any]]:
        if not self.running:
            return self.events
        found = []
        for path in self._out.glob(f"artifacts/{self.id}/job_events/*.json"):
            with contextlib.suppress(ValueError, OSError):
                found.append(json.loads(path.read_text()))
        return sorted(found, key=lambda event: int(event["counter"]))

    def has(self, event: str, **data: str) -> bool:
        """Whether an event of this kind with these values has arrived."""
        return any(
            known["event"] == event
            and all(known.get("event_data", {}).get(name) == value for name, value in data.items())
            for known in self._events_so_far()
        )

    @property
    def artifacts(self) -> dict[str, Any]:
        """The job's artifacts, which a workflow passes on."""
        found: dict[str, Any] = {}
        for event in self.events:
            found.update(event.get("event_data", {}).get("artifact_data") or {})
        return found

    @property
    def response(self) -> dict[str, Any]:
        """The response in the artifacts."""
        assert "ocp_response" in self.artifacts, self.output
        response: dict[str, Any] = self.artifacts["ocp_response"]
        return response

    @property
    def host_summaries(self) -> dict[str, dict[str, int]]:
        """AWX's counts per host: ok, changed, failed (failures, dark: unreachable), ..."""
        (stats,) = [event["event_data"] for event in self.events if event["event"] == "playbook_on_stats"]
        kinds = ("ok", "changed", "failures", "dark", "ignored", "skipped", "rescued", "processed")
        hosts = {host for kind in kinds for host in stats.get(kind, {})}
        return {host: {kind: stats.get(kind, {}).get(host, 0) for kind in kinds} for host in hosts}

    @property
    def failed_hosts(self) -> list[str]:
        """The hosts of AWX's relaunch on failed hosts."""
        summaries = self.host_summaries.items()
        return sorted(host for host, counts in summaries if counts["failures"] or counts["dark"])


def lay_out(
    folder: Path,
    project: Path,
    extravars: str,
    credential: str,
    arguments: list[str],
    environment: dict[str, str],
) -> Path:
    """Create a private data directory, without its inventory. extravars, credential: YAML."""
    private = folder / "private"
    for name in ("env", "inventory", "cp"):
        (private / name).mkdir(parents=True, mode=0o700)
    shutil.copytree(
        project, private / "project", ignore=shutil.ignore_patterns("awx", "collections", "*.ocp_hosts.yml")
    )
    files = {
        "extravars": extravars,
        "cmdline": shlex.join(arguments),
        "envvars": json.dumps(environment),
        "settings": json.dumps({"job_timeout": 0, "suppress_ansible_output": True, "suppress_output_file": True}),
        "credential": credential,
    }
    for name, text in files.items():
        path = private / "env" / name
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(text)
    return private
