# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interface of a contender."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.fleet import Fleet


class BenchError(Exception):
    """The bench cannot take the measurement."""


@dataclass(frozen=True)
class Command:
    """An argument list and its whole environment."""

    arguments: list[str]
    environment: dict[str, str]


class Contender(Protocol):
    """A way to stop the agents of all hosts of a fleet.

    name: for `--only`. title: for the table.
    """

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def prepare(self, fleet: Fleet, folder: Path) -> Command:
        """Write the tool's files into a new folder, before the clock runs. Returns the command to measure."""


def program(name: str) -> str:
    """The path of a tool that is installed beside this Python.

    Raises BenchError if it is missing.
    """
    path = Path(sys.prefix, "bin", name)
    if not path.exists():
        raise BenchError(f"{path} is missing: `make bench` installs what the bench needs")
    return str(path)


def environment(**variables: str) -> dict[str, str]:
    """The environment of a user without any configuration, plus these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON", "SSH_"))}
    return {**kept, "PATH": f"{Path(sys.prefix, 'bin')}{os.pathsep}{os.environ['PATH']}", **variables}


def ansible_environment(folder: Path, settings: Mapping[str, str] | None = None, **variables: str) -> dict[str, str]:
    """The same for Ansible, without open connections or tasks of an earlier run.

    settings: of ansible.cfg, for those without an environment variable.
    """
    configuration = folder / "ansible.cfg"
    configuration.write_text("[defaults]\n" + "".join(f"{key}={value}\n" for key, value in (settings or {}).items()))
    folders = {"ANSIBLE_HOME": str(folder / "ansible"), "XDG_DATA_HOME": str(folder / "data")}
    return environment(ANSIBLE_CONFIG=str(configuration), **folders, **variables)
