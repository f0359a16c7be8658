# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""The Python of a host's modules, as Ansible chooses it (module_common.py, interpreter_discovery.py).

The settings INTERPRETER_PYTHON and INTERPRETER_PYTHON_FALLBACK are read from every place where they can be set.
"""

from __future__ import annotations

import shlex
import typing as t

from ansible import constants as C

from .._files.document import plain

_SETTING, _FALLBACK = "INTERPRETER_PYTHON", "INTERPRETER_PYTHON_FALLBACK"
# Ansible's names for its discovery, which would cost a round trip of its own.
_DISCOVERY = ("auto", "auto_silent", "auto_legacy", "auto_legacy_silent")
# Candidates after Ansible's: its own last resort, and further versions that can run the host program.
_LAST = ("/usr/bin/python3", "python3", "/usr/libexec/platform-python", "python2", "python")


def interpreter(variables: t.Mapping[str, t.Any], template: t.Callable[[t.Any], t.Any]) -> str:
    """The beginning of a shell command that starts a host's Python. Its arguments follow.

    variables: of the host. template: resolves a value. Raises what template raises.
    """
    chosen = str(plain(template(C.config.get_config_value(_SETTING, variables=variables))) or "").strip()
    if chosen and chosen not in _DISCOVERY:
        return chosen
    found = discovered(variables)
    if found:
        return found
    return first_of(map(str, plain(template(C.config.get_config_value(_FALLBACK, variables=variables)))))


def first_of(names: t.Iterable[str]) -> str:
    """Like interpreter(): the first of these that the host has, or else of those that can run the host program."""
    wanted = shlex.join(dict.fromkeys([*names, *_LAST]))
    search = f'for p in {wanted}; do command -v "$p" >/dev/null 2>&1 && exec "$p" "$@"; done; exit 127'
    return f"sh -c {shlex.quote(search)} sh"


def discovered(variables: t.Mapping[str, t.Any]) -> str:
    """The Python that Ansible has found on the host in an earlier task; "" for none."""
    facts = variables.get("ansible_facts") or {}
    return str(plain(facts.get("discovered_interpreter_python")) or "")


def variable_names() -> list[str]:
    """The names of the variables that can hold the settings."""
    definitions = C.config.get_configuration_definitions()
    return [variable["name"] for name in (_SETTING, _FALLBACK) for variable in definitions[name].get("vars") or ()]
