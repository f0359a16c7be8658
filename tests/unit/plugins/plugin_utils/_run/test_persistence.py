# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.persistence import (
    NONE,
    chosen,
    made_new,
    save,
    transient,
)
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store import private_files
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.task import Task


@pytest.mark.parametrize(
    ("given", "in_awx", "said"),
    [
        ("none", False, "the task is not kept"),
        ("none", True, "the task is not kept"),
        (None, True, "the task is not kept"),
        ("", True, "the task is not kept"),
        ("sqlite:////runner/tasks.db", True, "on the job's own disk only"),
        (None, False, None),
        ("sqlite:////var/lib/tasks.db", False, None),
        ("postgresql+psycopg://db/tasks", True, None),
    ],
)
def test_whether_a_task_can_be_asked_for_later(
    monkeypatch: pytest.MonkeyPatch, given: str | None, in_awx: bool, said: str | None
) -> None:
    monkeypatch.delenv("AWX_PRIVATE_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    if in_awx:
        monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/runner")
    words = transient(chosen(given))
    assert (words is None) == (said is None)
    if words and said:
        assert said in words
        assert "cannot be asked for later" in words


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new home on a disk that may be a container's."""
    monkeypatch.delenv("AWX_PRIVATE_DATA_DIR", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(private_files, "_OF_CONTAINERS", (str(tmp_path / ".containerenv"),))
    monkeypatch.setattr(private_files, "_DISK", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("sign", ["file", "variable"])
def test_in_a_container_whose_home_goes_with_it_no_task_is_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch, sign: str
) -> None:
    assert chosen(None) is None
    if sign == "file":
        (home / ".containerenv").touch()
    else:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "192.0.2.1")
    assert chosen(None) == chosen("") == NONE
    assert "the home of this container goes with it" in str(transient(NONE))
    assert chosen("sqlite:////srv/tasks.db") == "sqlite:////srv/tasks.db"
    assert transient("sqlite:////srv/tasks.db") is None


@pytest.mark.parametrize("choice", ["volume", "variable", "store"])
def test_in_a_container_a_place_that_was_chosen_keeps_tasks(
    home: Path, monkeypatch: pytest.MonkeyPatch, choice: str
) -> None:
    (home / ".containerenv").touch()
    if choice == "volume":
        monkeypatch.setattr(private_files, "_DISK", "/proc")
    elif choice == "variable":
        monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    else:
        folder = home / ".local/share/oceanbase-ocp"
        folder.mkdir(parents=True)
        (folder / "tasks.db").touch()
    assert chosen(None) is None
    assert transient(None) is None


@pytest.mark.parametrize("place", ["machine", "container", "volume", "AWX"])
def test_where_the_results_are_that_no_store_has_taken(
    home: Path, monkeypatch: pytest.MonkeyPatch, new_task: Callable[..., Task], place: str
) -> None:
    """A path on a disk that goes with its container is nothing to tell people to look at."""
    if place in ("container", "volume"):
        (home / ".containerenv").touch()
    if place == "volume":
        monkeypatch.setattr(private_files, "_DISK", "/proc")
    if place == "AWX":
        monkeypatch.setenv("AWX_PRIVATE_DATA_DIR", "/runner")
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))  # of an image, which has no volume there

    said = str(save(f"sqlite:///{home}/none/tasks.db", Executor.nobody("192.0.2.1"), new_task(1), {}, patient=False))

    kept = place in ("machine", "volume")
    assert ("Nothing is lost: the results are in" in said) == kept, said
    assert ("This response alone has the results" in said) == (not kept)


def test_a_new_store_is_said_once(home: Path) -> None:
    path = home / ".local/share/oceanbase-ocp/tasks.db"
    assert str(path) in str(made_new(None))
    assert made_new("sqlite:////srv/tasks.db") is made_new(NONE) is None
    path.parent.mkdir(parents=True)
    path.touch()
    assert made_new(None) is None
