# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of a real host, phase by phase, and the answers that a similar host would have given."""

from __future__ import annotations

import json
import re
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.host import uptime
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.processes import argument_spec
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.operation import OPERATIONS
from tests.fleet.host import Host

from ..contenders import BenchError
from ..hosts import hosts

OPERATION = OPERATIONS["batch_stop_agents"]
PHASES = tuple(node.phase for node in OPERATION.nodes)
_PID = re.compile(r"(?<=\(pid )\d+(?=\))")  # as in the log of a host
_MOST_PIDS = 32768


@dataclass(frozen=True)
class Recording:
    """A phase on a real host.

    options: the call, as its resident gets it. answer: of run_phase. seconds: from the call to the answer.
    """

    options: dict[str, Any]
    answer: dict[str, Any]
    seconds: float

    def fits(self, options: Mapping[str, Any]) -> bool:
        """Whether the recording answers a call with these options."""
        return _given(options) == _given(self.options)

    def answer_of(self, number: int) -> dict[str, Any]:
        """The answer of the host with this number, from 0 on. One host's answers agree on its processes."""
        answer: dict[str, Any] = _with_pids(self.answer, 1 + number % (_MOST_PIDS // 2))
        if "boot_id" in answer:
            answer["boot_id"] = str(uuid.uuid5(uuid.NAMESPACE_OID, str(number)))
        if "stopped_at" in answer:
            answer["stopped_at"] = uptime()
        return answer


def library() -> bytes:
    """The library of a stop, framed for the resident."""
    requests = [{"phase": phase, "goal": OPERATION.goal} for phase in PHASES]
    return carrier.framed(carrier.library(requests))


def record(folder: Path) -> dict[str, Recording]:
    """Start one host, whose agent exits at once, and stop the agent by the host program itself.

    folder: for the host's files; must not exist. Returns the recordings by phase. Raises BenchError.
    """
    with hosts(1, 0.0, folder) as fleet:
        found = _ask(fleet.hosts[0])
        left = fleet.hosts[0].agent_names()
    failed = [f"{phase}: {one.answer['msg']}" for phase, one in found.items() if one.answer.get("failed")]
    if failed or left:
        raise BenchError(f"a real host does not stop its agent, {', '.join(left)} is left: {'; '.join(failed)}")
    return found


def save(recordings: Mapping[str, Recording], path: Path) -> None:
    path.write_text(json.dumps({phase: asdict(one) for phase, one in recordings.items()}), encoding="utf-8")


def load(path: Path) -> dict[str, Recording]:
    return {phase: Recording(**one) for phase, one in json.loads(path.read_text(encoding="utf-8")).items()}


def _ask(host: Host) -> dict[str, Recording]:
    resident = host.ssh_command(carrier.resident(host.spec.python))
    found = {}
    with subprocess.Popen(resident, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(library())
        for phase in PHASES:
            options = _options(phase)
            begun = time.monotonic()
            process.stdin.write(carrier.with_id(phase, carrier.call(options)))
            process.stdin.flush()
            answer = _next_answer(process.stdout, phase)
            found[phase] = Recording(options, answer, time.monotonic() - begun)
        process.stdin.close()
    return found


def _next_answer(stdout: IO[bytes], phase: str) -> dict[str, Any]:
    while line := stdout.readline():
        if (answer := carrier.answer(line, phase)) is not None:
            return answer
    raise BenchError(f"{phase}: the resident of a real host has ended without an answer")


def _options(phase: str) -> dict[str, Any]:
    """The options of a host whose variables all have their defaults."""
    options: dict[str, Any] = {"phase": phase, "timeout": OPERATION.timeouts[phase], "goal": OPERATION.goal}
    return {**ArgumentSpecValidator(argument_spec()).validate(options).validated_parameters, "check_mode": False}


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _with_pids(value: Any, more: int) -> Any:
    """A copy with every pid increased by so much."""
    if isinstance(value, dict):
        return {key: one + more if key == "pid" else _with_pids(one, more) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_pids(one, more) for one in value]
    if isinstance(value, str):
        return _PID.sub(lambda found: str(int(found[0]) + more), value)
    return value
