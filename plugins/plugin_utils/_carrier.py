# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""How the host program gets to a host: on the standard input of the host's own Python, and its answer back."""

from __future__ import annotations

import functools
import json
import re
import shlex
import typing as t
from pathlib import Path

from ansible_collections.oceanbase.ocp.plugins.module_utils import _agent_processes

# Ansible's names for "find one", which would cost a round trip of its own.
_DISCOVERY = ("auto", "auto_silent", "auto_legacy", "auto_legacy_silent")
_CANDIDATES = "python3 /usr/libexec/platform-python python2 python"


# How the files of the host program import each other. Without these lines, one after the other, they are one text.
_IMPORT = re.compile(r"^from \.(_agent_\w+) import (?:\([^)]*\)|.*)\n", re.MULTILINE)


@functools.cache
def _files(name: str) -> tuple[str, ...]:
    """The names of the files that a file needs, itself last, each behind those that it needs."""
    found: list[str] = []
    for needed in _IMPORT.findall(_source(name)):
        found += [file for file in _files(needed) if file not in found]
    return (*found, name)


def _source(name: str) -> str:
    return Path(_agent_processes.__file__).with_name(f"{name}.py").read_text(encoding="utf-8")


@functools.cache
def _text(module: str, function: str) -> bytes:
    files = dict.fromkeys((*_files(module), *_files("_agent_request")))
    parts = [_IMPORT.sub("", _source(name)) for name in files]
    return "\n\n".join([*parts, f'if __name__ == "__main__":\n    raise SystemExit(main({function}))\n']).encode()


def program(request: t.Mapping[str, t.Any]) -> bytes:
    """The source of the host program as one text.

    request: the arguments of the host program's Request, valid ones. The text holds what this request needs and nothing
    else: a host compiles it at every call.
    """
    function = _agent_processes.function_of(request)
    return _text(function.__module__.rpartition(".")[2], function.__name__)


def command(request: t.Mapping[str, t.Any], interpreter: str | None) -> str:
    """The shell command that takes the program on its standard input.

    request: the arguments of the host program's Request. interpreter: the value of C(ansible_python_interpreter).
    """
    # Without site-packages and the user's environment: nothing that a host has installed can change what runs.
    arguments = f"-E -s -S - {shlex.quote(json.dumps(request))}"
    if interpreter and interpreter not in _DISCOVERY:
        return f"{interpreter} {arguments}"
    search = f'for p in {_CANDIDATES}; do command -v "$p" >/dev/null 2>&1 && exec "$p" {arguments}; done; exit 127'
    return f"sh -c {shlex.quote(search)}"


def answer(output: str) -> dict[str, t.Any] | None:
    """The program's answer: the last line of its output, behind whatever a login shell may say. None without one."""
    lines = output.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
