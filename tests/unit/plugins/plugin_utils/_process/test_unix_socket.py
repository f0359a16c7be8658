# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
from pathlib import Path

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._process.unix_socket import address, peer


def test_a_path_may_be_longer_than_an_address(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    with (
        socket.socket(socket.AF_UNIX) as listener,
        socket.socket(socket.AF_UNIX) as caller,
        address(folder, "s") as where,
    ):
        listener.bind(where)
        listener.listen()
        caller.connect(where)
    assert [path.name for path in folder.iterdir()] == ["s"]


def test_who_is_at_the_other_end() -> None:
    here, there = socket.socketpair()
    with here, there:
        assert peer(here) == os.geteuid()
