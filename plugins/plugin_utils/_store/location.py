# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The location of a store: the URL of its database, in full, for display, and for names of files."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from .private_files import data_folder
from .sql import HAS_SQLALCHEMY, sa

# By kind of database: SQLAlchemy's name for the driver, and its package.
DRIVERS = {
    "sqlite": ("sqlite", ""),
    "postgresql": ("postgresql+psycopg", "psycopg[binary]"),
    "mysql": ("mysql+pymysql", "PyMySQL"),
    "mariadb": ("mysql+pymysql", "PyMySQL"),
}
_FORMS = "sqlite:////absolute/path, postgresql+psycopg://user@host/database or mysql+pymysql://user@host/database"
# A name, and a colon that begins no port.
_HAS_PASSWORD = re.compile(r"[^:/\[]*:(?!\d+(?:/|$))")


class StoreError(Exception):
    """The store cannot be used: which one (without its password), why, and what to do, in one line."""


@dataclass(frozen=True)
class Location:
    """The location of a store.

    shown: the URL without its password. key: the store in names of files, independent of the password.
    """

    url: sa.URL = field(repr=False)
    shown: str
    key: str

    @classmethod
    def of(cls, text: str | None) -> Location:
        """Parse the URL of a store; None means the user's own SQLite file. Raises StoreError."""
        if not HAS_SQLALCHEMY:
            raise StoreError(
                "the task store needs SQLAlchemy: pip install SQLAlchemy, for the Python that runs ansible-playbook; "
                "or set ocp_task_store to none"
            )
        if text is None:
            url = sa.URL.create("sqlite", database=str(data_folder() / "tasks.db"))
        else:
            url = _parse(text)
        public = url.difference_update_query([name for name in url.query if "pass" in name])
        anonymous = sa.URL.create(
            public.drivername, public.username, None, public.host, public.port, public.database, public.query
        )
        key = hashlib.sha256(anonymous.render_as_string().encode()).hexdigest()[:16]
        return cls(url, public.render_as_string(hide_password=True), key)

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    def hide(self, text: str) -> str:
        """The text in one line, without the password."""
        for secret in (self.url.password, *(value for name, value in self.url.query.items() if "pass" in name)):
            text = text.replace(str(secret), "***") if secret else text
        return " ".join(text.split())


def _parse(text: str) -> sa.URL:
    try:
        url = sa.make_url(_escaped(text))
    except (sa.exc.ArgumentError, ValueError):
        # the parser's message contains the text, and so the password
        raise StoreError(f"ocp_task_store is no URL of a database: it has to look like {_FORMS}") from None
    kind, _plus, driver = url.drivername.partition("+")
    known = DRIVERS[kind][0] if kind in DRIVERS else ""
    if not known or driver not in ("", "pysqlite" if kind == "sqlite" else known.partition("+")[2]):
        raise StoreError(f"ocp_task_store: {url.drivername} is not supported: it has to look like {_FORMS}")
    if kind == "sqlite" and not os.path.isabs(url.database or ""):
        raise StoreError("ocp_task_store: the path of an SQLite file has to be absolute: sqlite:////absolute/path")
    return url.set(drivername=known)


def _escaped(text: str) -> str:
    """The URL with an escaped password, which ends at the last @ before the host.

    SQLAlchemy ends it at the first @. The rest of a password would become a part of the host, and be shown.
    """
    scheme, separator, rest = text.partition("://")
    if rest.startswith("/"):  # neither a host nor a password
        return text
    head, question, query = rest.partition("?")
    name = _HAS_PASSWORD.match(head)
    if name and "@" not in head[name.end() :]:  # the question mark is part of the password
        head, question, query = rest, "", ""
    user, at, place = head.rpartition("@")
    login, colon, password = (part.replace("@", "%40") for part in user.partition(":"))
    return "".join((scheme, separator, login, colon, password, at, place, question, query.replace("@", "%40")))
