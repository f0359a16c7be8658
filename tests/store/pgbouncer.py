# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PgBouncer in front of a PostgreSQL of ours, on a unix socket of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.store.servers import AS_USER, Postgresql


@contextlib.contextmanager
def pgbouncer(server: Postgresql, pool_mode: str) -> Iterator[Path]:
    """Run a PgBouncer during the block. Gives the folder of its socket."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "there is no pgbouncer: `make test` installs it, as does tools/system-packages.sh"
    folder = server.folder / f"pgbouncer-{pool_mode}"
    folder.mkdir()
    if AS_USER:
        shutil.chown(folder, AS_USER["user"], AS_USER["group"])
    (folder / "ini").write_text(
        "[databases]\n"
        f"* = host={server.folder} user=ocp\n"
        "[pgbouncer]\n"
        "listen_addr =\n"
        "listen_port = 5432\n"
        f"unix_socket_dir = {folder}\n"
        "auth_type = any\n"
        f"pool_mode = {pool_mode}\n"
        "default_pool_size = 2\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, str(folder / "ini")], stdout=log, stderr=log, cwd=folder, **AS_USER)
    try:
        deadline = time.monotonic() + 30
        while not (folder / server.socket).exists():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield folder
    finally:
        process.terminate()
        process.wait(timeout=30)
