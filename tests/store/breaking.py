# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy to a database server that breaks at a COMMIT, before the server gets it or before the client hears of it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.store.servers import Server


class Breaking:
    """The proxy. breaks: how many of the next commits break. answered: whether the server gets those."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self.breaks = 0
        self.answered = False
        self.broken = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / server.socket))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def url(self, url: str) -> str:
        """The URL of a database of the server through this proxy."""
        return url.replace(str(self._server.folder), str(self._folder))

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(self._server.folder / self._server.socket))
                threading.Thread(target=self._forward, args=(near, far), daemon=True).start()
                threading.Thread(target=self._back, args=(far, near), daemon=True).start()

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := near.recv(65536):
                if b"COMMIT" in data and self.breaks:
                    self.breaks -= 1
                    self.broken += 1
                    if self.answered:
                        near.shutdown(socket.SHUT_RDWR)
                        far.sendall(data)
                        far.recv(65536)  # the server has committed
                    break
                far.sendall(data)
        for each in (near, far):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _back(far: socket.socket, near: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := far.recv(65536):
                near.sendall(data)


@contextlib.contextmanager
def breaking(server: Server, folder: Path) -> Iterator[Breaking]:
    """Run a proxy to a server during the block. folder: for its socket; the path has to be short."""
    folder.mkdir(parents=True)
    way = Breaking(server, folder)
    try:
        yield way
    finally:
        way.close()
