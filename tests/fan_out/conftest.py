# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fan_out.run import Playbook, residents, wait_for
from tests.fleet import Fleet, HostSpec


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "hosts" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.fleet)
            item.add_marker(pytest.mark.xdist_group(item.path.stem))  # tests of a file share their hosts


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Four hosts. Tests leave them unchanged."""
    if os.geteuid() != 0:
        pytest.skip("hosts need root")
    specs = [HostSpec(behaviour="stopped", bystanders=False)] * 4
    with Fleet.start(specs, tmp_path_factory.mktemp("hosts") / "fleet") as fleet:
        yield fleet


@pytest.fixture
def playbook(tmp_path: Path, hosts: Fleet) -> Iterator[Playbook]:
    """A run of the stand-in for ansible-playbook. It leaves nothing behind, on the controller or a host."""
    run = Playbook(tmp_path / "run")
    try:
        yield run
    finally:
        run.close()
    wait_for(lambda: not any(residents(host) for host in hosts.hosts), "a resident outlives the run")
