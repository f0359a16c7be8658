# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""How the host program gets to a host: on the standard input of the host's own Python, and its answer back."""

from __future__ import annotations

import json
import shlex
import typing as t
from pathlib import Path

from ansible_collections.oceanbase.ocp.plugins.module_utils import _agent_processes

# Ansible's names for "find one", which would cost a round trip of its own.
_DISCOVERY = ("auto", "auto_silent", "auto_legacy", "auto_legacy_silent")
_CANDIDATES = "python3 /usr/libexec/platform-python python2 python"


def program() -> bytes:
    """The host program's source."""
    return Path(_agent_processes.__file__).read_bytes()


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
