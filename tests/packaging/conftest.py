# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The packages of a release, built once from this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command as on a user's machine, without anything of this checkout in its environment.

    Returns its standard output. A failure shows both of its outputs.
    """
    ours = ("ANSIBLE_", "PYTHON", "VIRTUAL_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    result = subprocess.run(
        command, cwd=cwd, env=clean | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{' '.join(map(str, command))}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="session")
def version() -> str:
    """The version in galaxy.yml."""
    return str(yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"])


@pytest.fixture(scope="session")
def bin_folder() -> Path:
    """The folder with the commands of the test environment."""
    return Path(sys.executable).parent


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory, bin_folder: Path) -> Path:
    """The tarball of the collection."""
    folder = tmp_path_factory.mktemp("tarball")
    run(bin_folder / "ansible-galaxy", "collection", "build", ROOT, "--output-path", folder, cwd=folder)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    return _build(tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture(scope="session")
def wheel_of_sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution."""
    return _build(tmp_path_factory.mktemp("sdist"))


def _build(folder: Path, *arguments: str) -> Path:
    run(sys.executable, "-m", "build", *arguments, "--outdir", folder, ROOT, cwd=folder)
    (path,) = folder.glob("*.whl")
    return path
