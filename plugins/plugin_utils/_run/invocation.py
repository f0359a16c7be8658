# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The command line of ansible-playbook, for other commands with the same inventory and options.

Secrets are not repeated. A password for Ansible becomes a prompt, and another secret a variable of the shell.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import typing as t

import yaml
from ansible import constants as C
from ansible import context
from ansible.parsing.splitter import parse_kv

from .._task.layout import Shell
from .._task.ways_on import Caller

_STORE = "ocp_task_store"
_FROM_VARIABLE = f"{{{{ {_STORE} }}}}"
# Variables of one request, which are not repeated.
_OF_THE_REQUEST = frozenset(
    {
        *("host_ids", "hostIds", "ocp_hosts", "ocp_host_ids_file", "task_id", "subtask_id", "ocp_prohibit_rollback"),
        *("ocp_waves", "ocp_waves_after", "ocp_waves_max_fail_percentage"),
    }
)
# Options of ansible-playbook that other commands may need as well, by their names in ansible-core. With a value:
_WITH_VALUE = {
    "subset": ("--limit", None),
    "remote_user": ("-u", "DEFAULT_REMOTE_USER"),
    "private_key_file": ("--private-key", "DEFAULT_PRIVATE_KEY_FILE"),
    "connection": ("-c", "DEFAULT_TRANSPORT"),
    "timeout": ("-T", "DEFAULT_TIMEOUT"),
    "ssh_common_args": ("--ssh-common-args", None),
    "ssh_extra_args": ("--ssh-extra-args", None),
    "become_method": ("--become-method", "DEFAULT_BECOME_METHOD"),
    "become_user": ("--become-user", "DEFAULT_BECOME_USER"),
    "become_password_file": ("--become-password-file", "BECOME_PASSWORD_FILE"),
    "connection_password_file": ("--connection-password-file", "CONNECTION_PASSWORD_FILE"),
    "forks": ("-f", "DEFAULT_FORKS"),
}
_FLAGS = {"become": "-b", "ask_pass": "-k", "become_ask_pass": "-K", "ask_vault_pass": "-J"}
_MANY = {"vault_ids": "--vault-id", "vault_password_files": "--vault-password-file"}
# Passwords for which Ansible has a prompt.
_ASKED_BY_ANSIBLE = {
    **dict.fromkeys(("ansible_password", "ansible_pass", "ansible_ssh_pass", "ansible_ssh_password"), "-k"),
    **dict.fromkeys(("ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"), "-K"),
}
_SECRET_NAME = re.compile(r"pass|pwd|secret|token|credential|private|(?:^|_)(?:pw|pin|key|auth)(?:_|$)", re.IGNORECASE)
_KEY_FILE = re.compile(r"_(?:file|path)$", re.IGNORECASE)
_SECRET_WORD = re.compile(r"pass|pwd|secret|token", re.IGNORECASE)  # the path of a file may have one
_SECRET_FORM = re.compile(r"://[^/\s]*:[^\s]*@|PRIVATE KEY|\$ANSIBLE_VAULT", re.IGNORECASE)
_PLAIN_VALUE = re.compile(r"[\w./:@%+,=?&~-]+")


def current(store: bool) -> Caller:
    """The command line of this ansible-playbook. store: whether a task store was chosen by any means."""
    ours = sys.argv[0]
    folder, name = os.path.split(ours)
    found = shutil.which(name)
    same = bool(found) and os.path.realpath(str(found)) == os.path.realpath(ours)
    commands = [one if same else os.path.join(folder, one) for one in ("ansible-playbook", "ansible")]
    return caller(context.CLIARGS, _defaults(), store=store, folder=os.getcwd(), commands=commands)


def caller(
    arguments: t.Mapping[str, t.Any],
    defaults: t.Mapping[str, t.Any],
    *,
    store: bool,
    folder: str,
    commands: t.Sequence[str] = ("ansible-playbook", "ansible"),
) -> Caller:
    """A command line of ansible-playbook.

    arguments: those of ansible-core. defaults: their values without an option, by the same names. store: whether a task
    store was chosen. folder: the working directory of the commands. commands: ansible-playbook and ansible.
    """
    inventory = [
        word
        for source in arguments.get("inventory") or ()
        if str(source) not in map(str, defaults.get("inventory") or ())
        for word in ("-i", _path(str(source), folder))
    ]
    options: list[str] = []
    for name, option in _FLAGS.items():
        options += [option] if arguments.get(name) and not defaults.get(name) else []
    for name, (option, _constant) in _WITH_VALUE.items():
        value = arguments.get(name)
        if value not in (None, "", defaults.get(name)):
            options += [option, _shown(name, str(value))]
    for name, option in _MANY.items():
        given = [str(value) for value in arguments.get(name) or () if value not in (defaults.get(name) or ())]
        options += [word for value in given for word in (option, value)]
    variables = _Variables(arguments.get("extra_vars") or ())
    options += [option for option in dict.fromkeys(variables.asked_by_ansible) if option not in options]
    files = [word for file in variables.files for word in ("-e", file)]
    store_options: list[str] = []
    stored = ""
    if store:
        stored = str(variables.shown.get(_STORE, _FROM_VARIABLE))
        if _STORE in variables.hidden:
            store_options = ["-e", _of_shell(_STORE)]
        elif stored == _FROM_VARIABLE:
            store_options = files
    return Caller(
        commands[0],
        commands[1],
        [*inventory, *options, *variables.words],
        [*inventory, *store_options],
        variables.hidden,
        stored,
        str(next(iter(arguments.get("args") or ()), "")),
        variables.request,
    )


