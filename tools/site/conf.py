# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx's configuration of the site that `make docs` builds: pages of docs/, and those of antsibull-docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes

GALAXY = yaml.safe_load((Path(__file__).resolve().parents[2] / "galaxy.yml").read_text())
REPOSITORY = f"{GALAXY['repository']}/blob/main"

project = "oceanbase.ocp"
author = project_copyright = "OceanBase OCP collection contributors"
version = release = GALAXY["version"]

extensions = ["myst_parser", "sphinx_antsibull_ext", "sphinxcontrib.asciinema"]
root_doc = "index"
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_heading_anchors = 3
nitpicky = True
# Plugins of others, which are on no page of this site.
nitpick_ignore_regex = [("std:ref|ansplugin|ansopt|ansretval", r"ansible_collections\.(?!oceanbase\.).*")]
suppress_warnings = ["misc.highlighting_failure"]  # responses with dots in them are no JSON

html_theme = "sphinx_rtd_theme"
html_title = f"oceanbase.ocp {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False

# Labels of Ansible's own documentation that antsibull-docs names.
ANSIBLE = "https://docs.ansible.com/ansible/latest"
LABELS = {
    "action_plugins": "plugins/action.html",
    "callback_plugins": "plugins/callback.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}

# What pages show differently here than on GitHub.
_OUTSIDE = re.compile(r"\]\(\.\./([^)]+)\)")  # a file of the repository that is no page
_PLAYER = re.compile(r"<!-- player (\S+) -->")


def _source_read(_app: object, page: str, source: list[str]) -> None:
    text = _OUTSIDE.sub(rf"]({REPOSITORY}/\1)", source[0])
    text = _PLAYER.sub(r"```{asciinema} \1\n:fit: width\n:poster: npt:0:15\n```", text)
    if page == root_doc:  # its table has every page once, in the order of the site
        pages = dict.fromkeys(re.findall(r"\((\w[\w-]*\.md)\)", text))
        head = ["", "```{toctree}", ":hidden:", ":maxdepth: 1", ""]
        text += "\n".join([*head, *pages, "Plugins and roles <plugins/index>", "```", ""])
    source[0] = text


def _missing_reference(_app: object, _env: object, node: Any, content: nodes.TextElement) -> nodes.reference | None:
    """A link to Ansible's documentation, for what antsibull-docs takes to be a part of the same site."""
    target, kind = node["reftarget"], node["reftype"]
    place = f"reference_appendices/config.html#envvar-{target}" if kind == "envvar" else LABELS.get(target)
    return nodes.reference("", "", content, refuri=f"{ANSIBLE}/{place}") if place else None


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _source_read)
    app.connect("missing-reference", _missing_reference)
