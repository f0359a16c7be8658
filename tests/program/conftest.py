# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.program.sandbox import Sandbox, sandbox_in
from tools.environments import interpreters

INTERPRETERS = {version: found.path for version, found in interpreters().items()}
NEWEST = {max(INTERPRETERS): INTERPRETERS[max(INTERPRETERS)]}
ENDS = {min(INTERPRETERS): INTERPRETERS[min(INTERPRETERS)], **NEWEST}


def _first(version: tuple[int, int]) -> set[tuple[int, int]]:
    """The oldest interpreter from that version on."""
    return {min((found for found in INTERPRETERS if found >= version), default=max(INTERPRETERS))}


# Those between which the host program finds a difference: Python 2, then Python 3 with pidfds by ctypes alone, then
# the first with pidfds of its own.
KINDS = {version: INTERPRETERS[version] for version in sorted({*ENDS, *_first((3, 0)), *_first((3, 9))})}

# Interpreters for residents in a test of `both_ways`: the oldest and the newest, and RHEL 8's platform-python.
RESIDENT = {version: path for version, path in INTERPRETERS.items() if version in {*ENDS, (3, 6)}}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`newest`: the newest interpreter; `python`: the oldest too; `kind_of_python`: see KINDS; `every_python`: all.

    A test of `both_ways` runs with residents, too.
    """
    choices = {"newest": NEWEST, "python": ENDS, "kind_of_python": KINDS, "every_python": INTERPRETERS}
    for name, chosen in choices.items():
        if name not in metafunc.fixturenames:
            continue
        ids = [f"{major}.{minor}" for major, minor in chosen]
        if not getattr(metafunc.function, "both_ways", False):
            metafunc.parametrize(name, list(chosen.values()), ids=ids)
            continue
        residents = {version: path for version, path in RESIDENT.items() if version in chosen}
        metafunc.parametrize(
            (name, "sandbox"),
            [(path, "once") for path in chosen.values()] + [(path, "resident") for path in residents.values()],
            ids=ids + [f"{major}.{minor}-resident" for major, minor in residents],
            indirect=["sandbox"],
        )


@pytest.fixture
def sandbox(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    if os.geteuid() != 0:
        pytest.skip("namespaces with real users in them need root")
    with sandbox_in(tmp_path / "host", resident=getattr(request, "param", "once") == "resident") as made:
        yield made


@pytest.fixture
def new_sandbox(tmp_path: Path) -> Iterator[Callable[[str], Sandbox]]:
    """Makes sandboxes, each in the folder of this name. They end with the test."""
    if os.geteuid() != 0:
        pytest.skip("namespaces with real users in them need root")
    with contextlib.ExitStack() as stack:
        yield lambda name: stack.enter_context(sandbox_in(tmp_path / name, resident=False))


@pytest.fixture
def python_for_all(sandbox: Sandbox, python: Path) -> Path:
    """The interpreter at a place that every user of the sandbox can reach, unlike root's home."""
    real = python.resolve()
    prefix = real.parents[1]
    closed = [folder for folder in prefix.parents if folder.stat().st_mode & 0o001 == 0]
    if closed:
        place = sandbox.folder / "python"
        place.mkdir()
        sandbox.do("mount", "--bind", prefix, place)
        sandbox.do("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", closed[-1])
        sandbox.do("mkdir", "-p", prefix)
        sandbox.do("mount", "--bind", place, prefix)
    return real
