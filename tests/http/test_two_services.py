# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two services on one task store: each knows the other's tasks, also when the other is killed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oceanbase_ocp import task_info
from tests.http.client import Answer, Client
from tests.http.envelope import check
from tests.http.hosts import OTHER_SILENT, PATIENCE, SILENT, ended
from tests.http.service import Service

pytestmark = pytest.mark.xdist_group("http_operations")

STOP = "/compute/hosts/batchStopAgents"


def until(begin: Callable[[], Answer], status: int) -> Answer:
    """The first answer with another status than this."""
    deadline = time.monotonic() + PATIENCE
    while (answer := begin()).status == status and time.monotonic() < deadline:
        time.sleep(0.2)
    return answer


def test_a_task_belongs_to_both_and_outlives_neither(tmp_path: Path, inventory: Path) -> None:
    """One is killed in the middle of a task. The other tells of its end, and begins on the host again."""
    url = f"sqlite:///{tmp_path}/store/tasks.db"
    options = ("--inventory", inventory, "--task-store", url, "--insecure-loopback", "--grace", "0")
    first = Service(tmp_path / "first", *options)
    second = Service(tmp_path / "second", *options)
    try:
        one, other = Client(first.port), Client(second.port)
        begun: dict[str, Any] = check(one.post("/compute/hosts/batchStartAgents", {"hostIds": [SILENT]})).data

        refused = check(other.post(STOP, {"hostIds": [OTHER_SILENT, SILENT]}))
        assert (refused.status, refused.code) == (409, "BAK29003")
        assert str(begun["id"]) in refused.body["error"]["message"]
        shown = check(other.get(f"/tasks/instances/{begun['id']}")).data
        assert (shown["status"], shown["name"]) == ("RUNNING", "Batch start OCP agent")

        first.kill()
        task = ended(other, begun["id"])
        assert task["status"] == "FAILED"
        assert task == task_info(begun["id"], task_store=url)["data"]

        again = until(lambda: check(other.post(STOP, {"hostIds": [SILENT]})), 409)
        assert again.status == 200
        assert check(other.post(f"/tasks/instances/{again.data['id']}/cancel")).data["creator"]["name"]
        assert ended(other, again.data["id"])["operation"] == "CANCEL"
    finally:
        first.kill()
        second.end()
