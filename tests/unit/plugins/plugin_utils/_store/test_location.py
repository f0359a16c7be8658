# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.database import Database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.location import Location, StoreError


def test_the_users_own_file_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert Location.of(None).path == Path("/data/oceanbase-ocp/tasks.db")
    for value in ("", "relative/path"):  # the specification says to ignore a relative path
        monkeypatch.setenv("XDG_DATA_HOME", value)
        monkeypatch.setenv("HOME", "/home/alice")
        assert Location.of(None).path == Path("/home/alice/.local/share/oceanbase-ocp/tasks.db")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:////srv/tasks.db", "sqlite:////srv/tasks.db"),
        ("sqlite+pysqlite:////srv/tasks.db", "sqlite:////srv/tasks.db"),
        ("postgresql://ocp:S3cret@db/ocp", "postgresql+psycopg://ocp:***@db/ocp"),
        ("postgresql+psycopg://db/ocp?host=/run/pg", "postgresql+psycopg://db/ocp?host=%2Frun%2Fpg"),
        ("mysql://ocp:S3cret@db:2883/ocp", "mysql+pymysql://ocp:***@db:2883/ocp"),
        ("mariadb+pymysql://ocp:S3cret@db/ocp", "mysql+pymysql://ocp:***@db/ocp"),
        ("postgresql://db/ocp?password=S3cret&sslpassword=S3cret&a=b", "postgresql+psycopg://db/ocp?a=b"),
        ("mysql://db/ocp?passwd=S3cret", "mysql+pymysql://db/ocp"),
    ],
)
def test_the_password_is_not_shown(given: str, used: str) -> None:
    location = Location.of(given)
    assert location.shown == used
    assert "S3cret" not in repr(location)
    assert location.hide("no\n way, S3cret") == ("no way, ***" if "S3cret" in given else "no way, S3cret")


def test_a_password_with_blanks_is_not_shown() -> None:
    location = Location.of("mysql://ocp:S3%20%20cret@db/ocp")
    assert location.hide("no way,\nS3  cret") == "no way, ***"


@pytest.mark.parametrize(
    "password", ["S3cret@S3cret", "@S3cret", "S3cret@", "12/S3@S3:cret@1", "S3cret?S3@cret", "S3?cret", "%40S3@cret"]
)
@pytest.mark.parametrize("user", ["ocp", "ocp@tenant#cluster", "ocp@tenant"])
@pytest.mark.parametrize("place", ["db:2883/ocp", "[::1]:2883/ocp", "db/ocp?charset=utf8mb4"])
def test_a_password_reaches_to_the_last_at_sign(user: str, password: str, place: str) -> None:
    location = Location.of(f"mysql://{user}:{password}@{place}")
    shown_user = user.replace("#", "%23").replace("@", "%40")
    assert location.shown == f"mysql+pymysql://{shown_user}:***@{place}"
    assert location.url.password == password.replace("%40", "@")
    assert location.hide(f"no way, {location.url.password}") == "no way, ***"


@pytest.mark.parametrize(
    "url",
    ["postgresql://[::1]:5432/ocp?host=@abstract", "postgresql://db:5432/ocp?host=@abstract", "postgresql:///o@b@c"],
)
def test_an_at_sign_behind_the_host_ends_no_password(url: str) -> None:
    location = Location.of(url)
    assert location.url.password is None
    assert location.url.host in ("::1", "db", None)


def test_the_key_of_a_store_does_not_depend_on_the_password() -> None:
    urls = ["mysql://ocp@db/ocp", "mysql://ocp:a@db/ocp", "mysql+pymysql://ocp:b@db/ocp", "mysql://ocp@db/ocp?passwd=c"]
    (key,) = {Location.of(url).key for url in urls}
    others = ["mysql://ocp@db/other", "mysql://ocp@db2/ocp", "mysql://ocp@db/ocp?unix_socket=/s", "sqlite:////ocp"]
    assert len({key, *(Location.of(url).key for url in others)}) == 5


@pytest.mark.parametrize(
    "url",
    [
        "",
        "S3cret",
        "/srv/tasks.db",
        "postgresql://ocp:S3cret@db:S3cret/ocp",
        "oracle://ocp:S3cret@db/ocp",
        "postgresql+asyncpg://ocp:S3cret@db/ocp",
        "mysql+mysqldb://ocp:S3cret@db/ocp",
        "sqlite+aiosqlite:////srv/tasks.db",
        "sqlite://",
        "sqlite:///tasks.db",
        "sqlite:///:memory:",
        "sqlite:///file:tasks.db?uri=true",
    ],
)
def test_what_is_no_url_of_a_store_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(StoreError, match="sqlite:////absolute/path") as caught:
        Location.of(url)
    assert "S3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_option_that_the_driver_does_not_take_is_refused() -> None:
    with pytest.raises(StoreError) as caught:
        Database.open(Location.of("mysql://ocp:S3cret@db/ocp?connect_timeout=soon"), create=True)
    assert "correct its URL" in str(caught.value)
    assert "S3cret" not in str(caught.value)
    assert "mysql+pymysql://ocp:***@db/ocp" in str(caught.value)


@pytest.mark.parametrize(
    ("missing", "url", "words"),
    [
        ("sqlalchemy", None, ["the task store needs SQLAlchemy: pip install SQLAlchemy", "set ocp_task_store to none"]),
        ("psycopg", "postgresql://ocp:S3cret@db/ocp", ["needs psycopg: pip install 'psycopg[binary]'"]),
        ("pymysql", "mysql://ocp:S3cret@db/ocp", ["needs pymysql: pip install 'PyMySQL'"]),
    ],
)
def test_a_package_that_is_missing_is_named(missing: str, url: str | None, words: list[str]) -> None:
    program = f"""
        import sys
        sys.modules["{missing}"] = None
        from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.spool import spool
        from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store, StoreError
        try:
            Store.open({url!r})
        except StoreError as exc:
            print(exc)
        """
    run = [sys.executable, "-c", textwrap.dedent(program)]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert "S3cret" not in said
    assert [word for word in words if word not in said] == []
