# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import math
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files import document as _document
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import plain, write


class TaggedText(str):
    pass


class TaggedInt(int):
    pass


class TaggedFloat(float):
    pass


def test_plain_types() -> None:
    value = {TaggedText("a"): (TaggedInt(1), TaggedFloat(1.5), True, None, [TaggedText("x")], {1: Path("/x")})}
    result = plain({"k": value[TaggedText("a")]})
    assert result == {"k": [1, 1.5, True, None, ["x"], {"1": "/x"}]}
    assert [type(item) for item in result["k"]] == [int, float, bool, type(None), list, dict]
    assert not isinstance(result["k"][4][0], TaggedText)


def test_plain_keys_of_tagged_text() -> None:
    (key,) = plain({TaggedText("a"): 1})
    assert (key, type(key)) == ("a", str)


def test_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "response.json"
    write(str(path), {"b": "\u4e3b\u673a", "a": [1, None, True]})
    assert path.read_text(encoding="utf-8") == (
        '{\n    "b": "\u4e3b\u673a",\n    "a": [\n        1,\n        null,\n        true\n    ]\n}\n'
    )
    assert os.listdir(tmp_path) == ["response.json"]


def test_bytes_of_another_encoding_do_not_lose_the_document(tmp_path: Path) -> None:
    """For example sshd's banner in GBK: Ansible decodes unreadable bytes to lone surrogates."""
    path = tmp_path / "response.json"
    write(str(path), {"message": "no route: " + b"\xc4\xe3".decode(errors="surrogateescape")})
    document = json.loads(path.read_bytes().decode("utf-8"))
    assert document["message"].startswith("no route: ")


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("response.json", {})
    assert (tmp_path / "response.json").read_text() == "{}\n"


def test_the_longest_name(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write(str(path), {})
    assert path.read_text() == "{}\n"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666])
def test_the_mode_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "response.json"
    path.write_text("old")
    path.chmod(mode)
    write(str(path), {})
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_follows_the_umask(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write(str(tmp_path / "response.json"), {})
        assert os.umask(mask) == mask, "the umask is as it was"
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "response.json").stat().st_mode) == mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to("folder/target")
    write(str(link), {"a": 1})
    assert link.is_symlink()
    assert json.loads((tmp_path / "folder/target").read_text()) == {"a": 1}


def special(kind: str, folder: Path) -> Path:
    path = folder / kind
    if kind == "null":
        return Path("/dev/null")
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("/dev/null")
    else:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    return path


@pytest.mark.parametrize("kind", ["null", "folder", "fifo", "link", "socket"])
def test_something_else_than_a_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = special(kind, tmp_path)
    before = path.lstat()
    with pytest.raises(OSError, match="not a regular file"):
        write(str(path), {})
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write(str(tmp_path / "none/response.json"), {})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("step", ["fchmod", "fsync", "replace"])
def test_a_failure_leaves_the_old_document_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "response.json"
    path.write_text("old")

    def fail(*dummy: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_document.os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write(str(path), {"new": 1})
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["response.json"]


# Links and files of other users

SOMEBODY, US = 4711, os.geteuid()


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder like /tmp, and one of ours that no link may lead to."""
    (tmp_path / "ours").mkdir()
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
@pytest.mark.parametrize("place", ["the file", "a folder on the way", "behind a link of ours"])
@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("mode", [0o1777, 0o777])
def test_the_link_of_somebody_else_is_not_followed(shared: Path, place: str, there: bool, mode: int) -> None:
    """In a world-writable folder its owner would choose which file of ours is overwritten, or created."""
    shared.chmod(mode)
    target = shared.parent / "ours/target"
    if there:
        target.write_text("precious")
    link = shared / "link"
    link.symlink_to(target.parent if place == "a folder on the way" else target)
    os.lchown(link, SOMEBODY, SOMEBODY)
    path = link / "target" if place == "a folder on the way" else link
    if place == "behind a link of ours":
        path = shared.parent / "to it"
        path.symlink_to("shared/link")
    with pytest.raises(PermissionError, match=f"a link of user {SOMEBODY} in a folder"):
        write(str(path), {})
    assert (target.read_text() if there else target.exists()) == ("precious" if there else False)
    assert os.listdir(target.parent) == (["target"] if there else [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_the_links_that_the_kernel_follows(shared: Path) -> None:
    """A link of ours, one of the folder's owner, and anybody's in a folder that is not world-writable."""
    ours, owners, elsewhere = shared / "ours", shared / "owner's", shared.parent / "ours/elsewhere"
    ours.symlink_to("../ours/first")
    owners.symlink_to("../ours/second")
    elsewhere.symlink_to("third")
    for path, uid in ((ours, US), (owners, SOMEBODY), (elsewhere, SOMEBODY)):
        os.lchown(path, uid, uid)
    os.chown(shared, SOMEBODY, SOMEBODY)
    for path in (ours, owners, elsewhere):
        write(str(path), {})
        assert path.is_symlink()
    assert sorted(os.listdir(shared.parent / "ours")) == ["elsewhere", "first", "second", "third"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_the_mode_of_somebody_elses_file_is_not_kept(shared: Path) -> None:
    path = shared / "response.json"
    path.write_text("")
    path.chmod(0o666)
    os.chown(path, SOMEBODY, SOMEBODY)
    write(str(path), {})
    assert path.stat().st_uid == US
    assert not path.stat().st_mode & stat.S_IWOTH


def test_links_that_lead_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        write(str(tmp_path / "a"), {})


def test_a_private_document(tmp_path: Path) -> None:
    path = tmp_path / "response.json"
    path.write_text("old")
    path.chmod(0o644)
    write(str(path), {}, private=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_umask_is_never_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The umask belongs to the whole process: a file of another thread would be open to everybody at that moment."""
    monkeypatch.setattr(_document.os, "umask", None)
    write(str(tmp_path / "response.json"), {})


@pytest.mark.parametrize("value", [math.nan, math.inf, object()], ids=["nan", "inf", "object"])
def test_what_is_no_json_is_not_written(tmp_path: Path, value: object) -> None:
    path = tmp_path / "response.json"
    path.write_text("old")
    with pytest.raises((ValueError, TypeError)):
        write(str(path), {"a": value})
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["response.json"]


def test_a_reader_never_sees_half(tmp_path: Path) -> None:
    path = tmp_path / "response.json"
    write(str(path), {"number": 0, "filling": []})
    seen: set[int] = set()
    broken: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            text = path.read_text()
            try:
                document = json.loads(text)
                assert len(document["filling"]) == 2000 * bool(document["number"])
                seen.add(document["number"])
            except (ValueError, AssertionError):
                broken.append(text[:100])

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(1, 60):
            write(str(path), {"number": number, "filling": ["x" * 20] * 2000})
    finally:
        done.set()
        reader.join()
    assert broken == []
    assert len(seen) > 1, "else it proves nothing"
