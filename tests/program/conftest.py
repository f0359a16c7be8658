# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program.sandbox import Sandbox, sandbox_in
from tools.environments import interpreters

INTERPRETERS = {version: found.path for version, found in interpreters().items()}
NEWEST = {max(INTERPRETERS): INTERPRETERS[max(INTERPRETERS)]}
ENDS = {min(INTERPRETERS): INTERPRETERS[min(INTERPRETERS)], **NEWEST}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`newest`: the newest interpreter; `python`: the oldest too; `every_python`: all of them."""
    for name, chosen in (("newest", NEWEST), ("python", ENDS), ("every_python", INTERPRETERS)):
        if name in metafunc.fixturenames:
            ids = [f"{major}.{minor}" for major, minor in chosen]
            metafunc.parametrize(name, list(chosen.values()), ids=ids)


@pytest.fixture
def sandbox(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    if os.geteuid() != 0:
        pytest.skip("namespaces with real users in them need root")
    with sandbox_in(tmp_path / "host", resident=getattr(request, "param", "once") == "resident") as made:
        yield made
