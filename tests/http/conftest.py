# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from tests.http.client import Client
from tests.http.hosts import inventory_in
from tests.http.service import Service
from tests.store.tasks import STOP, builder, carry_out

INVENTORY = """
all:
  hosts:
    db001: {ansible_host: 192.0.2.11, ocp_host_id: 1001, ocp_host_alias: first}
    db002: {ansible_host: 192.0.2.12, ansible_port: 2222, ocp_host_id: 1002, ocp_host_status: OFFLINE}
    db003: {ocp_host_id: "1003", ocp_region: north, ocp_services: [{name: ob, type: OB_CLUSTER}]}
    bastion: {}
  vars: {ocp_host_status: ONLINE}
"""
ROLES = """
HOST_MANAGER: {users: [alice], groups: [dba]}
HOST_VIEWER: {users: [alice, bob]}
TASK_MANAGER: {users: [alice]}
TASK_VIEWER: {users: [alice]}
"""


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An inventory of tests.http.hosts."""
    with inventory_in(tmp_path_factory.mktemp("inventory")) as path:
        yield path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the services of a module share: an inventory, role bindings, a task store."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "inventory.yml").write_text(INVENTORY)
    (folder / "roles.yml").write_text(ROLES)
    return folder


@pytest.fixture(scope="module")
def store(folder: Path) -> str:
    """The URL of a store with two tasks: one that was SUCCESSFUL on 1001, a newer one that FAILED on 1002 of two."""
    url = f"sqlite:///{folder}/store/tasks.db"
    executor = Executor.of(os.getpid(), "192.0.2.7")
    with Store.open(url) as store:
        for host_ids, failing in (([1001], []), ([1001, 1002], [1])):
            task = store.create(host_ids, STOP, builder(host_ids), executor)
            carry_out(task, failing)
            store.save(task, executor, {subtask.id: f"log of {subtask.id}\n" for subtask in task.subtasks})
    return url


@pytest.fixture(scope="module")
def open_service(folder: Path, store: str) -> Iterator[Service]:
    """A service without users."""
    service = Service(
        folder / "open",
        *("--inventory", folder / "inventory.yml", "--task-store", store, "--insecure-loopback", "--no-standby"),
    )
    yield service
    service.kill()


@pytest.fixture
def anybody(open_service: Service) -> Client:
    return Client(open_service.port)
