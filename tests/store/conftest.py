# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.store.actor import Actor
from tests.store.servers import SERVERS, Kind, Sqlite, running

_NUMBERS = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests of a file on one server in one process, which then starts that server once."""
    for item in items:
        kind = getattr(item, "callspec", None) and item.callspec.params.get("database")
        if kind in SERVERS:
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem} {kind}"))


@pytest.fixture(scope="session", params=["sqlite", *SERVERS])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kind]:
    """Each kind of database that the store knows."""
    if request.param == "sqlite":
        yield Sqlite(tmp_path_factory.mktemp("sqlite"))
    else:
        with running(request.param) as server:
            yield server


@pytest.fixture
def url(database: Kind) -> str:
    """The URL of a new store."""
    return database.new_database(f"store{next(_NUMBERS)}")


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data folder, for the actors too."""
    folder = tmp_path / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    return folder


@pytest.fixture
def start_actor() -> Iterator[Callable[[str], Actor]]:
    """Start processes that work on a store of that URL. They end with the test."""
    actors: list[Actor] = []

    def start(url: str) -> Actor:
        actors.append(Actor(url))
        return actors[-1]

    yield start
    for actor in actors:
        actor.kill()
