# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment, without building its image: the build context, ansible-builder's findings in the
installed collection, and a comparison with the imports of the collection.
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .conftest import ROOT, run

pytestmark = [pytest.mark.packaging, pytest.mark.xdist_group("packages")]  # they share the tarball

DEFINITION = "execution-environment.yml"
# SQLAlchemy alone imports them, by the URL of a store.
DRIVERS = {"psycopg", "pymysql"}
# These run on hosts, in the hosts' Python.
ON_HOSTS = {"module_utils", "modules"}


@pytest.fixture(scope="module")
def context(tarball: Path, bin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build context, made from the definition with the tarball in the folder of `make build`."""
    folder = tmp_path_factory.mktemp("environment")
    shutil.copy(ROOT / DEFINITION, folder)
    (folder / "dist/collection").mkdir(parents=True)
    shutil.copy(tarball, folder / "dist/collection")
    run(bin_folder / "ansible-builder", "create", "--output-filename", "Containerfile", cwd=folder)
    return folder / "context"


@pytest.fixture(scope="module")
def installed(context: Path, bin_folder: Path) -> Path:
    """The folder of collections in the image, made by the build's own command where the build runs it."""
    (command,) = re.findall(r"ansible-galaxy collection install .*", (context / "Containerfile").read_text())
    assert command.split("--collections-path")[0].endswith("-r requirements.yml ")
    folder = context / "collections"
    here = {"ANSIBLE_COLLECTIONS_PATH": str(folder), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
    install = [bin_folder / "ansible-galaxy", "collection", "install", "--offline", "-r", "requirements.yml"]
    run(*install, "--collections-path", folder, cwd=context / "_build", **here)
    return folder


@pytest.fixture(scope="module")
def found(installed: Path, bin_folder: Path) -> dict[str, Any]:
    """ansible-builder's findings in the collections of the image."""
    listed = run(bin_folder / "ansible-builder", "introspect", "--sanitize", installed, cwd=installed)
    requirements: dict[str, Any] = yaml.safe_load(listed)
    return requirements


def test_the_image_is_made_of_what_the_definition_says(context: Path) -> None:
    definition = yaml.safe_load((ROOT / DEFINITION).read_text())
    containerfile = (context / "Containerfile").read_text()
    assert f'ARG EE_BASE_IMAGE="{definition["images"]["base_image"]["name"]}"\n' in containerfile
    dependencies = definition["dependencies"]
    for package in (
        dependencies["python_interpreter"]["package_system"],
        dependencies["ansible_core"]["package_pip"],
        dependencies["ansible_runner"]["package_pip"],
    ):
        assert package in containerfile
    assert (context / "_build/bindep.txt").read_text().split() == ["openssh-clients", "[platform:rpm]"]
    assert not list((context / "_build").glob("requirements.txt"))  # only the collection declares Python packages


def test_the_image_has_the_collection_of_this_version(installed: Path, version: str) -> None:
    (manifest,) = installed.glob("ansible_collections/*/*/MANIFEST.json")
    about = yaml.safe_load(manifest.read_text())["collection_info"]
    assert (about["namespace"], about["name"], about["version"]) == ("oceanbase", "ocp", version)


def test_the_image_has_versions_that_the_project_supports() -> None:
    dependencies = yaml.safe_load((ROOT / DEFINITION).read_text())["dependencies"]
    supported = {r.name: r.specifier for r in map(Requirement, project()["dependencies"])}
    for key in ("ansible_core", "ansible_runner"):
        chosen = Requirement(dependencies[key]["package_pip"])
        oldest = [s.version for s in chosen.specifier if s.operator in ("~=", ">=")]
        assert oldest, f"{chosen} has no lowest version"
        assert all(version in supported[chosen.name] for version in oldest)


def test_the_image_gets_what_the_controller_needs(found: dict[str, Any]) -> None:
    """The versions are those of the wheel's metadata."""
    # every execution environment has ansible-core and ansible-runner; click and the extra http are for commands
    wanted = [line for line in project()["dependencies"] if not line.startswith(("ansible-", "click"))]
    extras = project()["optional-dependencies"]
    wanted += [line for name, lines in extras.items() if name != "http" for line in lines]
    assert sorted(map(normalized, found["python"])) == sorted(map(normalized, wanted))
    assert found.get("system", []) == []


def test_the_image_has_all_that_the_plugins_import_and_nothing_more(found: dict[str, Any]) -> None:
    modules = metadata.packages_distributions()
    own = {canonicalize_name(Requirement(requirement.split("#")[0]).name) for requirement in found["python"]}
    of_core = {canonicalize_name(Requirement(line).name) for line in metadata.requires("ansible-core") or []}
    imported = {name for path in controller_files() for name in imports(path)} | DRIVERS
    assert imported >= {"sqlalchemy", "yaml"}, "the search for imports finds nothing"
    known = {name: {canonicalize_name(found) for found in modules.get(name, [])} for name in imported}
    assert [name for name, homes in known.items() if not homes & (own | of_core)] == []
    assert [name for name in own if not any(name in homes for homes in known.values())] == []


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def normalized(requirement: str) -> str:
    """A requirement without its comment, its specifiers in one order."""
    match = re.fullmatch(r"([\w.-]+(?:\[[\w,]+\])?)\s*([^#]*?)\s*(?:#.*)?", requirement)
    assert match, requirement
    name, specifiers = match.groups()
    return f"{name.lower()} {sorted(specifiers.split(','))}"


def controller_files() -> list[Path]:
    """The plugins that run on the controller."""
    plugins = ROOT / "plugins"
    return [path for path in plugins.rglob("*.py") if path.relative_to(plugins).parts[0] not in ON_HOSTS]


def imports(path: Path) -> set[str]:
    """The top-level names that a file imports, without those of Python, of Ansible and its own."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).partition(".")[0])
    return {name for name in names if name not in sys.stdlib_module_names and not name.startswith("ansible")}
