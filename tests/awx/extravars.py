# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file env/extravars, in which only values of the template are trusted."""

from __future__ import annotations

from typing import Any

import yaml


class _Untrusted(yaml.SafeDumper):
    """Marks every text, also of keys, so that Ansible never evaluates it as a template."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("!unsafe", text)


_Untrusted.add_representer(str, _text)


def dump(variables: dict[str, Any], trusted: dict[str, Any]) -> str:
    """Return YAML. A variable is trusted if the template has it with this very value."""
    return "".join(
        yaml.dump(
            {name: value},
            Dumper=yaml.SafeDumper if name in trusted and trusted[name] == value else _Untrusted,
            default_flow_style=False,
        )
        for name, value in variables.items()
    )
