# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The supervisor of a run: a process that outlives ansible-playbook, and says the last word for it.

It gives the heartbeat of the run, hands in outcomes before their barrier, takes a cancel from the store, and waits for
the end of ansible-playbook. The report of a run removes the journal, and then there is no last word. Without its
supervisor a run goes on to its report, or begins no other host when its heartbeat is missed (halt.py).

ansible-playbook's own process asks for the last word at its exit and shows it, unless it is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import socket
import threading
import time

from ansible import constants as C

from .._process import playbook, unix_socket
from .._process.daemonize import daemonize
from .._store.executor import Executor
from . import cancel, heartbeat, interim, journal, last_word, signals, waves

_SOCKET = "ocp_supervisor.sock"
_LOOK_EVERY = 0.5  # seconds between looks at ansible-playbook, where the kernel does not tell, and at the journal
_FOR_WORKERS = 2.5  # seconds that workers have to end; they are done with ansible-playbook, or soon after it
_FOR_CALLER = 2  # seconds in which a program that has ended ansible-playbook may end this as well
_PATIENCE = 45  # seconds for the last word at exit: the store may hang


def attend() -> None:
    """Make ansible-playbook's own process cancel its task at the first signal, and show the last word at its exit.

    To be called there at run time; called again, it does nothing. In a worker it does nothing.
    """
    if playbook.enter():
        signals.handle(lambda: journal.exists() or waves.underway())
        atexit.register(_show_last_word)
        atexit.register(waves.break_off)


def start(url: str | None, executor: Executor, beat: heartbeat.Beat | None) -> None:
    """Start the supervisor of a run. It ends with the run.

    url: of the store. executor: the run. beat: gives a heartbeat, which the store has just had; None without a store.
    To be called in a worker after journal.note(), since a run without a journal has no last word. Raises OSError.
    """
    if beat:
        heartbeat.begin(executor)
    watch = playbook.pidfd(executor.pid)
    with _address() as address, socket.socket(socket.AF_UNIX) as listener:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(address)
        listener.bind(address)
        os.chmod(address, 0o600)
        listener.listen(1)
        descriptors = [listener.fileno(), *([watch] if watch is not None else [])]
        daemonize(lambda: _Supervisor(url, executor, beat, listener, watch).run(), keep=descriptors)
    if watch is not None:
        os.close(watch)


class _Supervisor:
    def __init__(
        self,
        url: str | None,
        executor: Executor,
        beat: heartbeat.Beat | None,
        listener: socket.socket,
        watch: int | None,
    ) -> None:
        self._url = url
        self._executor = executor
        self._beat = beat
        self._listener = listener
        self._watch = watch
        self._identity = _identity()
        self._has_task = journal.exists()

    def run(self) -> None:
        """Wait for the end of the run, and say the last word if its report has not closed the task."""
        poll = select.poll()
        for descriptor in (self._listener.fileno(), self._watch):
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
        ended = threading.Event()
        thread = threading.Thread(target=self._give_heartbeat, args=(ended,), daemon=True)
        thread.start()
        if self._beat and self._has_task:
            threading.Thread(target=interim.go_on, args=(self._url, self._executor, ended), daemon=True).start()
        while True:
            ready = {descriptor for descriptor, _events in poll.poll(_LOOK_EVERY * 1000)}
            if self._listener.fileno() in ready:
                self._answer()
                return
            if self._watch in ready or self._executor.is_gone():
                self._speak_for_the_dead()
                return
            if not (journal.exists() if self._has_task else thread.is_alive()):
                return
            if _identity() not in (None, self._identity):  # ansible-playbook is at another task by now
                return

    def _give_heartbeat(self, ended: threading.Event) -> None:
        if self._beat:
            heartbeat.go_on(self._url, self._executor, self._beat, ended)

    def _answer(self) -> None:
        connection, _address = self._listener.accept()
        with connection:
            connection.sendall(self._last_word().encode())

    def _speak_for_the_dead(self) -> None:
        if os.environ.get(cancel.PATH_VARIABLE):
            time.sleep(_FOR_CALLER)
        self._last_word()
        journal.clear(self._executor.pid)

    def _last_word(self) -> str:
        journal.wait_for_workers(_FOR_WORKERS)
        return last_word.say(self._url, self._executor) if journal.exists() else ""


def _show_last_word() -> None:
    if not (playbook.is_this() and journal.exists()):
        return
    said = b""
    with contextlib.suppress(OSError), _address() as address, socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE)
        connection.connect(address)
        while part := connection.recv(1 << 16):
            said += part
    if said:
        signals.say(said.decode())
    elif journal.exists():
        signals.say(
            "The run was ended before its report, and how far it came is not known: the process that tells it is gone. "
            "The response is as the last barrier left it; ask for the task (task_info), and go on with task_retry"
        )


def _identity() -> tuple[int, int] | None:
    """Identifies the socket of a supervisor. None if it was removed."""
    try:
        found = os.stat(os.path.join(C.DEFAULT_LOCAL_TMP, _SOCKET))
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_ctime_ns


def _address() -> contextlib.AbstractContextManager[str]:
    return unix_socket.address(C.DEFAULT_LOCAL_TMP, _SOCKET)
