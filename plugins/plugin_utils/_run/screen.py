# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The screen of ansible-playbook, for its workers.

A thread of ansible-playbook shows the texts of workers, and ends when a write fails. Then no result of a worker arrives
any more, and ansible-playbook waits for ever (ansible-core 2.18 to 2.22, results_thread_main). So nothing is sent to a
screen without a reader, such as the pipe of a program that has ended.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import typing as t

from ansible.utils.display import Display

from .._process import playbook

_OUTPUTS = (1, 2)
_INTERNALS = 3


class _Nothing:
    """A display that shows nothing."""

    def display(self, *dummy: t.Any, **ignored: t.Any) -> None:
        """Show nothing."""

    warning = vv = vvv = display


def hidden() -> dict[str, bool]:
    """The keys that hide a result from the screen below -vvv, for results that only plays need."""
    return {"_ansible_verbose_override": True} if Display().verbosity < _INTERNALS else {}


def display() -> Display | _InOldRunner | _Nothing:
    """Ansible's display. To be called in a worker, right before each text."""
    try:
        files = [f"/proc/{playbook.process()}/fd/{number}" for number in _OUTPUTS]
    except ProcessLookupError:
        return _Nothing()
    if any(map(_is_gone, files)):
        return _Nothing()
    return _InOldRunner() if _is_old_runner() else Display()


def tell(text: str, color: str | None = None) -> None:
    """Show a text on stderr. Stdout belongs to the callback, and may be one JSON document. In a worker."""
    display().display(text, color=color, stderr=True)


class _InOldRunner:
    """Ansible's display without what an ansible-runner before 2.4.2 puts around it.

    That writes an event in the worker itself, and ansible-core warns of "errantly sent data". ansible-core hands the
    text to ansible-playbook's own process, where the event belongs.
    """

    def display(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Show a text, as Ansible's display does."""
        Display.display.__wrapped__(Display(), *args, **kwargs)

    def __getattr__(self, name: str) -> t.Any:
        return getattr(Display(), name)


def _is_old_runner() -> bool:
    """Whether ansible-runner's display callback is at work, and knows nothing of ansible-core's workers."""
    known = getattr(Display.display, "__globals__", {})
    return "event_context" in known and "_ANSIBLE_214" not in known


def _is_gone(path: str) -> bool:
    """Whether an open file of another process has no reader. path: of the file below /proc."""
    try:
        if stat.S_ISSOCK(os.stat(path).st_mode):  # a socket cannot be opened
            return False
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as exc:
        return exc.errno in (errno.EIO, errno.ENXIO)  # a terminal that was hung up, a named pipe without a reader
    try:
        return nobody_reads(descriptor)
    finally:
        os.close(descriptor)


def nobody_reads(descriptor: int) -> bool:
    """Whether a descriptor is that of a pipe without a reader or of a terminal that was hung up."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for dummy, event in poll.poll(0))
