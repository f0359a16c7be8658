# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Tells apart the two meanings of ssh's exit status 255: the server hung up, or the command itself ended with 255."""

from __future__ import annotations

import contextlib
import random
import re
import typing as t

from ansible.errors import AnsibleConnectionFailure

# A server with more unfinished handshakes than MaxStartups hangs up before it has sent anything.
_DROPPED = re.compile(r"(?:kex|ssh)_exchange_identification: ")
_PAUSES = (1.0, 2.0, 4.0)  # seconds, about


def pauses() -> t.Iterator[float]:
    """Seconds to wait before each retry after a server has hung up. They vary, so clients do not retry together."""
    for seconds in _PAUSES:
        yield seconds * random.uniform(0.5, 1.5)


def is_dropped(message: str) -> bool:
    """Whether ssh reports that the server hung up before the handshake, so that nothing was sent."""
    return bool(_DROPPED.search(message))


@contextlib.contextmanager
def heeded(connection: t.Any, is_answered: t.Callable[[bytes], bool]) -> t.Iterator[None]:
    """Keep the output of a command with input that has answered and ends with 255, as after an EXIT trap of its shell.

    ssh also uses 255 for a lost connection, so Ansible drops the output. connection: a connection plugin; any other
    than ssh's is left alone. is_answered: whether an output contains the command's answer.
    """
    run = getattr(connection, "_bare_run", None)
    if run is None:
        yield
        return

    def note(
        cmd: list[bytes], in_data: bytes | None, sudoable: bool = True, checkrc: bool = True
    ) -> tuple[int, bytes, bytes]:
        status, output, errors = run(cmd, in_data, sudoable=sudoable, checkrc=False)
        if status == 255 and is_answered(output):
            return 1, output, errors
        if status == 255 and in_data and checkrc:
            host, said = connection.get_option("host"), errors.decode(errors="replace")
            raise AnsibleConnectionFailure(f'Data could not be sent to remote host "{host}": {said}')
        return status, output, errors

    connection._bare_run = note
    try:
        yield
    finally:
        del connection._bare_run
