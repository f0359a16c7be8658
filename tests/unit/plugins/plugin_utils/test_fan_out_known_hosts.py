# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What known_hosts files say; tests/fan_out/test_host_keys.py asks ssh the same."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out_key_data import key_type
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out_known_hosts import (
    KnownHosts,
    KnownHostsFiles,
    Verdict,
    names_of,
)


def key(number: int, kind: str = "ssh-ed25519") -> bytes:
    return len(kind).to_bytes(4, "big") + kind.encode() + bytes([number] * 36)


def line(names: str, blob: bytes, marker: str = "") -> str:
    return f"{marker} {names} {key_type(blob)} {base64.b64encode(blob).decode()} of somebody\n".lstrip()


def judged(tmp_path: Path, text: str, blob: bytes, *names: str) -> Verdict:
    path = tmp_path / "known_hosts"
    path.write_text(text)
    return KnownHosts([str(path)]).about(names or ("db1",)).judge(blob)[0]


@pytest.mark.parametrize(
    ("names", "known"),
    [
        ("db1", True),
        ("DB1", True),
        ("db2,db1", True),
        ("db*", True),
        ("d?1", True),
        ("db?1", False),
        ("*,!db1", False),
        ("!db1,*", False),
        ("!db2", False),
        ("db1.", False),
        ("d.1", False),
        ("[db1]", False),
        ("|1|c2FsdA==|fw3SJSN3VXOUnJQyV3qUAv1xVCA=", False),
        ("|2|c2FsdA==|3YLuq4aRdjBuaAeXeWIYi2KvwPA=", False),
        ("|1|c2FsdA==", False),
        ("|", False),
    ],
)
def test_names(tmp_path: Path, names: str, known: bool) -> None:
    assert judged(tmp_path, line(names, key(1)), key(1)) is (Verdict.KNOWN if known else Verdict.UNKNOWN)


def test_a_hashed_name(tmp_path: Path) -> None:
    hashed = base64.b64encode(hmac.digest(b"salt", b"db1", hashlib.sha1)).decode()
    assert judged(tmp_path, line(f"|1|c2FsdA==|{hashed}", key(1)), key(1)) is Verdict.KNOWN
    assert judged(tmp_path, line(f"|1|c2FsdA==|{hashed}", key(1)), key(1), "db2") is Verdict.UNKNOWN


def test_a_file_without_a_line_for_the_key_contradicts_it(tmp_path: Path) -> None:
    assert judged(tmp_path, line("db1", key(2)), key(1)) is Verdict.CHANGED
    assert judged(tmp_path, line("db1", key(2, "ssh-rsa")), key(1)) is Verdict.CHANGED
    assert judged(tmp_path, line("db1", key(2), "@cert-authority"), key(1)) is Verdict.UNKNOWN
    assert judged(tmp_path, line("db1", key(2), "@revoked"), key(1)) is Verdict.UNKNOWN


def test_revoked_wins(tmp_path: Path) -> None:
    assert judged(tmp_path, line("db1", key(1)) + line("*", key(1), "@revoked"), key(1)) is Verdict.REVOKED


def test_the_second_name_counts_where_the_first_is_not_known(tmp_path: Path) -> None:
    names = names_of("DB1", 2222, alias=False)
    assert names == ("[db1]:2222", "db1")
    assert judged(tmp_path, line("db1", key(1)), key(1), *names) is Verdict.KNOWN
    assert judged(tmp_path, line("db1", key(2)), key(1), *names) is Verdict.UNKNOWN
    assert judged(tmp_path, line("[db1]:2222", key(2)) + line("db1", key(1)), key(1), *names) is Verdict.CHANGED
    assert names_of("DB1", 22, alias=False) == ("db1",)
    assert names_of("DB1", 2222, alias=True) == ("DB1",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# db1 ssh-ed25519 AAAA",
        "db1",
        "db1 ssh-ed25519",
        "db1 ssh-ed25519 ####",
        "@other " + line("db1", key(1)),
        f"db1 ssh-rsa {base64.b64encode(key(1)).decode()}",
        "\0\xff\n",
    ],
)
def test_what_is_no_entry_is_none(tmp_path: Path, text: str) -> None:
    assert judged(tmp_path, text, key(1)) is Verdict.UNKNOWN
    assert judged(tmp_path, f"{text}\n{line('db1', key(1))}", key(1)) is Verdict.KNOWN


def test_where_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text("#\n" + line("db1", key(1)))
    assert KnownHosts([str(path)]).about(("db1",)).judge(key(2)) == (Verdict.CHANGED, f"{path}:2")


def test_files_are_read_again_when_they_have_changed(tmp_path: Path) -> None:
    path, missing = tmp_path / "known_hosts", tmp_path / "missing"
    files = KnownHostsFiles()
    paths = [str(path), str(missing)]
    assert files.of(paths) is files.of(paths)
    path.write_text(line("db1", key(1)))
    assert files.of(paths).about(("db1",)).judge(key(1))[0] is Verdict.KNOWN
    path.write_text(line("db1", key(1)) + line("db1", key(1), "@revoked"))
    assert files.of(paths).about(("db1",)).judge(key(1))[0] is Verdict.REVOKED
