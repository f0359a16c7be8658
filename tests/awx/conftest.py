# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.awx import Awx
from tests.integration.conftest import listener, newest_core, start_fleet
from tests.integration.cores import Core
from tests.store.servers import Mariadb, Postgresql, running

__all__ = ["listener", "newest_core", "start_fleet"]  # fixtures

_NUMBERS = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "start_fleet" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.fleet)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql | Mariadb]:
    with running("postgresql") as server:
        yield server


class Shared:
    """The database that the jobs of an AWX share."""

    def __init__(self, server: Postgresql | Mariadb) -> None:
        self._server = server
        self._name = f"awx{next(_NUMBERS)}"
        self.url = server.new_database(self._name)

    def age(self, seconds: float) -> None:
        """Pretend that so many seconds have passed since every heartbeat."""
        self._server.run(f"UPDATE ocp_task SET heartbeat = heartbeat - {seconds}", self._name)


@pytest.fixture
def shared(postgresql: Postgresql | Mariadb) -> Shared:
    return Shared(postgresql)


@pytest.fixture
def jobs() -> Iterator[Path]:
    """A folder with a path as short as in a container, since paths of sockets have to be short."""
    with tempfile.TemporaryDirectory(prefix="awx", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def awx(jobs: Path, newest_core: Core) -> Iterator[Awx]:
    """An AWX whose jobs share no store."""
    made = Awx(jobs, newest_core)
    yield made
    made.close()


@pytest.fixture
def awx_with_store(jobs: Path, newest_core: Core, shared: Shared) -> Iterator[Awx]:
    """An AWX whose credential gives every job the same store."""
    made = Awx(jobs, newest_core, credential={"ocp_task_store": shared.url})
    yield made
    made.close()
