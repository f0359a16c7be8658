# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The contents of the tarball and the wheel, and a working installation of each."""

from __future__ import annotations

import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools import environments

from .conftest import ROOT, run

# The packages are built, and the wheel is installed, once.
pytestmark = [pytest.mark.packaging, pytest.mark.xdist_group("packages")]

COLLECTION = "ansible_collections/oceanbase/ocp/"
# The parts of a collection at run time.
FOLDERS = ("LICENSES", "meta", "playbooks", "plugins", "roles")
FILES = ("COPYING", "README.md")
PLAYBOOKS = [f"oceanbase.ocp.{path.stem}" for path in sorted((ROOT / "playbooks").glob("*.yml"))]
MODULES = {f"oceanbase.ocp.{path.stem}" for path in (ROOT / "plugins/modules").glob("[!_]*.py")}


def checkout_files() -> dict[str, bytes]:
    """The files of the collection in the checkout: path and content."""
    paths = [ROOT / name for name in FILES]
    for folder in FOLDERS:
        paths += [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in paths}


def wheel_files(wheel: Path) -> dict[str, bytes]:
    """The files in a wheel: path and content."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_tarball_has_the_collection_and_nothing_else(tarball: Path, version: str) -> None:
    assert tarball.name == f"oceanbase-ocp-{version}.tar.gz"
    with tarfile.open(tarball) as archive:
        names = {member.name for member in archive if not member.isdir()}
        files = {name: archive.extractfile(name).read() for name in names if name != "LICENSES/GPL-3.0-or-later.txt"}
    expected = checkout_files()
    del expected["LICENSES/GPL-3.0-or-later.txt"]  # a link to COPYING
    assert {name: content for name, content in files.items() if name in expected} == expected
    rest = {name for name in names - expected.keys() if not name.startswith(("changelogs/", "docs/", "LICENSES/"))}
    assert rest <= {"MANIFEST.json", "FILES.json", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"}


def test_tarball_installs(tarball: Path, bin_folder: Path, tmp_path: Path) -> None:
    # Leave out the collection of the test environment.
    here = {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
    run(bin_folder / "ansible-galaxy", "collection", "install", "--offline", tarball, cwd=tmp_path, **here)
    listing = run(bin_folder / "ansible-doc", "--list_files", "oceanbase.ocp", cwd=tmp_path, **here)
    paths = dict(line.split(maxsplit=1) for line in listing.splitlines())
    assert paths.keys() >= MODULES
    assert all(path.startswith(f"{tmp_path}/{COLLECTION}") for path in paths.values()), listing
    checked = run(bin_folder / "ansible-playbook", "--syntax-check", *PLAYBOOKS, cwd=tmp_path, **here)
    assert len(re.findall(r"(?m)^playbook: ", checked)) == len(PLAYBOOKS)


def test_the_two_source_archives_cannot_be_taken_for_each_other() -> None:
    build = re.search(r"^build:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert build
    folders = re.findall(r"(?:--output-path|--outdir) (\S+)", build[1])
    assert len(folders) == len(set(folders)) == 2


def test_installing_the_wheel_leaves_a_supported_ansible_core_alone(wheel: Path) -> None:
    metadata = next(content for name, content in wheel_files(wheel).items() if name.endswith(".dist-info/METADATA"))
    lines = [line for line in metadata.decode().splitlines() if line.startswith("Requires-Dist: ")]
    required = [Requirement(line.split(": ", 1)[1]) for line in lines]
    core = next(requirement for requirement in required if requirement.name == "ansible-core")
    for line in [*environments.CORE_LINES, environments.NEXT_LINE]:
        for patch in ("0", "99"):
            assert core.specifier.contains(f"{line[0]}.{line[1]}.{patch}"), core


def test_wheel_has_the_collection_and_the_api_and_nothing_else(wheel: Path, version: str) -> None:
    assert wheel.name == f"oceanbase_ocp-{version}-py3-none-any.whl"
    files = wheel_files(wheel)
    collection = {name.removeprefix(COLLECTION): files[name] for name in files if name.startswith(COLLECTION)}
    assert collection.pop("galaxy.yml") == (ROOT / "galaxy.yml").read_bytes()
    assert collection == checkout_files()
    api = {name for name in files if name.startswith("oceanbase_ocp/")}
    assert {"oceanbase_ocp/__init__.py", "oceanbase_ocp/py.typed"} <= api
    metadata = {name for name in files if name.startswith(f"oceanbase_ocp-{version}.dist-info/")}
    assert set(files) == {COLLECTION + name for name in collection} | {COLLECTION + "galaxy.yml"} | api | metadata


def test_source_distribution_builds_the_same_wheel(wheel: Path, wheel_of_sdist: Path) -> None:
    assert wheel_files(wheel_of_sdist) == wheel_files(wheel)


@pytest.fixture(scope="module")
def installation(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A separate environment with the wheel. Returns its folder of commands."""
    folder = tmp_path_factory.mktemp("installation")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv/bin/python"
    run(python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", wheel, cwd=folder)
    return python.parent


def test_installed_plugins_have_their_documentation(installation: Path, tmp_path: Path) -> None:
    listed = json.loads(run(installation / "ansible-doc", "--list", "--json", "oceanbase.ocp", cwd=tmp_path))
    assert set(listed) >= MODULES
    shown = json.loads(run(installation / "ansible-doc", "--json", *listed, cwd=tmp_path))
    assert {name for name, plugin in shown.items() if plugin["doc"]["description"]} == set(listed)


def test_installed_playbook_is_found_by_its_name(installation: Path, tmp_path: Path) -> None:
    playbook = [installation / "ansible-playbook", "oceanbase.ocp.batch_stop_agents"]
    run(*playbook, "--syntax-check", cwd=tmp_path)
    listing = run(*playbook, "--list-tasks", cwd=tmp_path)
    plays = re.findall(r"^  play #\d+ \(.*?\): (.*?)\s+TAGS", listing, flags=re.MULTILINE)
    assert len(plays) >= 7, listing
    assert plays[-1] == "Report"


def test_installed_playbook_refuses_a_bad_request(installation: Path, tmp_path: Path) -> None:
    """It runs up to its first answer, so the plugins are found, too."""
    response = tmp_path / "response.json"
    command = [installation / "ansible-playbook", "oceanbase.ocp.batch_stop_agents"]
    command += ["--extra-vars", json.dumps({"host_ids": [], "ocp_response_file": str(response)})]
    with pytest.raises(AssertionError):
        run(*command, cwd=tmp_path)
    assert json.loads(response.read_text())["successful"] is False


def test_installed_command_lists_tasks(installation: Path, tmp_path: Path) -> None:
    command = [installation / "ocp-agents", "task", "ls"]
    assert run(*command, cwd=tmp_path, XDG_DATA_HOME=str(tmp_path / "data")) == "no task here, 0 in all\n"


def test_installed_api_knows_its_version(installation: Path, tmp_path: Path, version: str) -> None:
    program = "import importlib.metadata, oceanbase_ocp; print(importlib.metadata.version('oceanbase-ocp'))"
    assert run(installation / "python", "-c", program, cwd=tmp_path).strip() == version


def test_a_collection_that_hides_the_package_says_so(installation: Path, tarball: Path, tmp_path: Path) -> None:
    """ansible-core silently prefers an older version in ~/.ansible."""
    here = {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    run(installation / "ansible-galaxy", "collection", "install", "--offline", "--force", tarball, cwd=tmp_path, **here)
    command = [installation / "ansible-playbook", "oceanbase.ocp.batch_stop_agents", "--extra-vars", '{"host_ids": []}']
    with pytest.raises(AssertionError) as same:
        run(*command, cwd=tmp_path, **here)
    assert "COM10001" in str(same.value)
    assert "finds it first" not in str(same.value)
    manifest = tmp_path / COLLECTION / "MANIFEST.json"
    document = json.loads(manifest.read_text())
    document["collection_info"]["version"] = "0.0.9"
    manifest.write_text(json.dumps(document))
    with pytest.raises(AssertionError) as other:
        run(*command, cwd=tmp_path, **here)
    told = "".join(str(other.value).split())  # Ansible breaks lines anywhere
    assert f"Thecollectionoceanbase.ocp0.0.9in{tmp_path / COLLECTION}" in told
