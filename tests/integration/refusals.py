# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories whose hosts are a socket of the test, and the checks of every refused request."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import yaml

from tests.integration.cores import Run

HOSTS = {"db1": 1001, "db2": "1002", "db3": 1003}


class Listener:
    """The address of an inventory's hosts. It accepts connections and answers none."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._socket.setblocking(False)

    def contacted(self) -> bool:
        try:
            connection, dummy = self._socket.accept()
        except BlockingIOError:
            return False
        connection.close()
        return True

    def close(self) -> None:
        self._socket.close()


def inventory(folder: Path, listener: Listener, hosts: dict[str, Any], groups: tuple[str, ...] = ()) -> Path:
    """An inventory of hosts with these values of ocp_host_id."""
    address = {"ansible_host": "127.0.0.1", "ansible_port": listener.port}
    content: dict[str, Any] = {
        "all": {"hosts": {name: {**address, "ocp_host_id": value} for name, value in hosts.items()}}
    }
    content.update((name, {"hosts": {}}) for name in groups)
    path = folder / "inventory.yml"
    path.write_text(yaml.safe_dump(content))
    return path


def check_refusal(run: Run, status: int, code: str, named: list[str]) -> None:
    assert run.status == 2, run.output
    assert run.response is not None, run.output
    assert run.response["successful"] is False
    assert run.response["status"] == status
    assert set(run.response) == {"duration", "error", "server", "status", "successful", "timestamp", "traceId"}
    assert run.error["code"] == code
    for text in named:
        assert text in run.error["message"]
    assert f"{status} {code}: " in run.output
    assert "PLAY [Prepare]" not in run.output
