# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments for ansible-runner."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run.cancel import PATH_VARIABLE
from oceanbase_ocp import OcpRunError
from oceanbase_ocp._arguments import (
    CANCEL_FILE,
    Settings,
    environment,
    extravars,
    inventory,
    restore_environment,
    runner_arguments,
)


def settings(host_ids: Any = (1001,), **more: Any) -> Settings:
    return request({"host_ids": host_ids}, **more)


def request(variables: dict[str, Any], **more: Any) -> Settings:
    given = {"inventory": None, "extravars": {}, "response_file": None, "max_fail_percentage": None, **more}
    return Settings("oceanbase.ocp.batch_stop_agents", variables, **given)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    path.mkdir()
    return path


def test_host_ids_are_passed_on_as_they_are() -> None:
    assert extravars(settings(number for number in (1002, 1001)))["host_ids"] == [1002, 1001]
    assert extravars(settings(range(3)))["host_ids"] == [0, 1, 2]
    for strange in (None, 1001, True, 1.5, {"a": 1}):
        assert extravars(settings(strange))["host_ids"] == strange


def test_texts_are_data() -> None:
    template = "{{ lookup('pipe', 'id') }}"
    variables = extravars(settings([1001, template], max_fail_percentage=template))

    assert variables["host_ids"] == [1001, {"__ansible_unsafe": template}]
    assert variables["ocp_max_fail_percentage"] == {"__ansible_unsafe": template}


def test_paths_of_files_are_those_of_the_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    variables = extravars(settings(response_file="out.json", report_file=Path("out.html")))
    assert variables["ocp_response_file"] == {"__ansible_unsafe": str(tmp_path / "out.json")}
    assert variables["ocp_report_file"] == {"__ansible_unsafe": str(tmp_path / "out.html")}


def test_every_variable_of_the_request_is_data() -> None:
    template = "{{ lookup('pipe', 'id') }}"
    variables = extravars(request({"task_id": template, "subtask_id": (1, template)}, task_store=template))

    assert variables == {
        "task_id": {"__ansible_unsafe": template},
        "subtask_id": [1, {"__ansible_unsafe": template}],
        "ocp_task_store": {"__ansible_unsafe": template},
    }


def test_a_request_has_no_variables_that_it_does_not_need() -> None:
    assert extravars(request({"task_id": 31173})) == {"task_id": 31173}
    assert extravars(request({"task_id": 31173, "subtask_id": [7]})) == {"task_id": 31173, "subtask_id": [7]}


def test_a_task_store_is_passed_on() -> None:
    url = "postgresql+psycopg://ocp@db/ocp"
    assert extravars(settings(task_store=url))["ocp_task_store"] == {"__ansible_unsafe": url}
    assert "ocp_task_store" not in extravars(settings())


def test_extravars_are_merged_and_arguments_win() -> None:
    given = {"ocp_agent_home": "/data/{{ inventory_hostname }}", "ocp_max_fail_percentage": 1, "host_ids": [9]}
    variables = extravars(settings([1001], extravars=given, max_fail_percentage=50))

    assert variables["ocp_agent_home"] == given["ocp_agent_home"]
    assert variables["ocp_max_fail_percentage"] == 50
    assert variables["host_ids"] == [1001]
    assert given["host_ids"] == [9]


def test_response_file_is_the_callers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    variables = extravars(settings(response_file=Path("response.json")))

    assert variables["ocp_response_file"] == {"__ansible_unsafe": str(tmp_path / "response.json")}


def test_variables_go_into_a_file_that_only_we_can_read(folder: Path) -> None:
    arguments = runner_arguments(settings([1001], extravars={"ansible_password": "secret"}), {}, folder)

    path = Path(arguments["extravars"])
    assert path.parent == folder
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["ansible_password"] == "secret"


def test_keywords_are_passed_through(folder: Path, tmp_path: Path) -> None:
    given = {"private_data_dir": str(tmp_path), "ident": "a", "quiet": False, "forks": 7, "timeout": 5, "limit": "db1"}
    arguments = runner_arguments(settings(), given, folder)

    assert {name: arguments[name] for name in given} == given
    assert runner_arguments(settings(), {}, folder.parent)["quiet"] is True


def test_settings_reach_ansible_runner_and_an_own_file_wins(folder: Path, tmp_path: Path) -> None:
    for timeout in (60, 70):
        given = {"private_data_dir": tmp_path, "settings": {"idle_timeout": timeout}}
        (folder / "extravars.json").unlink(missing_ok=True)
        runner_arguments(settings(), given, folder)

        assert json.loads((tmp_path / "env/settings").read_text()) == {"idle_timeout": 60}


@pytest.mark.parametrize("name", ["playbook", "module", "streamer", "omit_event_data", "process_isolation"])
def test_keywords_that_would_break_the_operation_are_refused(name: str, folder: Path) -> None:
    with pytest.raises(TypeError, match=name):
        runner_arguments(settings(), {name: True}, folder)


def test_own_ansible_playbook_comes_first(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert "PATH" not in environment({}, folder)

    (tmp_path / "ansible-playbook").touch(mode=0o755)
    assert environment({}, folder)["PATH"] == f"{tmp_path}{os.pathsep}/usr/bin"
    assert environment({"PATH": "/opt"}, folder)["PATH"] == "/opt"


def test_where_a_run_looks_whether_it_is_cancelled_is_its_own(folder: Path) -> None:
    name = "OCEANBASE_OCP_CANCEL"
    assert environment({}, folder)[name] == str(folder / CANCEL_FILE)
    assert environment({name: "/elsewhere"}, folder)[name] == str(folder / CANCEL_FILE)
    assert name == PATH_VARIABLE


def test_host_keys_are_checked_as_ansible_is_configured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "ANSIBLE_HOST_KEY_CHECKING"
    monkeypatch.delenv(name, raising=False)
    prepared = environment({}, folder)
    assert name in prepared  # otherwise ansible-runner would set it to False
    restore_environment(prepared)
    assert name not in prepared

    chosen = environment({name: "False"}, folder)
    restore_environment(chosen)
    assert chosen[name] == "False"

    monkeypatch.setenv(name, "False")
    assert name not in environment({}, folder)  # ansible-playbook inherits it from the process


def test_inventories(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hosts.yml").touch()
    data = tmp_path / "data"
    (data / "inventory").mkdir(parents=True)
    (data / "inventory" / "own.yml").touch()
    monkeypatch.chdir(tmp_path)

    assert inventory("hosts.yml", data, folder) == str(tmp_path / "hosts.yml")
    assert inventory(Path("hosts.yml"), data, folder) == str(tmp_path / "hosts.yml")
    assert inventory("own.yml", data, folder) == str(data / "inventory" / "own.yml")
    assert inventory(["hosts.yml", "db1,db2,"], data, folder) == [str(tmp_path / "hosts.yml"), "db1,db2,"]
    assert inventory([], data, folder) == []
    written = inventory({"all": {"hosts": {"db1": {"ocp_host_id": 1001}}}}, data, folder)
    assert isinstance(written, str)
    assert Path(written).parent == folder
    assert json.loads(Path(written).read_text())["all"]["hosts"]["db1"] == {"ocp_host_id": 1001}
    text = inventory("db1 ocp_host_id=1001", data, folder)
    assert isinstance(text, str)
    assert Path(text).read_text() == "db1 ocp_host_id=1001"


@pytest.mark.parametrize("missing", ["missing.yml", Path("missing.yml"), ["missing.yml"]])
def test_missing_inventory(missing: Any, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OcpRunError, match=r"missing\.yml"):
        inventory(missing, tmp_path, folder)
