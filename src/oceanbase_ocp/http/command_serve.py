# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ocp-agents serve`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import yaml  # type: ignore[import-untyped,unused-ignore]

from .serve import Listener, StartError
from .serve import serve as run
from .settings import MIB, Settings

_GRACE = "Seconds that running operations get at the end, and once more after they were cancelled."
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("-i", "--inventory", multiple=True, required=True, help="As ansible-playbook takes it; may be repeated.")
@click.option("--users", type=_FILE, envvar="OCP_AGENTS_USERS", help="File of users, see `ocp-agents user`.")
@click.option("--role-bindings", type=_FILE, help="File that says who has which role; without it each user may all.")
@click.option("--task-store", metavar="URL", help="As before the command.")
@click.option("-e", "--extra-vars", multiple=True, help="NAME=VALUE for the playbooks, or @FILE in YAML.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--unix-socket", type=click.Path(path_type=Path), help="Listen at a Unix socket instead.")
@click.option("--certificate", type=_FILE, help="TLS: certificate and chain, in PEM.")
@click.option("--key", type=_FILE, help="TLS: its key, in PEM.")
@click.option("--plain-http", is_flag=True, help="Listen without TLS at an address that other machines reach.")
@click.option("--insecure-loopback", is_flag=True, help="Let in everybody on this machine, without users.")
@click.option("--proxy", multiple=True, help="Address of a proxy whose X-Forwarded-For is believed; may be repeated.")
@click.option("--public-host", multiple=True, help="HOST[:PORT] that clients sign where a proxy changes it.")
@click.option("--error-codes", type=click.Choice(["4.x", "3.1"]), default="4.x", show_default=True)
@click.option("--max-operations", type=click.IntRange(1, 1000), default=4, show_default=True, help="At a time.")
@click.option("--max-body", type=click.IntRange(1024), default=MIB, show_default=True, help="Bytes.")
@click.option("--inventory-ttl", type=click.FloatRange(0), default=60.0, show_default=True, help="Seconds.")
@click.option("--metrics", is_flag=True, help="Answer /metrics, for Prometheus; it takes the role TASK_VIEWER.")
@click.option("--standby/--no-standby", default=True, help="Whether an ansible-playbook waits for the next operation.")
@click.option("--grace", type=click.FloatRange(0), default=60.0, show_default=True, help=_GRACE)
@click.pass_context
def serve(context: click.Context, /, **given: Any) -> None:
    """Serve OCP's HTTP API for the hosts of an inventory."""
    settings = Settings(
        inventory=tuple(_absolute(source) for source in given["inventory"]),
        task_store=given["task_store"] or context.find_root().params.get("task_store"),
        users=None if given["insecure_loopback"] else given["users"],
        role_bindings=str(given["role_bindings"].absolute()) if given["role_bindings"] else None,
        extravars=_variables(given["extra_vars"]),
        error_codes=given["error_codes"],
        max_operations=given["max_operations"],
        max_body=given["max_body"],
        inventory_seconds=given["inventory_ttl"],
        grace=given["grace"],
        public_hosts=given["public_host"],
        loopback_only=given["insecure_loopback"],
        metrics=given["metrics"],
        standby=given["standby"],
    )
    if given["insecure_loopback"] and given["users"]:
        raise click.UsageError("give --users or --insecure-loopback, not both")
    if (given["certificate"] is None) != (given["key"] is None):
        raise click.UsageError("--certificate and --key go together")
    listener = Listener(
        given["host"],
        given["port"],
        given["unix_socket"],
        given["certificate"],
        given["key"],
        given["plain_http"],
        given["proxy"],
    )
    try:
        run(settings, listener)
    except StartError as exc:
        raise click.ClickException(str(exc)) from None


def _absolute(source: str) -> str:
    """An inventory, independent of the working directory. Raises click.UsageError."""
    if "," in source and not os.path.exists(source):
        return source
    if not os.path.exists(source):
        raise click.UsageError(f"there is no inventory {source!r}")
    return os.path.abspath(source)


def _variables(given: tuple[str, ...]) -> dict[str, Any]:
    """The extra variables. Raises click.UsageError."""
    found: dict[str, Any] = {}
    for text in given:
        if text.startswith("@"):
            try:
                document = yaml.safe_load(Path(text[1:]).read_text(encoding="utf-8"))
            except (OSError, ValueError, yaml.YAMLError) as exc:
                raise click.UsageError(f"--extra-vars {text}: {' '.join(str(exc).split())}") from None
            if not isinstance(document, dict):
                raise click.UsageError(f"--extra-vars {text} is no mapping")
            found.update(document)
        else:
            name, equals, value = text.partition("=")
            if not equals or not name.isidentifier():
                raise click.UsageError(f"--extra-vars takes NAME=VALUE or @FILE, not {text!r}")
            found[name] = value
    return found
