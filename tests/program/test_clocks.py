# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with shifted clocks. Start times of processes are compared only with each other."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.program.sandbox import Sandbox, both_ways
from tests.program.starting import AGENT, OK, START, assert_failed, control_program, moment, programs, running

# Shows a container's uptime as lxcfs does, in seconds since the container's start.
LXCFS = """\
import os, sys, time
began, descriptor = time.monotonic(), os.open(sys.argv[1], os.O_WRONLY)
while True:
    os.pwrite(descriptor, b"%012.2f %012.2f\\n" % ((time.monotonic() - began,) * 2), 0)
    time.sleep(0.02)
"""
CLOCKS = ["container", "ahead", "one"]


class Host:
    """A sandbox with one kind of clock."""

    def __init__(self, sandbox: Sandbox, clock: str) -> None:
        self.sandbox = sandbox
        self.through: tuple[str, ...] = ()
        if clock == "ahead":  # a time namespace shifts the start times of all processes, and /proc/uptime
            self.through = ("unshare", "--time", "--boottime", "864000", "--monotonic", "432000", "--")
        elif clock == "container":
            uptime = sandbox.file()
            uptime.write_text("0000000000.00 0000000000.00\n")
            sandbox.spawn(sys.executable, "-ISc", LXCFS, uptime)
            sandbox.do("mount", "--bind", uptime, "/proc/uptime")

    def program(self, python: Path, phase: str, **request: object) -> dict:
        return self.sandbox.program(python, phase, through=self.through, **request)


@pytest.fixture(params=CLOCKS)
def host(sandbox: Sandbox, request: pytest.FixtureRequest) -> Host:
    return Host(sandbox, request.param)


@both_ways
def test_an_agent_is_stopped_and_started(sandbox: Sandbox, python: Path) -> None:
    for clock in ("container", "ahead"):
        host = Host(sandbox, clock)
        control_program(sandbox, START, OK)
        started = host.program(python, "start")
        assert programs(started) == AGENT, started
        finished = host.program(python, "finish", goal="running", settle=0.5, **moment(started))
        assert not finished.get("failed"), finished
        stopped = host.program(python, "stop")
        assert not stopped.get("failed"), stopped
        began = time.monotonic()
        when = {name: stopped[name] for name in ("stopped_at", "boot_id")}
        finished = host.program(python, "finish", settle=1.0, **when)
        assert not finished.get("failed"), finished
        assert time.monotonic() - began < 10, "the settle time is one of another clock"
        assert running(sandbox) == {}


def test_what_was_started_again_since_start_is_noticed(host: Host, newest: Path) -> None:
    sandbox = host.sandbox
    control_program(sandbox, START, OK)
    started = host.program(newest, "start")
    time.sleep(0.05)
    old = running(sandbox)["ocp_mgragent"][0]
    sandbox.kill(old.pid, 9)
    sandbox.until(lambda: running(sandbox).get("ocp_mgragent", [old])[0] != old, "it is not started again")
    time.sleep(0.5)
    answer = host.program(newest, "finish", goal="running", settle=0, **moment(started))
    assert_failed(answer, "not_ready")
    assert "started again since Start" in answer["msg"]


def test_what_came_back_after_stop_is_told_from_what_never_went(host: Host, newest: Path) -> None:
    sandbox = host.sandbox
    stayed = sandbox.agent("ocp_agentd")
    time.sleep(0.05)
    stopped = host.program(newest, "stop", check_mode=True)
    when = {name: stopped[name] for name in ("stopped_at", "boot_id")}
    assert_failed(host.program(newest, "finish", settle=0, **when), "still_running")
    sandbox.kill(stayed.pid, 9)
    sandbox.until(lambda: not sandbox.lives(stayed), "it lives")
    time.sleep(0.05)
    sandbox.agent("ocp_agentd")
    assert_failed(host.program(newest, "finish", settle=0, **when), "revived")


def test_the_age_of_what_is_not_ready_is_its_own(host: Host, newest: Path) -> None:
    sandbox = host.sandbox
    control_program(sandbox, START, OK)
    host.program(newest, "start")
    time.sleep(1.1)
    sandbox.kill(running(sandbox)["ocp_monagent"][0].pid, 19)
    answer = host.program(newest, "finish", goal="running", settle=0)
    assert_failed(answer, "not_ready")
    age = int(answer["msg"].partition("(started ")[2].partition(" s ago)")[0])
    assert 1 <= age < 60, answer["msg"]
