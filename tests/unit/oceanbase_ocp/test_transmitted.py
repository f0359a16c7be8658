# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data for a worker, and the arguments for ansible-runner."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oceanbase_ocp import OcpRunError
from oceanbase_ocp._arguments import Settings
from oceanbase_ocp._transmitted import process_arguments, transmit_arguments

Transmit = Callable[..., tuple[dict[str, Any], Path]]


def settings(inventory: Any = None, **more: Any) -> Settings:
    return Settings("oceanbase.ocp.batch_stop_agents", {"host_ids": [1001]}, inventory, {}, None, None, **more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    path.mkdir()
    return path


def transmit(folder: Path, inventory: Any = None, **given: Any) -> tuple[dict[str, Any], Path]:
    """The keywords, and the folder to transmit."""
    arguments = transmit_arguments(settings(inventory), given, folder, 0.5)
    return arguments, Path(arguments["private_data_dir"])


def test_the_variables_are_in_a_file_and_not_in_a_command(folder: Path) -> None:
    arguments, private = transmit(folder)
    path = private / arguments["extravars"]
    assert not Path(arguments["extravars"]).is_absolute(), "a path there, too"
    assert json.loads(path.read_text()) == {"host_ids": [1001]}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert arguments["suppress_env_files"] is True
    assert arguments["playbook"] == "oceanbase.ocp.batch_stop_agents"
    assert "inventory" not in arguments


def test_what_goes_there_and_what_stays_here(folder: Path) -> None:
    given = {
        "forks": 7,
        "ident": "mine",
        "timeout": 9,
        "event_handler": print,
        "status_handler": print,
        "finished_callback": print,
        "artifacts_handler": print,
        "cancel_callback": print,
        "artifact_dir": "here",
        "settings": {"idle_timeout": 60},
    }
    arguments, private = transmit(folder, **given)
    assert {name: arguments[name] for name in ("forks", "ident", "timeout")} == {
        "forks": 7,
        "ident": "mine",
        "timeout": 9,
    }
    json.dumps(arguments)
    assert "artifact_dir" not in arguments
    assert json.loads((private / "env/settings").read_text()) == {"pexpect_timeout": 0.5, "idle_timeout": 60}
    here = process_arguments(given, folder)
    assert here.keys() == {
        "quiet",
        "ident",
        "private_data_dir",
        "event_handler",
        "status_handler",
        "finished_callback",
        "artifacts_handler",
        "artifact_dir",
    }


def test_host_keys_are_checked_there(folder: Path, tmp_path: Path) -> None:
    arguments, _private = transmit(folder, envvars={"A": "b"})
    assert arguments["envvars"] == {"MAX_EVENT_RES": str(2**30), "ANSIBLE_HOST_KEY_CHECKING": "True", "A": "b"}
    other = tmp_path / "other"
    other.mkdir()
    arguments, _private = transmit(other, envvars={"ANSIBLE_HOST_KEY_CHECKING": "False"})
    assert arguments["envvars"]["ANSIBLE_HOST_KEY_CHECKING"] == "False"


def test_the_caller_s_folder_goes_along_without_its_artifacts(folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    for path in ("artifacts/1", "project/artifacts", "env"):
        (mine / path).mkdir(parents=True)
    (mine / "artifacts/1/stdout").touch()
    (mine / "project/artifacts/role").touch()
    (mine / "env/settings").write_text("{}")
    _arguments, private = transmit(folder, private_data_dir=mine)
    assert sorted(str(path.relative_to(private)) for path in private.rglob("*") if path.is_file()) == [
        "env/oceanbase_ocp.json",
        "env/settings",
        "project/artifacts/role",
    ]
    assert (private / "env/settings").read_text() == "{}", "the caller's own"
    assert process_arguments({"private_data_dir": mine}, folder)["private_data_dir"] == str(mine)


def test_a_folder_that_is_none(folder: Path) -> None:
    with pytest.raises(ValueError, match="there is no private_data_dir"):
        transmit(folder, private_data_dir="/nonexistent")


@pytest.mark.parametrize("name", ["streamer", "_input", "_output", "playbook"])
def test_keywords_that_cannot_be_given(folder: Path, name: str) -> None:
    with pytest.raises(TypeError, match=name):
        transmit(folder, **{name: "x"})


def test_an_inventory_keeps_its_name_its_mode_and_what_is_beside_it(folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "site/production.ocp_hosts.yml"
    (script.parent / "group_vars").mkdir(parents=True)
    (script.parent / "group_vars/all.yml").write_text("a: 1")
    (script.parent / "secret").touch()
    script.write_text("#!/bin/sh")
    script.chmod(0o700)
    arguments, private = transmit(folder, script)
    copied = Path(arguments["inventory"])
    assert copied.name == "production.ocp_hosts.yml"
    assert copied.is_relative_to(private)
    assert stat.S_IMODE(copied.stat().st_mode) == 0o700
    assert sorted(path.name for path in copied.parent.iterdir()) == ["group_vars", copied.name]


def test_several_sources_become_a_folder_in_their_order(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "z.ini", tmp_path / "a.yml"
    first.write_text("db1\n")
    second.write_text("{}")
    nested = tmp_path / "nested"
    (nested / "host_vars").mkdir(parents=True)
    (nested / "hosts").write_text("db2\n")
    arguments, _private = transmit(folder, [first, second, nested, "db3,db4", {"all": {}}])
    copied = Path(arguments["inventory"])
    names = sorted(path.name for path in copied.iterdir())
    assert names == ["000-z", "001-a.yml", "002-nested", "003-hosts", "004-inventory4.json", "host_vars"]
    assert (copied / "003-hosts").read_text() == "db3\ndb4\n"


@pytest.mark.parametrize(
    ("given", "name"),
    [("[ocp]\ndb1\n", "inventory0.ini"), ({"all": {"hosts": {"db1": {}}}}, "inventory0.json"), ("db1,", None)],
)
def test_an_inventory_that_is_no_file(folder: Path, given: Any, name: str | None) -> None:
    arguments, private = transmit(folder, given)
    copied = Path(arguments["inventory"])
    assert copied.exists()
    assert copied.is_relative_to(private)
    if name:
        assert copied.name == name
    else:
        assert [path.read_text() for path in copied.iterdir()] == ["db1\n\n"]


def test_an_inventory_that_does_not_exist(folder: Path) -> None:
    with pytest.raises(OcpRunError, match="there is no inventory"):
        transmit(folder, "nowhere.yml")
