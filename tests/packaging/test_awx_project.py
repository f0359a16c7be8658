# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example project, as AWX checks it out."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, run

pytestmark = [pytest.mark.packaging, pytest.mark.xdist_group("packages")]  # they share the tarball

PROJECT = ROOT / "examples/awx-project"
PLAYBOOKS = sorted(path.stem for path in PROJECT.glob("*.yml") if not path.name.endswith("ocp_hosts.yml"))


@pytest.fixture(scope="module")
def project(tarball: Path, bin_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with the tarball in its place, and its requirements installed as in AWX.

    AWX's project update (awx/playbooks/project_update.yml) runs ansible-galaxy in the project's root. It installs
    into a folder that jobs can see.
    """
    folder = tmp_path_factory.mktemp("project")
    copy = folder / "project"
    shutil.copytree(PROJECT, copy)
    shutil.copy(tarball, copy / "collections")
    install = [bin_folder / "ansible-galaxy", "collection", "install", "--offline"]
    run(*install, "-r", copy / "collections/requirements.yml", cwd=copy, **job(copy))
    return copy


def job(project: Path) -> dict[str, str]:
    """The variables by which a job finds only the collections of its project."""
    collections = project.parent / "requirements_collections"
    return {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}


def test_every_playbook_of_the_collection_has_its_own() -> None:
    assert sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml")) == PLAYBOOKS
    for name in PLAYBOOKS:
        (play,) = yaml.safe_load((PROJECT / f"{name}.yml").read_text())
        assert play.keys() == {"name", "ansible.builtin.import_playbook"}
        assert play["ansible.builtin.import_playbook"] == f"oceanbase.ocp.{name}"


def test_the_requirements_name_this_version(version: str) -> None:
    requirements = yaml.safe_load((PROJECT / "collections/requirements.yml").read_text())
    assert requirements == {"collections": [{"name": f"collections/oceanbase-ocp-{version}.tar.gz", "type": "file"}]}


def test_a_job_finds_every_playbook(project: Path, bin_folder: Path) -> None:
    playbooks = [f"{name}.yml" for name in PLAYBOOKS]
    checked = run(bin_folder / "ansible-playbook", "--syntax-check", *playbooks, cwd=project, **job(project))
    assert re.findall(r"(?m)^playbook: (\S+)$", checked) == playbooks


def test_a_job_takes_the_project_s_setting(project: Path, bin_folder: Path) -> None:
    dumped = run(bin_folder / "ansible-config", "dump", "--only-changed", cwd=project, **job(project))
    assert f"DEFAULT_INTERNAL_POLL_INTERVAL({project}/ansible.cfg) = 0.01" in dumped
