# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A resident between and during its calls, and its end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.module_utils._agent import resident as program
from ansible_collections.oceanbase.ocp.plugins.module_utils._agent.log import STEP_HELD
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import carrier
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.host_answer import step
from tests.program.sandbox import TOLD, Sandbox

LIBRARY = carrier.library([{"phase": phase} for phase in ("prepare", "stop", "finish")])


class Resident:
    """A resident in a sandbox. reader: a shell command that receives its answers; without it a file does."""

    def __init__(
        self, sandbox: Sandbox, python: Path, content: bytes = carrier.framed(LIBRARY), reader: str = ""
    ) -> None:
        self._sandbox = sandbox
        self._output, self._errors = sandbox.file(), sandbox.file()
        self._answered = 0
        self._asked: list[str] = []
        fifo = sandbox.file()
        os.mkfifo(fifo)
        command = f"{carrier.resident(str(python))} < {fifo}"
        command = f"{{ {command}; echo $? > {self._output}; }} | {reader}" if reader else f"exec {command}"
        self.pid = sandbox.spawn_only("sh", "-c", command, stdout=str(self._output), stderr=str(self._errors))
        self._input = open(self._opened(fifo), "wb", buffering=0)  # noqa: SIM115  close() is how its connection ends
        self.send(content)

    def _opened(self, fifo: Path) -> int:
        """A descriptor to write to a FIFO, once it has a reader. A plain open() would block without one."""
        found: list[int] = []

        def opened() -> list[int]:
            with contextlib.suppress(OSError):
                found.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
            return found

        self._sandbox.until(opened, "the resident does not start")
        os.set_blocking(found[0], True)
        return found[0]

    def send(self, content: bytes) -> None:
        self._input.write(content)

    def send_call(self, call: bytes) -> None:
        self._asked.append(carrier.new_id())
        self.send(carrier.with_id(self._asked[-1], call))

    def begin(self, phase: str, **request: Any) -> None:
        self.send_call(carrier.call({"phase": phase, "home": str(self._sandbox.home), **request}))

    def steps(self) -> list[str]:
        """The steps that it has told, of all calls, in their order."""
        told = [line for line in self._output.read_bytes().split(b"\n")[:-1] if line.startswith(b"OCP-STEP ")]
        found = [(line.split(b" ", 2)[1].decode(), step(line.split(b" ", 2)[2])) for line in told]
        assert all(call_id in self._asked and told is not None for call_id, told in found)
        return [told["step"] for _call_id, told in found if told]

    def answer(self) -> dict[str, Any]:
        self._sandbox.until(lambda: len(self._answers()) > self._answered, f"no answer; {self._errors.read_text()}")
        self._answered += 1
        return self._answers()[self._answered - 1]

    def ask(self, phase: str, **request: Any) -> dict[str, Any]:
        self.begin(phase, **request)
        return self.answer()

    def _answers(self) -> list[dict[str, Any]]:
        output = self._output.read_bytes()
        output = output[: output.rfind(b"\n") + 1]
        return [answer for call_id in self._asked if (answer := carrier.answer(output, call_id))]

    def children(self) -> list[int]:
        return [row["pid"] for row in self._sandbox.table() if row["parent"] == self.pid]

    def close(self) -> int | None:
        """Close its input. Returns its exit status."""
        self._input.close()
        status = self._sandbox.wait(self.pid)
        assert self._errors.read_text() == ""
        assert len(self._answers()) == self._answered
        return status

    def status(self) -> str:
        """The exit status of a resident with another reader."""
        return self._output.read_text()


def alone(sandbox: Sandbox) -> bool:
    """Whether only process 1 of the sandbox is left, zombies counted, and the sleep of TOLD."""
    return [row["pid"] for row in sandbox.table() if row["argv"] != ["sleep", "60"]] == [1]


def test_a_stop_from_prepare_to_finish(sandbox: Sandbox, every_python: Path) -> None:
    daemon, children = sandbox.start_agent()
    resident = Resident(sandbox, every_python)
    assert len(resident.ask("prepare")["processes"]) == 3
    assert resident.children() == []
    time.sleep(1.1)  # the time of a phase counts from its own call
    stopped = resident.ask("stop", timeout=4)
    assert (stopped["changed"], len(stopped["processes"]), stopped["log"][0][0] < 1) == (True, 3, True)
    assert not any(map(sandbox.lives, [daemon, *children]))
    finished = resident.ask("finish", settle=0.1, stopped_at=stopped["stopped_at"], boot_id=stopped["boot_id"])
    assert (finished["changed"], len(finished["removed"])) == (True, 3)
    again = sandbox.agent("ocp_mgragent")
    answer = resident.ask("finish", settle=0, stopped_at=stopped["stopped_at"], boot_id=stopped["boot_id"])
    assert (answer["reason"], [process["pid"] for process in answer["processes"]]) == ("revived", [again.pid])
    sandbox.do("sh", "-c", f'[ "$(readlink /proc/{resident.pid}/cwd)" = / ]')
    assert resident.close() == 0


