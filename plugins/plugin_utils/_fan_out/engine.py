# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The engine of a fan-out: a process beside ansible-playbook that holds the connections through all phases.

It ends when ansible-playbook is gone, and everything it holds with it.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import os
import resource
import socket
import sys
import typing as t
from concurrent.futures import ThreadPoolExecutor

from .._process.unix_socket import peer
from .._store.executor import Executor
from .clock import IdleClock
from .hosts import HANDSHAKES, Hosts
from .messages import Job, Met, frame, read

_LOOK_EVERY = 1  # seconds between looks at ansible-playbook where the kernel does not tell


def run(listener: socket.socket, playbook: int, watch: int | None) -> None:
    """Serve until ansible-playbook is gone; then end this process.

    listener: where actions call. playbook: its process id. watch: a pidfd of it, None where the kernel has none.
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.freeze()  # objects of ansible-playbook stay as they are: to look through them would copy their pages
    clock = IdleClock()
    loop = asyncio.SelectorEventLoop(clock)
    asyncio.set_event_loop(loop)
    # A thread for each handshake that may ask for a name: no host waits for its neighbours' name servers.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=HANDSHAKES))
    loop.run_until_complete(_serve(listener, playbook, watch, Hosts(clock)))


async def _serve(listener: socket.socket, playbook: int, watch: int | None, hosts: Hosts) -> None:
    broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    met: dict[str, Met] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if peer(writer.get_extra_info("socket")) == os.geteuid():
                await _Caller(reader, writer, hosts, met).serve()
        except (OSError, asyncio.IncompleteReadError):
            pass  # it has hung up
        except Exception as error:
            broken.set_exception(error)  # the caller's connection stays until the error is in the log
            return
        writer.close()

    # From 3.13 on asyncio looks at the socket's file, by a path that leads there only in the process that bound it.
    options: dict[str, t.Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
    await asyncio.start_unix_server(serve, sock=listener, **options)
    gone = asyncio.ensure_future(_until_gone(playbook, watch))
    await asyncio.wait([gone, broken], return_when=asyncio.FIRST_COMPLETED)
    if broken.done():
        broken.result()
    # The kernel closes every connection with this process. The sshd of each host ends what runs there.
    os._exit(0)


async def _until_gone(playbook: int, watch: int | None) -> None:
    if watch is not None:
        gone = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(watch, lambda: None if gone.done() else gone.set_result(None))
        await gone
        return
    executor = Executor.of(playbook, "")
    while not executor.is_gone():
        await asyncio.sleep(_LOOK_EVERY)


class _Caller:
    """An action that has called, with one phase. met: the hosts that earlier callers have told of."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        hosts: Hosts,
        met: dict[str, Met],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._hosts = hosts
        self._met = met
        self._cancelled = False

    async def serve(self) -> None:
        """Tell the notes on hosts where that is asked first, and carry out the phase.

        When the action hangs up in the middle, the connections to its hosts are closed.
        """
        request = await read(self._reader)
        if "notes" in request:
            self._writer.write(frame({host: met.note for host, met in self._met.items()}))
            request = await read(self._reader)
        phase = asyncio.ensure_future(self._phase(request))
        listening = asyncio.ensure_future(self._listen())
        done, _pending = await asyncio.wait([phase, listening], return_when=asyncio.FIRST_COMPLETED)
        if phase in done:
            phase.result()
        else:
            phase.cancel()
            await asyncio.wait([phase])
        await listening

    async def _listen(self) -> None:
        """Wait until the action hangs up. All that it may send before that is to cancel the phase."""
        while True:
            await read(self._reader)
            self._cancelled = True

    async def _phase(self, request: dict[str, t.Any]) -> None:
        await self._hosts.phase(
            [Job.load(document, self._met) for document in request["works"]],
            base64.b64decode(request["library"]),
            request["at_once"],
            request["timeout"],
            request["keep"],
            lambda: self._cancelled,
            lambda document: self._writer.write(frame(document)),
        )
