# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fleet import Fleet, HostSpec
from tests.integration.cores import CORES, NO_CORES, Core
from tests.integration.refusals import Listener


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "start_fleet" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.fleet)


# Differences between versions of ansible-core or transports are tested on each: `each_core`, `each_way`, `some_way`.
# Everything else runs once, in turn: `core`, `newest_way`, `way`. The cases of one test cover all of them.


def _in_turn(request: pytest.FixtureRequest, choices: Sequence[Core]) -> Core:
    """One of these, always the same for one case of a test."""
    if not choices:
        pytest.fail(NO_CORES)
    number = zlib.crc32(request.node.originalname.encode())
    for mark in request.node.iter_markers("parametrize"):
        names = mark.args[0].split(",") if isinstance(mark.args[0], str) else mark.args[0]
        number += request.node.callspec.indices[names[0].strip()]
    chosen = choices[number % len(choices)]
    print(f"ansible-core {chosen.line}, transport {chosen.transport or 'auto'}")  # pytest shows it if the test fails
    return chosen


@pytest.fixture
def core(request: pytest.FixtureRequest) -> Core:
    """The oldest or the newest ansible-core."""
    return _in_turn(request, CORES)


@pytest.fixture(scope="session", params=CORES or [None], ids=lambda one: one.line if one else "none")
def each_core(request: pytest.FixtureRequest) -> Core:
    """Every ansible-core that the checkout has an environment for: the oldest and the newest."""
    return request.param or pytest.fail(NO_CORES)


@pytest.fixture(scope="session")
def newest_core() -> Core:
    """The newest ansible-core, for tests that would cost too much on each."""
    return CORES[-1] if CORES else pytest.fail(NO_CORES)


FANOUT = [replace(core, transport="fanout") for core in CORES]
TASK = [replace(core, transport="task") for core in CORES]
# The oldest ansible-core by tasks, the newest by the fan-out.
MIXED = [*TASK[:1], *FANOUT[-1:]]


def _name(core: Core | None) -> str:
    return f"{core.line}-{core.transport}" if core else "none"


@pytest.fixture(scope="session", params=[*FANOUT, *TASK[-1:]] or [None], ids=_name)
def each_way(request: pytest.FixtureRequest) -> Core:
    """Every ansible-core by the fan-out, and the newest also by tasks."""
    return request.param or pytest.fail(NO_CORES)


@pytest.fixture
def newest_way(request: pytest.FixtureRequest) -> Core:
    """The newest ansible-core, by the fan-out or by tasks."""
    return _in_turn(request, [*FANOUT[-1:], *TASK[-1:]])


@pytest.fixture(scope="session", params=MIXED or [None], ids=_name)
def some_way(request: pytest.FixtureRequest) -> Core:
    """The oldest ansible-core by tasks, and the newest by the fan-out."""
    return request.param or pytest.fail(NO_CORES)


@pytest.fixture
def way(request: pytest.FixtureRequest) -> Core:
    """The oldest ansible-core by tasks, or the newest by the fan-out."""
    return _in_turn(request, MIXED)


@pytest.fixture
def start_fleet(tmp_path: Path) -> Iterator[Callable[[Sequence[HostSpec]], Fleet]]:
    """Starts fleets that end with the test. It also checks that no innocent process was hurt."""
    fleets: list[Fleet] = []

    def start(specs: Sequence[HostSpec]) -> Fleet:
        fleets.append(Fleet.start(specs, tmp_path / f"fleet{len(fleets)}"))
        return fleets[-1]

    try:
        yield start
        for fleet in fleets:
            for host in fleet.hosts:
                innocent = [*host.bystanders, *([host.stranger] if host.stranger else [])]
                assert [process for process in innocent if not host.alive(process)] == [], host.name
    finally:
        for fleet in fleets:
            fleet.stop()


@pytest.fixture
def response_file(tmp_path: Path) -> Path:
    return tmp_path / "response.json"


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()
