# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""How a host can fail in a fan-out."""

from __future__ import annotations

import enum


class Failure(enum.Enum):
    """The reason why a host has no answer.

    NOT_CONNECTED: nothing was sent; the host refused, did not answer in time, or is not known by that name.
    REFUSED: the handshake failed; an unknown host key, no algorithm in common, no key that is accepted.
    MISTRUSTED: the server's key contradicts a known one, or is revoked. Not to be tried again by other means: a task's
    ssh may go on over a connection that was left open, which checks no key.
    DENIED: the password was not accepted. Not to be tried again by other means: that locks accounts.
    NOT_BECOME: become did not work; its password was not accepted, or is missing. As above.
    LOST: the connection was lost after the call was sent.
    NO_ANSWER: what was started on the host has ended, or has said something else.
    OVERDUE: no answer in time.
    CANCELLED: the host's turn had not come.
    """

    NOT_CONNECTED = "not_connected"
    REFUSED = "refused"
    MISTRUSTED = "mistrusted"
    DENIED = "denied"
    NOT_BECOME = "not_become"
    LOST = "lost"
    NO_ANSWER = "no_answer"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"


class HostError(Exception):
    """A host has failed. The message is for people."""

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message
