# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`ocp-agents user`: the file of users."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click

from . import users

_USERS = click.option(
    "--users", "path", type=click.Path(dir_okay=False, path_type=Path), required=True, envvar="OCP_AGENTS_USERS",
    help="The file; it is made where it is missing.",
)
_SHORTEST = 8


@click.group()
def user() -> None:
    """Make the file of users of `ocp-agents serve`."""


def _load(path: Path) -> dict[str, users.Account]:
    try:
        return users.load(path) if path.exists() else {}
    except users.UsersError as exc:
        raise click.ClickException(str(exc)) from None


def _save(path: Path, accounts: dict[str, users.Account]) -> None:
    try:
        users.save(path, accounts)
    except users.UsersError as exc:
        raise click.ClickException(str(exc)) from None


def _account(accounts: dict[str, users.Account], name: str) -> users.Account:
    try:
        return users.account_of(accounts, name)
    except users.UsersError as exc:
        raise click.ClickException(str(exc)) from None


@user.command()
@_USERS
@click.option("--group", "groups", multiple=True, help="A group, as role bindings name it; may be repeated.")
@click.argument("name")
def add(path: Path, groups: tuple[str, ...], name: str) -> None:
    """Add a user, or give one another password. It is asked for, or is the first line of standard input."""
    accounts = _load(path)
    account = _account(accounts, name)
    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    if len(password) < _SHORTEST:
        raise click.ClickException(f"a password has at least {_SHORTEST} characters")
    changed = replace(account, password=users.hash_password(password), groups=groups or account.groups)
    _save(path, {**accounts, name: changed})
    click.echo(f"{name} is in {path}", err=True)


@user.command()
@_USERS
@click.argument("name")
def key(path: Path, name: str) -> None:
    """Make an access key for a user, who needs no password for it. The secret key is shown this once."""
    accounts = _load(path)
    account, access_key, secret_key = users.with_new_key(_account(accounts, name))
    _save(path, {**accounts, name: account})
    click.echo(f"{access_key} {secret_key}")


@user.command(name="remove")
@_USERS
@click.argument("name")
def remove_(path: Path, name: str) -> None:
    """Remove a user, with its access keys."""
    accounts = _load(path)
    if accounts.pop(name, None) is None:
        raise click.ClickException(f"{path} has no user {name}")
    _save(path, accounts)


@user.command(name="list")
@_USERS
def list_(path: Path) -> None:
    """List the users: id, name, groups, number of access keys."""
    for account in _load(path).values():
        click.echo(f"{account.number} {account.name} {','.join(account.groups) or '-'} {len(account.access_keys)}")
