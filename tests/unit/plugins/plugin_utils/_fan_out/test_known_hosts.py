# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contents of known_hosts files. tests/fan_out/test_host_keys.py compares with ssh."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.key_data import key_type
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._fan_out.known_hosts import (
    KnownHosts,
    KnownHostsFiles,
    Verdict,
    names_of,
)


def key(number: int, kind: str = "ssh-ed25519") -> bytes:
    parts = [kind.encode(), *([bytes([number] * 32)] * (2 if kind == "ssh-rsa" else 1))]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def line(names: str, blob: bytes, marker: str = "") -> str:
    return f"{marker} {names} {key_type(blob)} {base64.b64encode(blob).decode()} of somebody\n".lstrip()


def hashed(name: str) -> str:
    salt = hashlib.sha1(name.encode()).digest()
    parts = (salt, hmac.digest(salt, name.encode(), "sha1"))
    return f"|1|{'|'.join(base64.b64encode(part).decode() for part in parts)}"


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
    salt = b"twenty bytes of salt"
    hashed = base64.b64encode(hmac.digest(salt, b"db1", hashlib.sha1)).decode()
    names = f"|1|{base64.b64encode(salt).decode()}|{hashed}"
    assert judged(tmp_path, line(names, key(1)), key(1)) is Verdict.KNOWN
    assert judged(tmp_path, line(names, key(1)), key(1), "db2") is Verdict.UNKNOWN
    assert judged(tmp_path, line(f"{names},", key(1)), key(1)) is Verdict.UNKNOWN


def test_a_file_without_a_line_for_the_key_contradicts_it(tmp_path: Path) -> None:
    assert judged(tmp_path, line("db1", key(2)), key(1)) is Verdict.CHANGED
    assert judged(tmp_path, line("db1", key(2, "ssh-rsa")), key(1)) is Verdict.CHANGED
    assert judged(tmp_path, line("db1", key(2), "@cert-authority"), key(1)) is Verdict.UNKNOWN
    assert judged(tmp_path, line("db1", key(2), "@revoked"), key(1)) is Verdict.UNKNOWN


@pytest.mark.parametrize("junk", [key(1)[:-1], key(1) + b"x", key(1, "ssh-rsa")[:-36], key(1, "what")])
def test_what_is_no_key_contradicts_none(tmp_path: Path, junk: bytes) -> None:
    assert judged(tmp_path, line("db1", junk), key(1)) is Verdict.UNKNOWN


def test_a_certificate(tmp_path: Path) -> None:
    """One list counts at a time: that of the name with the port, then that of the plain name."""
    path, names = tmp_path / "known_hosts", ("[db1]:2222", "db1")

    def judged(text: str) -> Verdict:
        path.write_text(text)
        return KnownHosts([str(path)]).about(names).judge_certificate(key(1), key(9))[0]

    assert judged(line("db1", key(9), "@cert-authority")) is Verdict.KNOWN
    assert judged(line("db1", key(9))) is Verdict.UNKNOWN
    for revoked in (1, 9):
        both = line("db1", key(9), "@cert-authority") + line("*", key(revoked), "@revoked")
        assert judged(both) is Verdict.REVOKED
    other = line("[db1]:2222", key(9), "@cert-authority") + line("db1", key(9), "@revoked")
    assert judged(other) is Verdict.KNOWN


def test_a_pipe_holds_up_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert KnownHosts([str(tmp_path / "pipe")]).about(("db1",)).judge(key(1))[0] is Verdict.UNKNOWN


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


def test_hashed_names_cost_what_plain_ones_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With thousands of lines and a hundred hosts, only a few lines are hashed per host, not all of them."""
    path = tmp_path / "known_hosts"
    names = [f"db{number}" for number in range(6100)]
    path.write_text("".join(line(hashed(name), _own(number)) for number, name in enumerate(names)))
    files, hashes = KnownHosts([str(path)]), []
    digest = hmac.digest
    monkeypatch.setattr(hmac, "digest", lambda *arguments: hashes.append(1) or digest(*arguments))
    for number in range(100):
        assert files.about((names[number],)).judge(_own(number)) == (Verdict.KNOWN, f"{path}:{number + 1}")
    assert len(hashes) <= 200
    assert files.about(("db1",)).judge(_own(2))[0] is Verdict.CHANGED
    assert files.about(("nobody",)).judge(_own(2))[0] is Verdict.UNKNOWN


def _own(number: int) -> bytes:
    return key(1)[:-2] + number.to_bytes(2, "big")


def test_which_key_to_ask_for_is_a_guess_until_all_hashed_lines_were_looked_through(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(line(hashed("db1"), key(1, "ssh-rsa")) + line(hashed("db2"), key(2)))
    server = KnownHosts([str(path)]).about(("db1",))
    assert server.types() == {"ssh-rsa", "ssh-ed25519"}
    server.look_through()
    assert server.types() == {"ssh-rsa"}
