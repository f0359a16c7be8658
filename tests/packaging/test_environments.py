# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environments of a checkout, and the range of ansible-core for their choice."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools.environments import CORE_LINES, NEXT_LINE, Interpreter, Version, choose_cores, interpreters

from .conftest import ROOT


def machine(*versions: Version, without_venv: Version | None = None) -> dict[Version, Interpreter]:
    """The interpreters of a machine."""
    return {version: Interpreter(version, Path("/usr/bin/python"), version != without_venv) for version in versions}


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        pytest.param(machine((3, 11)), {(2, 18): (3, 11), (2, 19): (3, 11)}, id="Debian 12"),
        pytest.param(machine((2, 7), (3, 12)), {(2, 18): (3, 12), (2, 21): (3, 12)}, id="Ubuntu 24.04"),
        pytest.param(machine((3, 14)), {(2, 20): (3, 14), (2, 21): (3, 14)}, id="Python 3.14 alone"),
        pytest.param(machine((3, 11), (3, 13)), {(2, 18): (3, 11), (2, 21): (3, 13)}, id="several"),
        pytest.param(
            machine((3, 11), (3, 13), without_venv=(3, 13)), {(2, 18): (3, 11), (2, 19): (3, 11)}, id="one without venv"
        ),
    ],
)
def test_the_oldest_and_the_newest_core_are_chosen(
    available: dict[Version, Interpreter], expected: dict[Version, Version]
) -> None:
    assert {line: interpreter.version for line, interpreter in choose_cores(available).items()} == expected


@pytest.mark.parametrize("available", [machine(), machine((2, 7), (3, 10)), machine((3, 11), without_venv=(3, 11))])
def test_a_machine_without_a_fitting_interpreter_is_an_error(available: dict[Version, Interpreter]) -> None:
    with pytest.raises(SystemExit, match="venv is needed"):
        choose_cores(available)


def test_interpreters_are_what_they_are_listed_as() -> None:
    found = interpreters()
    assert sys.version_info[:2] in found
    for version, interpreter in found.items():
        program = "import sys; print(sys.version_info[:2])"
        assert subprocess.check_output([interpreter.path, "-c", program], text=True) == f"{version}\n"


def test_the_supported_range_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (core,) = (r for r in map(Requirement, project["dependencies"]) if r.name == "ansible-core")
    runtime = SpecifierSet(yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"])
    candidates = [(2, minor) for minor in range(10, 40)]
    by_project = [line for line in candidates if f"{line[0]}.{line[1]}.0" in core.specifier]
    assert by_project == [*CORE_LINES, NEXT_LINE]
    assert min(line for line in candidates if f"{line[0]}.{line[1]}.0" in runtime) == min(CORE_LINES)
