# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflows and job templates of the example project, from its own configuration as code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.integration.cores import ROOT

from .template import Template

PROJECT = ROOT / "examples/awx-project"


@dataclass(frozen=True)
class Node:
    """A node of a workflow. variables: its own. success, failure, always: the nodes that may come next."""

    template: Template
    variables: dict[str, Any]
    success: tuple[str, ...]
    failure: tuple[str, ...]
    always: tuple[str, ...]

    def next(self, successful: bool) -> tuple[str, ...]:
        return (*(self.success if successful else self.failure), *self.always)


def templates() -> dict[str, Template]:
    """The job templates by name. A sliced one has two slices."""
    return {
        given["name"]: Template(
            given["playbook"].removesuffix(".yml"),
            survey=tuple(question["variable"] for question in given["questions"]),
            slices=2 if given.get("sliced") else 1,
        )
        for given in _load("job_templates")["site_job_templates"]
    }


def workflow(name: str) -> dict[str, Node]:
    """The nodes of a workflow by identifier, in order."""
    known = templates()
    (found,) = [given for given in _load("workflows")["site_workflows"] if given["name"] == name]
    return {
        given["identifier"]: Node(
            known[given["unified_job_template"]["name"]],
            given.get("extra_data", {}),
            *(
                tuple(node["identifier"] for node in given.get("related", {}).get(f"{kind}_nodes", ()))
                for kind in ("success", "failure", "always")
            ),
        )
        for given in found["nodes"]
    }


def _load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(Path(PROJECT, f"awx/vars/{name}.yml").read_text())
    return content
