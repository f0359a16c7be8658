# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""SQLAlchemy for this package, or a placeholder if it is not installed, and the SQL that differs by database.

A run without a store needs no SQLAlchemy, but imports these files all the same. Location.of() then refuses to open a
store.
"""

from __future__ import annotations

import importlib
import typing as t

try:
    import sqlalchemy as sa
    from sqlalchemy.ext.compiler import compiles

    importlib.import_module("sqlalchemy.dialects.sqlite")  # of the default store; so workers need not each load it
except ImportError:
    HAS_SQLALCHEMY = False

    class _Missing:
        """Any name of SQLAlchemy, as far as importing a file needs it."""

        def __getattr__(self, name: str) -> t.Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return self

        def __call__(self, *_arguments: object, **_keywords: object) -> t.Any:
            return self

        def __getitem__(self, _key: object) -> t.Any:
            return self

        def __mro_entries__(self, _bases: object) -> tuple[type, ...]:
            return ()

    sa = compiles = _Missing()  # type: ignore[assignment]
else:
    HAS_SQLALCHEMY = True

__all__ = ["HAS_SQLALCHEMY", "Epoch", "Text", "sa"]


class Epoch(sa.sql.functions.FunctionElement[int]):
    """Seconds since the epoch by the database's clock, at this moment even in a transaction that waited for a lock."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(Epoch, "sqlite")
def _sqlite_epoch(element: Epoch, compiler: t.Any, **_keywords: t.Any) -> str:
    return "CAST(strftime('%s', 'now') AS INTEGER)"


@compiles(Epoch, "postgresql")
def _postgresql_epoch(element: Epoch, compiler: t.Any, **_keywords: t.Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)"


@compiles(Epoch, "mysql")
def _mysql_epoch(element: Epoch, compiler: t.Any, **_keywords: t.Any) -> str:
    return "UNIX_TIMESTAMP()"


class Text(sa.types.TypeDecorator[str]):
    """Text of any length, possibly from a host. Characters that no database accepts become a mark."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[t.Any]:
        if dialect.name != "mysql":
            return dialect.type_descriptor(sa.Text())
        from sqlalchemy.dialects import mysql  # there by now, and large: runs with another database need not load it

        return dialect.type_descriptor(mysql.LONGTEXT())  # MySQL's TEXT ends at 64 KiB

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if value is None:
            return None
        return str(value).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
