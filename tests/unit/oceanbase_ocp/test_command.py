# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ocp-agents, on a store of its own."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.executor import Executor
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._store.store import Store
from oceanbase_ocp import __version__
from oceanbase_ocp._command import main
from tests.store.tasks import STOP, builder, carry_out

Call = Callable[..., Result]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Task 1 has FAILED on db1001, task 2 runs. A log has the id of its subtask."""
    url, me = f"sqlite:///{tmp_path}/tasks.db", Executor.of(os.getpid(), "192.0.2.7")
    with Store.open(url) as store:
        task = store.create([1001, 1002], STOP, builder([1001, 1002]), me)
        carry_out(task, [0])
        store.save(task, me, {subtask.id: f"log of {subtask.id}\n" for subtask in task.subtasks})
        store.create([1003], STOP, builder([1003]), me)
    return url


@pytest.fixture
def call(url: str, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("OCP_TASK_STORE", url)
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_list(call: Call) -> None:
    result = call("task", "ls")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["ID", "STATUS"],
        ["2", "RUNNING"],
        ["1", "FAILED"],
    ]
    assert [line.split()[0] for line in call("task", "ls", "--status", "failed").stdout.splitlines()] == ["ID", "1"]
    assert call("task", "ls", "--host-id", 4711).stdout == "no task here, 0 in all\n"


def test_a_task(call: Call) -> None:
    lines = call("task", "show", 1).stdout.splitlines()
    assert lines[0] == "task 1: Batch stop OCP agent: FAILED"
    assert "Prepare stop OCP agent: 1 FAILED (db1001), 1 SUCCESSFUL" in lines
    assert json.loads(call("task", "show", 1, "--json").stdout)["data"]["id"] == 1


def test_logs(call: Call) -> None:
    assert call("task", "log", 1, 5).stdout == "log of 5\n"
    by_host = call("task", "log", 1, "--host", "db1002").stdout
    assert [line for line in by_host.splitlines() if line.startswith("log")] == ["log of 2", "log of 5", "log of 8"]
    assert call("task", "log", 1, "--host", "1002").stdout == by_host


def test_a_report(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert call("report", 1, "--output", path, "-i", "site.yml").stdout == f"{path}\n"
    page = path.read_text()
    assert "<h1>Batch stop OCP agent: task 1 FAILED, 2 hosts</h1>" in page
    assert "ansible-playbook -i site.yml -e ocp_task_store=sqlite:///" in page
    assert "log of 5" in page
    assert call("report", 1, "-o", "-").stdout.startswith("<!doctype html>")
    for arguments, said in (
        ((4711,), "Error: TSK10001: the task store sqlite"),
        ((1, "-o", tmp_path / "none/page.html"), "Error: the report cannot be written to "),
    ):
        failed = call("report", *arguments)
        assert failed.exit_code == 1
        assert failed.stderr.startswith(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", 4711), "404 TSK10001: "),
        (("cancel", 1), "409 TSK10007: task 1 is FAILED"),
        (("log", 1), "400 COM10001: give one of subtask_id and host_id"),
        (("log", 1, "--host", "db9"), "404 CMP07005: task 1 has no host 'db9'"),
    ],
)
def test_what_is_refused(call: Call, arguments: tuple[object, ...], said: str) -> None:
    result = call("task", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(said)


def test_a_store_that_cannot_be_used(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--task-store", "oracle://db/ocp", "task", "ls"])
    assert result.exit_code == 2
    assert "COM10010" in result.stderr


def test_a_task_is_cancelled(call: Call, url: str) -> None:
    assert call("task", "cancel", 2).stdout.startswith("task 2 is being cancelled")


def test_old_tasks_are_removed(call: Call, url: str) -> None:
    assert call("task", "prune", "--older-than", "1h").stdout == "0 tasks removed\n"
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    with contextlib.closing(connection), connection:
        connection.execute("UPDATE ocp_task SET heartbeat = heartbeat - 7200")
    would = "check mode, nothing was changed: 1 task would be removed\n1\n"
    assert call("task", "prune", "--older-than", "1h", "--keep", 1, "--dry-run").stdout == would
    assert json.loads(call("task", "prune", "--older-than", "1h", "--keep", 0, "--json").stdout)["data"] == {
        "taskIds": [1]
    }
    result = call("task", "prune", "--older-than", "1 year")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "must be a number of hours, days or weeks" in result.stderr
    assert call("task", "prune").exit_code == 2


def test_completion(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCP_TASK_STORE", url)
    shell = ShellComplete(main, {}, "ocp-agents", "_OCP_AGENTS_COMPLETE")

    def complete(words: list[str], incomplete: str) -> list[str]:
        return [item.value for item in shell.get_completions(words, incomplete)]

    assert complete([], "t") == ["task"]
    assert complete(["task"], "r") == ["retry", "rollback"]
    assert complete(["task", "show"], "") == ["2", "1"]
    assert complete(["task", "retry"], "1") == ["1"]
    assert complete(["task", "log", "1", "--host"], "db") == ["db1001", "db1002"]
    assert complete(["task", "log", "4711", "--host"], "db") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_reads(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert "_OCP_AGENTS_COMPLETE" in result.stdout


def test_the_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).stdout == f"ocp-agents, version {__version__}\n"
