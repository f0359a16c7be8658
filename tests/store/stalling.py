# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy to a database server that can stall: it connects unix sockets, and can be stopped and continued.

A client then hears nothing and gets no error, as behind a network that drops packets. As a program it serves until it
is killed: tests.store.stalling LISTEN SERVER.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.store.servers import Server

ROOT = Path(__file__).resolve().parent.parent.parent


class Way:
    """The proxy to the server, for one client."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, server: Server) -> None:
        self._process = process
        self._folder = folder
        self._server = server

    def url(self, url: str) -> str:
        """The URL of a database of the server through this proxy."""
        return url.replace(str(self._server.folder), str(self._folder))

    def stall(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def clear(self) -> None:
        """Let through the data that has waited, and everything after it."""
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def way(server: Server, folder: Path) -> Iterator[Way]:
    """Run a proxy to a server during the block. folder: for its socket; the path has to be short."""
    folder.mkdir(parents=True)
    listen = folder / server.socket
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.stalling", str(listen), str(server.folder / server.socket)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield Way(process, folder, server)
    finally:
        process.kill()
        process.communicate()


async def _serve(listen: str, server: str) -> None:
    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.write_eof()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(server)
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))
        for each in (writer, far_writer):
            each.close()

    await asyncio.start_unix_server(join, listen)
    os.chmod(listen, 0o777)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2]))
