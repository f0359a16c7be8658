# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""What ssh's exit status 255 does not tell: whether the server has hung up, or the command has ended with 255."""

from __future__ import annotations

import contextlib
import random
import re
import typing as t

from ansible.errors import AnsibleConnectionFailure

# A server that has more handshakes under way than it wants (MaxStartups) hangs up before it has said a word.
_DROPPED = re.compile(r"(?:kex|ssh)_exchange_identification: ")
_PAUSES = (1.0, 2.0, 4.0)  # seconds, about


def pauses() -> t.Iterator[float]:
    """Seconds to wait before each further try where a server has hung up. They vary, lest all clients come at once."""
    for seconds in _PAUSES:
        yield seconds * random.uniform(0.5, 1.5)


def is_dropped(message: str) -> bool:
    """Whether ssh says that the server has hung up before the handshake: nothing was sent."""
    return bool(_DROPPED.search(message))


@contextlib.contextmanager
def heeded(connection: t.Any, is_answered: t.Callable[[bytes], bool]) -> t.Iterator[None]:
    """Keep the output of a command with input that has answered and ends with 255, as after an EXIT trap of its shell.

    ssh says 255 of a lost connection, too, and Ansible drops the output. connection: a connection plugin; where it is
    not ssh's nothing is changed. is_answered: whether an output holds what the command was to say.
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