def test_steps_are_told_that_take_their_time(sandbox: Sandbox, kind_of_python: Path) -> None:
    daemon = sandbox.agent("ocp_agentd", TOLD)
    resident = Resident(sandbox, kind_of_python)
    resident.begin("stop", daemon_grace=STEP_HELD + 1)
    sandbox.until(lambda: resident.steps() == ["terminate_and_kill"], "SIGTERM is not told")
    assert sandbox.lives(daemon)
    assert resident.answer()["changed"]
    assert not resident.ask("finish", settle=0.1).get("failed")
    assert resident.steps() == ["terminate_and_kill"]
    assert resident.close() == 0


def test_calls_that_wait_are_carried_out_in_turn(sandbox: Sandbox, python: Path) -> None:
    agent = sandbox.agent("ocp_agentd")
    resident = Resident(sandbox, python)
    for phase in ("prepare", "stop", "finish", "stop"):
        resident.begin(phase, settle=0)
    answers = [resident.answer() for dummy in range(4)]
    assert [len(answer["processes"]) for answer in answers] == [1, 1, 0, 0]
    assert [answer["changed"] for answer in answers] == [False, True, False, False]
    assert not sandbox.lives(agent)
    assert resident.close() == 0
    assert alone(sandbox)


def test_a_phase_that_is_killed_is_told_and_the_next_one_ends_the_work(sandbox: Sandbox, kind_of_python: Path) -> None:
    daemon = sandbox.agent("ocp_agentd", TOLD)
    resident = Resident(sandbox, kind_of_python)
    resident.begin("stop")
    sandbox.until(sandbox.told.exists, "no SIGTERM")
    (worker,) = resident.children()
    sandbox.kill(worker, signal.SIGKILL)
    answer = resident.answer()
    assert (answer["failed"], answer["reason"], "changed" in answer) == (True, "interrupted", False)
    assert "signal 9" in answer["msg"]
    assert sandbox.lives(daemon)
    assert resident.ask("stop", daemon_grace=0.2)["changed"]
    assert not sandbox.lives(daemon)
    assert resident.close() == 0
    assert alone(sandbox)


def test_a_failure_that_nobody_foresaw_is_told(sandbox: Sandbox, kind_of_python: Path) -> None:
    resident = Resident(sandbox, kind_of_python)
    for line in (b'{"function": "prepare_stopped", "options": {"phase": "prepare", "home": 5}}', b'{"no": 1}', b"{"):
        resident.send_call(line + b"\n")
        answer = resident.answer()
        assert (answer["failed"], "reason" in answer) == (True, False)
        assert "the host program failed: " in answer["msg"]
        assert answer["exception"].startswith("Traceback ")
    assert resident.ask("stop")["changed"] is False
    assert resident.close() == 0


def test_a_connection_that_is_lost_in_the_middle_ends_nothing(sandbox: Sandbox, python: Path) -> None:
    daemon = sandbox.agent("ocp_agentd", TOLD)
    resident = Resident(sandbox, python, reader="cat")
    resident.begin("stop", daemon_grace=1)
    sandbox.until(sandbox.told.exists, "no SIGTERM")
    (reader,) = (row["pid"] for row in sandbox.table() if row["argv"] == ["cat"])
    resident._input.close()
    sandbox.kill(reader, signal.SIGKILL)
    assert sandbox.lives(daemon)
    sandbox.wait(resident.pid)
    sandbox.until(lambda: alone(sandbox), "somebody is left")
    assert resident.status() == "0\n"
    assert not sandbox.lives(daemon)
    assert not (sandbox.run_folder / "admin.lock").exists()


def test_a_step_waits_for_nobody() -> None:
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writable, b"x" * 4096)
    os.set_blocking(writable, True)
    program._offer(writable, b"x")  # would block
    os.close(readable)
    program._offer(writable, b"x")
    os.close(writable)
    program._offer(writable, b"x")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_one_that_waits(sandbox: Sandbox, python: Path, number: signal.Signals) -> None:
    resident = Resident(sandbox, python)
    resident.ask("prepare")
    sandbox.kill(resident.pid, number)
    assert sandbox.wait(resident.pid) == -number
    assert alone(sandbox)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 1),
        (carrier.framed(LIBRARY)[:-1], 1),
        (carrier.framed(b"import os\nos.mkdir('made')\n")[:-10], 1),
        (carrier.framed(LIBRARY) + b'"stop", {"phase": "stop", "home": "/HOME"}', 0),
    ],
    ids=["nothing", "the library", "a library that could be run", "a call"],
)
def test_what_was_cut_off_is_not_carried_out(sandbox: Sandbox, python: Path, content: bytes, status: int) -> None:
    agent = sandbox.agent("ocp_agentd")
    resident = Resident(sandbox, python, content.replace(b"/HOME", str(sandbox.home).encode()))
    assert resident.close() == status
    assert sandbox.lives(agent)
    assert not Path("/made").exists()
