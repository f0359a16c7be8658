# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Passing errors of database servers: the same transaction may succeed when it is repeated."""

from __future__ import annotations

import typing as t

from .sql import sa

# PostgreSQL, by SQLSTATE or its first two characters.
_CLASSES = frozenset({"08", "40"})  # the connection broke; serialization, deadlock
_STATES = frozenset({
    "25006",  # read-only, as a standby after a failover
    "53300",  # too many connections
    "55P03",  # a lock was not granted in time
    "57P01",  # the server or its administrator has ended the connection
    "57P02",
    "57P03",  # the server starts or stops
    "57P05",
})
_PROTOCOL_VIOLATION = "08P01"  # in class 08, but it will occur again

# MySQL, MariaDB with Galera, OceanBase in MySQL mode, by number.
_NUMBERS = frozenset({
    1040,  # too many connections
    1047,  # a node of Galera that is not ready
    1053,  # the server stops
    1205,  # a lock was not granted in time
    1213,  # deadlock; Galera's certification
    1290,  # read-only, as a standby after a failover
    1792,
    1836,
    1927,  # the connection was killed
    2002,  # no connection
    2003,
    2006,
    2013,  # the connection broke
    4012,  # OceanBase: timeout, not the leader, transaction rolled back or of unknown outcome
    4038,
    6002,
    6210,
    6211,
    6213,
    6224,
    6225,
})
_READ_ONLY = frozenset({"25006", 1290, 1792, 1836})


def is_passing(exc: sa.exc.SQLAlchemyError) -> bool:
    """Whether an error of a database may be over soon. A broken connection counts, since it can be opened again."""
    if not isinstance(exc, sa.exc.DBAPIError):
        return False
    found = code(exc)
    if isinstance(found, int):
        return found in _NUMBERS or exc.connection_invalidated
    if found is None:  # psycopg has no code for a connection that failed or broke
        return isinstance(exc, sa.exc.OperationalError) and hasattr(exc.orig, "sqlstate")
    return found in _STATES or (found[:2] in _CLASSES and found != _PROTOCOL_VIOLATION)


def is_read_only(exc: sa.exc.SQLAlchemyError) -> bool:
    """Whether the server accepts no changes."""
    return isinstance(exc, sa.exc.DBAPIError) and code(exc) in _READ_ONLY


def code(exc: sa.exc.DBAPIError) -> str | int | None:
    """PostgreSQL's SQLSTATE or MySQL's number; None for an error that came from no server."""
    cause: t.Any = exc.orig
    number = cause.args[0] if cause.args else None
    return number if isinstance(number, int) else getattr(cause, "sqlstate", None)
