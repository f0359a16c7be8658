# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out import clock as _fan_out_clock
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.clock import IdleClock
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.messages import longest


def on_a_loop(run: Callable[[IdleClock], Awaitable[None]]) -> None:
    clock = IdleClock()
    loop = asyncio.SelectorEventLoop(clock)
    try:
        loop.run_until_complete(run(clock))
    finally:
        loop.close()


def test_a_host_that_does_not_answer_is_overdue() -> None:
    async def run(clock: IdleClock) -> None:
        with pytest.raises(TimeoutError):
            async with clock.timeout(0.1):
                await asyncio.sleep(10)

    on_a_loop(run)


def test_time_in_which_the_loop_is_busy_does_not_count() -> None:
    """Work for other hosts takes three times the timeout, in pieces. Between the pieces an answer would be read."""

    async def run(clock: IdleClock) -> None:
        async def work() -> None:
            for _piece in range(30):
                time.sleep(0.02)
                await asyncio.sleep(0)

        others = asyncio.ensure_future(work())
        async with clock.timeout(0.2):
            await others
            await asyncio.sleep(0.01)
        with pytest.raises(TimeoutError):
            async with clock.timeout(0.2):
                await asyncio.sleep(10)

    on_a_loop(run)


def test_no_timeout_and_one_that_has_done_its_duty() -> None:
    async def run(clock: IdleClock) -> None:
        async with clock.timeout(None):
            await asyncio.sleep(0.02)
        async with clock.timeout(0.01, done=lambda: True):
            await asyncio.sleep(0.1)

    on_a_loop(run)


def test_an_inner_timeout_is_not_taken_for_the_outer_one() -> None:
    async def run(clock: IdleClock) -> None:
        seen = []
        async with clock.timeout(5):
            try:
                async with clock.timeout(0.02):
                    await asyncio.sleep(10)
            except TimeoutError:
                seen.append("inner")
            seen.append("after")
        assert seen == ["inner", "after"]

    on_a_loop(run)


def busy(clock: IdleClock, stop: asyncio.Event) -> asyncio.Task[None]:
    """Keep the loop busy without end, as a host does that prints without end."""

    async def work() -> None:
        while not stop.is_set():
            time.sleep(0.001)
            await asyncio.sleep(0)

    return asyncio.ensure_future(work())


def test_a_loop_that_is_never_idle_has_a_bound_by_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fan_out_clock, "longest", lambda seconds: seconds + 0.3)

    async def run(clock: IdleClock) -> None:
        stop = asyncio.Event()
        others = busy(clock, stop)
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            async with clock.timeout(0.2):
                await asyncio.sleep(30)
        assert 0.4 < time.monotonic() - begun < 10
        stop.set()
        await others

    on_a_loop(run)


def test_time_in_which_the_process_did_not_run_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is stopped while it waits, and while it works."""
    stopped = 0.0
    monkeypatch.setattr(_fan_out_clock.time, "monotonic", lambda real=time.monotonic: real() + stopped)

    async def run(clock: IdleClock) -> None:
        nonlocal stopped
        loop = asyncio.get_running_loop()
        async with clock.timeout(30):
            stopped += 1000
            await asyncio.sleep(0.01)
            loop.call_soon(lambda: None)
            stopped += 1000
            await asyncio.sleep(0.01)
        assert clock.awake < 10

    on_a_loop(run)


def test_how_long_a_host_may_take() -> None:
    assert (longest(60), longest(600)) == (150, 1230)
