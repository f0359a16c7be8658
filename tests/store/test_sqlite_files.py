# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SQLite files: owner and mode, and disks that are full or read-only."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import database
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.spool import spool
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store, StoreError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task
from tests.store.actor import Actor
from tests.store.tasks import STOP, builder, carry_out

ME = Executor.of(os.getpid(), "192.0.2.7")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts, and gives files to other users, which needs root")


def create(store: Store, *host_ids: int) -> Task:
    return store.create(host_ids, STOP, builder(host_ids), ME)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k,mode=0700", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_without_a_url_the_store_is_a_private_file_of_the_user(data_folder: Path) -> None:
    path = data_folder / "oceanbase-ocp" / "tasks.db"
    with Store.open(create=False) as store:
        assert store.find() == ([], 0)
        assert not data_folder.exists()
    old = os.umask(0o002)
    try:
        with Store.open() as store:
            task = create(store, 1)
            assert store.url_shown == f"sqlite:///{path}"
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with Store.open(create=False) as store:
        assert store.load(task.id) == task
    assert os.listdir(path.parent) == ["tasks.db"]  # the journal is gone


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    "spoil", ["folder mode", "file mode", "link", "folder", "file owner", "folder owner", "link owner"]
)
def test_what_others_can_change_is_refused(data_folder: Path, tmp_path: Path, spoil: str, create: bool) -> None:
    if "owner" in spoil and os.geteuid() != 0:
        pytest.skip("gives files to other users, which needs root")
    Store.open().close()
    folder = data_folder / "oceanbase-ocp"
    path = folder / "tasks.db"
    if spoil == "folder mode":
        folder.chmod(0o777)
        words = f"{folder} can be written by others"
    elif spoil == "file mode":
        path.chmod(0o660)
        words = f"{path} can be written by others"
    elif spoil == "link":
        path.rename(tmp_path / "other.db")
        path.symlink_to(tmp_path / "other.db")
        words = f"{path} is not a regular file"
    elif spoil == "folder":
        path.unlink()
        path.mkdir()
        words = f"{path} is not a regular file"
    elif spoil == "file owner":
        os.chown(path, 65534, 65534)
        words = f"{path} belongs to nobody"
    elif spoil == "folder owner":
        os.chown(folder, 65534, 65534)
        words = f"{folder} belongs to nobody"
    else:
        folder.rename(tmp_path / "theirs")
        os.chown(tmp_path / "theirs", 65534, 65534)
        folder.symlink_to(tmp_path / "theirs")
        words = f"{folder} belongs to nobody"
    with pytest.raises(StoreError, match=words) as caught:
        Store.open(create=create)
    assert "ocp_task_store" in str(caught.value)


@needs_root
def test_a_full_disk_is_an_error_and_no_harm(small_disk: Path, data_folder: Path) -> None:
    url = f"sqlite:///{small_disk}/tasks.db"
    filler = small_disk / "filler"
    with Store.open(url) as store:
        task = create(store, 1)
        filler.write_bytes(b"x" * 300_000)
        carry_out(task)
        with pytest.raises(StoreError, match="full: see that there is room") as caught:
            store.save(task, ME, {task.subtasks[0].id: "x" * 200_000})
        assert store.url_shown in str(caught.value)
        assert store.load(task.id).status == "RUNNING"
        with pytest.raises(StoreError, match="full"):
            create(store, *range(100, 2000))
        path = spool(url, task, ME, {task.subtasks[0].id: "x" * 200_000})
        assert path.is_relative_to(data_folder)
        with pytest.raises(StoreError, match="full"):
            Store.open(url)
        filler.unlink()
        with Store.open(url) as later:
            assert later.load(task.id) == task
            assert len(later.log(task.id, task.subtasks[0].id)) == 200_000
            assert create(later, 1).id == task.id + 1


@needs_root
def test_results_that_cannot_be_kept_either_leave_nothing_half_written(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(small_disk))
    with Store.open() as store:
        task = create(store, 1)
    first = task.subtasks[0].id
    kept = spool(None, task, ME, {first: "kept"})
    with pytest.raises(OSError, match="No space left on device"):
        spool(None, task, ME, {first: "x" * 2_000_000})
    assert sorted(os.listdir(kept.parent)) == [kept.name, "lock"]
    with Store.open() as store:
        assert store.log(task.id, first) == "kept"


@needs_root
def test_a_disk_that_can_only_be_read(small_disk: Path) -> None:
    url = f"sqlite:///{small_disk}/tasks.db"
    with Store.open(url) as store:
        task = create(store, 1)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with Store.open(url, create=False) as store:
        assert store.load(task.id) == task
    with Store.open(url) as store:
        assert store.load(task.id) == task
        with pytest.raises(StoreError, match="attempt to write a readonly database"):
            create(store, 2)
    with pytest.raises(StoreError, match=r"other.db Read-only file system"):
        Store.open(f"sqlite:///{small_disk}/other.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    path.write_text("Not a database, but a text of some length." * 100)
    path.chmod(0o600)
    with pytest.raises(StoreError, match="file is not a database: see that there is room and that the file is sound"):
        Store.open(f"sqlite:///{path}")


def test_a_database_that_another_process_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LOCK_TIMEOUT", 1)
    url = f"sqlite:///{tmp_path}/tasks.db"
    with Store.open(url) as store:
        task = create(store, 1)
        holder = sqlite3.connect(tmp_path / "tasks.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        assert store.load(task.id) == task
        with pytest.raises(StoreError, match="another process has held it for more than 1 seconds: wait for that"):
            create(store, 2)
        holder.execute("COMMIT")
        assert create(store, 2).id == 2


def test_a_run_that_died_in_a_transaction_does_not_hold_the_file(
    tmp_path: Path, start_actor: Callable[[str], Actor]
) -> None:
    """Its journal is still there. The next user of the file rolls it back, even for a read."""
    url = f"sqlite:///{tmp_path}/tasks.db"
    actor = start_actor(url)
    task_id = actor.ask("create", [1])["id"]
    actor.tell("die_while_writing", task_id)
    actor.wait()
    assert (tmp_path / "tasks.db-journal").exists()
    with Store.open(url, create=False) as store:
        assert store.load(task_id).subtasks[0].phase == "prepare"
    with Store.open(url) as store:
        assert create(store, 1).id == task_id + 1