def options(arguments: t.Mapping[str, t.Any]) -> list[str]:
    """The options that make another run of ansible-playbook like this one, without variables and passwords.

    arguments: ansible-core's own.
    """
    found = [word for source in arguments.get("inventory") or () for word in ("-i", str(source))]
    found += ["-b"] if arguments.get("become") else []
    found += ["-D"] if arguments.get("diff") else []
    found += ["-" + "v" * arguments["verbosity"]] if arguments.get("verbosity") else []
    for name, (option, _constant) in _WITH_VALUE.items():
        value = arguments.get(name)
        if value not in (None, "") and not name.endswith("_password_file"):
            found += [f"{option}={value}"] if option.startswith("--") else [option, str(value)]
    return found


class _Variables:
    """The extra variables of a command line, without those of the request.

    words: as options. request: those of the request, as options. files: of variables. shown: those that may be seen.
    hidden: the names of those that may not. asked_by_ansible: options by which Ansible asks for those of its own.
    """

    def __init__(self, given: t.Iterable[object]) -> None:
        self.words: list[str] = []
        self.request: list[str] = []
        self.files: list[str] = []
        self.shown: dict[str, t.Any] = {}
        self.hidden: list[str] = []
        self.asked_by_ansible: list[str] = []
        for text in map(str, given):
            if text.startswith("@"):
                self.files.append(text)
                self.words += ["-e", text]
            else:
                self._take(text)

    def _take(self, text: str) -> None:
        as_pairs = not text.lstrip().startswith(("{", "["))
        try:
            found = parse_kv(text) if as_pairs else yaml.safe_load(text)
        except Exception:  # Ansible has read it, so this is another YAML; what cannot be read cannot be judged
            found = {}
        structured: dict[str, t.Any] = {}
        for name, value in (found if isinstance(found, dict) else {}).items():
            name = str(name)
            if name.startswith("_raw"):
                continue
            if name in _OF_THE_REQUEST:
                compact = ",".join(map(str, value)) if isinstance(value, list) else str(value)
                plain = _PLAIN_VALUE.fullmatch(compact)
                self.request += ["-e", f"{name}={compact}" if plain else json.dumps({name: value}, default=str)]
                continue
            if name in _ASKED_BY_ANSIBLE:
                self.asked_by_ansible.append(_ASKED_BY_ANSIBLE[name])
            elif _is_secret(name, value):
                if name.isidentifier() and name not in self.hidden:
                    self.hidden.append(name)
                    self.words += ["-e", _of_shell(name)]
            else:
                self.shown[name] = value
                if isinstance(value, str) and _PLAIN_VALUE.fullmatch(value):
                    self.words += ["-e", f"{name}={value}"]
                else:
                    structured[name] = value
        if structured:
            self.words += ["-e", json.dumps(structured, ensure_ascii=False, default=str)]


def _is_secret(name: str, value: object) -> bool:
    is_path = bool(_KEY_FILE.search(name))
    if _SECRET_NAME.search(name) and not is_path:
        return True
    if isinstance(value, dict):
        return any(_is_secret(str(key), item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return any(_is_secret("", item) for item in value)
    return isinstance(value, str) and _looks_secret(value, is_path=is_path)


def _looks_secret(text: str, *, is_path: bool = False) -> bool:
    return bool(_SECRET_FORM.search(text) or (not is_path and _SECRET_WORD.search(text)))


def _shown(name: str, value: str) -> str:
    """The value of an option. One that may hold a password becomes a variable of the shell."""
    return Shell(f'"${name}"') if name.startswith("ssh_") and _looks_secret(value) else value


def _of_shell(name: str) -> Shell:
    return Shell(f'{name}="${name}"')


def _path(path: str, folder: str) -> str:
    """The path relative to the folder if it is below it. Lists of hosts, which have a comma, are no paths."""
    if "," in path or not path.startswith(os.path.join(folder, "")):
        return path
    return os.path.relpath(path, folder)


def _defaults() -> dict[str, t.Any]:
    found = {name: getattr(C, constant, None) for name, (_option, constant) in _WITH_VALUE.items() if constant}
    lists = {"inventory": C.DEFAULT_HOST_LIST, "vault_ids": C.DEFAULT_VAULT_IDENTITY_LIST}
    return {**found, **lists, "become": C.DEFAULT_BECOME, "ask_pass": C.DEFAULT_ASK_PASS}
