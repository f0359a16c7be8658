# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Extra variables as they were written.

AWX passes the answers of a survey on in a file, each text with the tag C(!unsafe). From 2.19 on, ansible-core parses
such a value again as YAML 1.1 (_resolve_and_construct_object in ansible/_internal/_yaml/_constructor.py):
the text 0123 becomes the number 83, another host's id. Only the file still has the text.
"""

from __future__ import annotations

import contextlib
import typing as t
from pathlib import Path

import yaml
from ansible import context


class _AsWritten(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads a scalar with its own tag as a text."""


def _as_written(loader: t.Any, node: yaml.Node) -> t.Any:
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_mapping(node, deep=True)


_AsWritten.add_constructor(None, _as_written)


def as_written(name: str) -> t.Any:
    """The value of a variable in the files of extra variables of this run, None if it is in none of them.

    Tagged texts are as they were written. All other values are read as YAML 1.1.
    """
    found = None
    for given in context.CLIARGS.get("extra_vars") or ():
        path = Path(str(given).removeprefix("@")).expanduser()
        if str(given).startswith("@") and path.is_file():  # a pipe was read before, and would block
            with contextlib.suppress(OSError, ValueError, yaml.YAMLError):  # Ansible has read it, or it is encrypted
                loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=_AsWritten)
                found = loaded.get(name, found) if isinstance(loaded, dict) else found
    return found
