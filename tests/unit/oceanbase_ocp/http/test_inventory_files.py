# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from oceanbase_ocp.http.inventory_files import stamp

HOSTS = "all: {hosts: {db001: {ocp_host_id: 1}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in ("inventory.yml", "many/a.yml", "many/group_vars/all.yml", "group_vars/db/main.yml", "host_vars/db001"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(HOSTS)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("inventory.yml", "inventory.yml"),
        ("inventory.yml", "group_vars/db/main.yml"),
        ("inventory.yml", "host_vars/db001"),
        ("inventory.yml", "host_vars/db002"),
        ("many", "many/a.yml"),
        ("many", "many/b.yml"),
        ("many", "many/group_vars/all.yml"),
    ],
)
def test_any_change_of_a_file(folder: Path, source: str, changed: str) -> None:
    sources = [str(folder / source), "db7,db8"]
    before = stamp(sources)
    assert before is not None
    assert before == stamp(sources)
    (folder / changed).write_text(HOSTS.replace("1", "2"))  # of the same length
    assert stamp(sources) != before


def test_a_change_elsewhere(folder: Path) -> None:
    before = stamp([str(folder / "inventory.yml")])
    (folder / "many" / "a.yml").write_text("")
    assert stamp([str(folder / "inventory.yml")]) == before


def test_a_file_that_is_put_in_the_place_of_another(folder: Path) -> None:
    sources = [str(folder / "inventory.yml")]
    before = stamp(sources)
    times = (folder / "inventory.yml").stat()
    (folder / "other").write_text(HOSTS)
    os.utime(folder / "other", ns=(times.st_atime_ns, times.st_mtime_ns))
    (folder / "other").rename(folder / "inventory.yml")
    assert stamp(sources) != before


def test_the_configuration(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    sources = [str(folder / "inventory.yml")]
    before = stamp(sources)
    (folder / "ansible.cfg").write_text("[defaults]\n")
    here = stamp(sources)
    assert here != before
    monkeypatch.setenv("ANSIBLE_CONFIG", str(folder / "own.cfg"))
    (folder / "own.cfg").write_text("[defaults]\n")
    assert stamp(sources) != here


@pytest.mark.parametrize("text", ["plugin: oceanbase.ocp.ocp\n", "---\n# of OCP\nplugin : constructed\n"])
def test_a_file_of_a_plugin(folder: Path, text: str) -> None:
    (folder / "many" / "ocp.yml").write_text(text)
    assert stamp([str(folder / "many" / "ocp.yml")]) is None
    assert stamp([str(folder / "many")]) is None
    assert stamp([str(folder / "inventory.yml")]) is not None


def test_a_script(folder: Path) -> None:
    (folder / "many" / "a.yml").chmod(0o755)
    assert stamp([str(folder / "many")]) is None


def test_a_file_that_is_gone(folder: Path) -> None:
    assert stamp([str(folder / "none.yml")]) is None


def test_hosts_by_name_only() -> None:
    assert stamp(["db1,db2"]) is not None
