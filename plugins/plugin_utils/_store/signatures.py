# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The signatures of requests that were carried out, each for as long as it would be accepted again."""

from __future__ import annotations

from . import schema as tables
from .sql import Epoch, sa

_OLDEST = 20  # more than one request brings, so what is old goes


class UsedUp(Exception):  # noqa: N818
    """The signature was used before."""


def use_up(connection: sa.Connection, digest: str, seconds: int) -> None:
    """Note that a signature was used, and forget some that are older than so many seconds. Raises UsedUp.

    The function is part of the caller's transaction, which has to end with UsedUp.
    """
    column = tables.SIGNATURE.c
    # In the order of the index: the search costs the same, however many there are. It locks nothing.
    oldest = sa.select(column.digest, column.used, Epoch().label("now")).order_by(column.used).limit(_OLDEST)
    old = [row.digest for row in connection.execute(oldest) if row.used < row.now - seconds]
    if old:
        connection.execute(sa.delete(tables.SIGNATURE).where(column.digest.in_(old)))
    try:
        connection.execute(sa.insert(tables.SIGNATURE).values(digest=digest, used=Epoch()))
    except sa.exc.IntegrityError:
        raise UsedUp from None
