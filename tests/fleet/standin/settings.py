# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of an agent: ``key: value`` lines, one flat mapping of strings."""

from __future__ import annotations

import os

Settings = dict[str, str]


def load(home: str, generation_1: bool) -> Settings | None:
    """Read the configuration of the agent at *home*.

    Returns a dict of str to str with ``home`` added, or None when there is no such file (then the program does not
    belong to an agent).
    """
    path = os.path.join(home, "conf", "agent.yaml" if generation_1 else "agentd.yaml")
    try:
        with open(path, encoding="utf-8") as stream:
            pairs = [line.rstrip("\n").split(": ", 1) for line in stream if ": " in line]
    except (FileNotFoundError, NotADirectoryError):
        return None
    return {"home": home, **dict(pairs)}


def run_file(conf: Settings, name: str) -> str:
    """Path of *name* in the agent's ``run`` folder."""
    return conf["home"] + "/run/" + name


def ignores_sigterm(conf: Settings, program: str) -> bool:
    """Whether *program* is configured to survive SIGTERM."""
    return conf.get(program + ".ignore_sigterm") == "yes"
