# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `ocp-agents`: asks for tasks, and runs the playbooks that act on them.

What is asked is answered by the Python API. What is done is done by `ansible-playbook` itself, in this very process, so
that its screen, its signals and its exit status are as they always are.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from ansible_collections.oceanbase.ocp.plugins.plugin_utils._files.document import write_text
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._run import persistence, questions
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.errors import OcpError
from ansible_collections.oceanbase.ocp.plugins.plugin_utils._task.settings import KEPT_TASKS

from . import __version__
from ._tasks import answer, html_of

_PROGRAM = "ocp-agents"
_STORE_VARIABLE = "OCP_TASK_STORE"
_REFUSED = 2  # as the playbooks have it


def _store(context: click.Context) -> str | None:
    """The task store that is chosen, from any command below the first one."""
    store: str | None = context.find_root().params.get("task_store")
    return store


def _complete_task(context: click.Context, dummy: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The newest tasks; nothing where the store cannot be asked."""
    found = answer(questions.task_info, {"size": 50}, _store(context), read_only=True).response
    return [
        CompletionItem(str(task["id"]), help=f"{task['name']}, {task['status']}")
        for task in found.get("data", {}).get("contents", [])
        if str(task["id"]).startswith(incomplete)
    ]


def _complete_host(context: click.Context, dummy: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The hosts of the task that is named already."""
    # With an option that has no value yet, click leaves arguments where they are.
    named = context.params.get("task_id") or next(filter(str.isdecimal, context.args), 0)
    try:
        with persistence.open_store(persistence.chosen(_store(context)), read_only=True) as store:
            targets = store.load(int(named)).targets
    except OcpError:
        return []
    return [
        CompletionItem(target.host, help=f"host id {target.host_id}")
        for target in targets
        if target.host.startswith(incomplete)
    ]


_TASK = click.argument("task_id", type=click.IntRange(min=1), shell_complete=_complete_task)
_STATUS = click.Choice(questions.STATUSES, case_sensitive=False)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print OCP's response instead, as JSON.")


# Of the extra `http`: they are imported when they are named.
_OF_HTTP = {"serve": "command_serve", "user": "command_user"}
_EXTRA = ("argon2", "h11", "starlette", "uvicorn")


class _Group(click.Group):
    """The commands of this file, and those of the HTTP service."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_OF_HTTP])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _OF_HTTP:
            return super().get_command(ctx, cmd_name)
        try:
            module = importlib.import_module(f".http.{_OF_HTTP[cmd_name]}", __package__)
        except ModuleNotFoundError as exc:
            if (exc.name or "").partition(".")[0] not in _EXTRA:
                raise
            return _missing(cmd_name)
        command: click.Command = getattr(module, cmd_name)
        return command


def _missing(name: str) -> click.Command:
    """A command in place of one whose packages are missing. Help and completion work without them."""

    @click.command(name, context_settings={"ignore_unknown_options": True}, add_help_option=False)
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(arguments: tuple[str, ...]) -> None:
        """Needs more than is installed: pip install 'oceanbase-ocp[http]'"""
        raise click.ClickException(f"{name} needs more than is installed: pip install 'oceanbase-ocp[http]'")

    return command


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name=_PROGRAM)
@click.option(
    "--task-store",
    envvar=_STORE_VARIABLE,
    show_envvar=True,
    metavar="URL",
    help="URL of the task store. Defaults to the user's own SQLite file.",
)
def main(task_store: str | None) -> None:
    """OCP's operations on the agents of hosts, and their tasks."""


@main.group()
def task() -> None:
    """Ask for tasks, and act on them."""


@task.command("ls")
@click.option("--name", help="Only tasks whose name contains this.")
@click.option("--status", type=_STATUS, help="Only tasks in this status.")
@click.option("--host-id", type=click.IntRange(min=1), help="Only tasks on this host, by its id in OCP.")
@click.option("--page", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--size", type=click.IntRange(1, questions.MAX_SIZE), default=10, show_default=True, help="Tasks a page.")
@_JSON
@click.pass_context
def list_tasks(context: click.Context, /, as_json: bool, **asked: Any) -> None:
    """List tasks, the newest first."""
    _ask(context, questions.task_info, asked, as_json)


@task.command("show")
@_TASK
@_JSON
@click.pass_context
def show(context: click.Context, /, as_json: bool, **asked: Any) -> None:
    """Show a task with its progress, unfinished hosts and failures."""
    _ask(context, questions.task_info, asked, as_json)


@task.command("log")
@_TASK
@click.argument("subtask_id", type=click.IntRange(min=1), required=False)
@click.option("--host", "host_id", shell_complete=_complete_host, help="All subtasks of a host, by its name or id.")
@_JSON
@click.pass_context
def log(context: click.Context, /, as_json: bool, **asked: Any) -> None:
    """Show the log of a subtask, or of all subtasks of a host."""
    _ask(context, questions.subtask_log, asked, as_json)


@task.command("cancel")
@_TASK
@_JSON
@click.pass_context
def cancel(context: click.Context, /, as_json: bool, **asked: Any) -> None:
    """Cancel a running task. No other host begins, and hosts at work finish first."""
    _ask(context, questions.task_cancel, asked, as_json, read_only=False)


@task.command("prune")
@click.option("--older-than", required=True, metavar="AGE", help="Least age of removed tasks, such as 12h, 90d or 8w.")
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    default=KEPT_TASKS,
    show_default=True,
    help="Number of the newest tasks that are kept at any age.",
)
@click.option("--dry-run", "check_mode", is_flag=True, help="Only show which tasks would be removed.")
@_JSON
@click.pass_context
def prune(context: click.Context, /, as_json: bool, **asked: Any) -> None:
    """Remove old tasks with their logs. RUNNING tasks are kept."""
    _ask(context, questions.task_prune, asked, as_json, read_only=asked["check_mode"])


def _ask(
    context: click.Context,
    question: Callable[..., questions.Reply],
    asked: dict[str, Any],
    as_json: bool,
    *,
    read_only: bool = True,
) -> None:
    found = answer(question, asked, _store(context), read_only=read_only)
    if as_json:
        click.echo(json.dumps(found.response, indent=4, ensure_ascii=False))
    elif found.response["successful"]:
        click.echo("\n".join(found.lines or [found.said]))
    else:
        click.echo(found.said, err=True)
    if not found.response["successful"]:
        context.exit(_REFUSED)


@main.command("report", short_help="Write the report of a task, one page of HTML.")
@_TASK
@click.option("--output", "-o", default="report.html", show_default=True, help="Path of the file, - for the screen.")
@click.option("--inventory", "-i", "inventories", multiple=True, help="Inventory for the commands on the page.")
@click.pass_context
def report(context: click.Context, task_id: int, output: str, inventories: tuple[str, ...]) -> None:
    """Write the report of a task, one page of HTML that loads nothing.

    It has the graph of the task, a timeline of its hosts, the failures, commands to continue, and the logs.
    """
    try:
        page = html_of(task_id, inventories, _store(context))
    except OcpError as error:
        raise click.ClickException(f"{error.code.code}: {error.message}") from error
    if output == "-":
        click.echo(page, nl=False)
        return
    try:
        write_text(output, page)
    except OSError as exc:
        raise click.ClickException(f"the report cannot be written to {output}: {exc.strerror}") from exc
    click.echo(output)


_ANSIBLE = {"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
_OPTIONS = click.argument("options", nargs=-1, type=click.UNPROCESSED)


def _run(context: click.Context, playbook: str, variables: dict[str, Any], options: tuple[str, ...]) -> None:
    """Become the ansible-playbook of this environment. options: of ansible-playbook, which win over variables."""
    given = dict(variables)
    store = _store(context)
    if store:  # it may have a password, and every user of this machine can read a command line
        os.environ[_STORE_VARIABLE] = store
        given["ocp_task_store"] = f"{{{{ lookup('ansible.builtin.env', '{_STORE_VARIABLE}') }}}}"
    beside = Path(sys.executable).with_name("ansible-playbook")
    program = str(beside) if beside.exists() else "ansible-playbook"
    try:
        os.execvp(program, [program, f"oceanbase.ocp.{playbook}", "-e", json.dumps(given), *options])
    except OSError as exc:
        raise click.ClickException(f"{program} cannot be run: {exc.strerror}") from exc


@task.command("retry", context_settings=_ANSIBLE)
@_TASK
@_OPTIONS
@click.pass_context
def retry(context: click.Context, task_id: int, options: tuple[str, ...]) -> None:
    """Run the FAILED subtasks again. OPTIONS are those of ansible-playbook, such as -i."""
    _run(context, "task_retry", {"task_id": task_id}, options)


@task.command("rollback", context_settings=_ANSIBLE)
@_TASK
@_OPTIONS
@click.pass_context
def rollback(context: click.Context, task_id: int, options: tuple[str, ...]) -> None:
    """Undo the changes of a FAILED task. OPTIONS are those of ansible-playbook, such as -i."""
    _run(context, "task_rollback", {"task_id": task_id}, options)


@task.command("skip", context_settings=_ANSIBLE)
@_TASK
@click.argument("subtask_ids", metavar="SUBTASK_ID[,...]")
@_OPTIONS
@click.pass_context
def skip(context: click.Context, task_id: int, subtask_ids: str, options: tuple[str, ...]) -> None:
    """Skip FAILED subtasks, and continue the task. OPTIONS are those of ansible-playbook, such as -i."""
    _run(context, "subtask_skip", {"task_id": task_id, "subtask_id": subtask_ids}, options)


@main.command(short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    For bash, in ~/.bashrc: eval "$(ocp-agents completion bash)"
    """
    found = get_completion_class(shell)
    assert found
    click.echo(found(main, {}, _PROGRAM, "_OCP_AGENTS_COMPLETE").source())
