# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for import by others.

"""Detects that this collection hides another version of itself, from the Python package oceanbase-ocp.

ansible-core searches ANSIBLE_COLLECTIONS_PATH, by default the user's ~/.ansible/collections, before its
own Python's packages.
"""

from __future__ import annotations

import json
import re
import typing as t
from importlib import metadata
from pathlib import Path

_DISTRIBUTION = "oceanbase-ocp"
_COLLECTION = "ansible_collections/oceanbase/ocp"
_HERE = Path(__file__).parents[3]
_VERSION = re.compile(r"^version: *(\S+)", re.MULTILINE)


def hidden_package(collection: Path = _HERE) -> str | None:
    """A message about the installed package that this collection hides; None if it hides no other version.

    collection: the folder of this collection.
    """
    try:
        package = metadata.distribution(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None
    packaged, ours = Path(str(package.locate_file(_COLLECTION))), version(collection)
    if not packaged.is_dir() or packaged == collection or ours in (None, package.version):
        return None
    return (
        f"The collection oceanbase.ocp {ours} in {collection} runs, and not {package.version} of the Python package "
        f"{_DISTRIBUTION} in {packaged}: ansible-core finds it first. Remove the one that you do not want"
    )


def version(collection: Path = _HERE) -> str | None:
    """The version of a collection, of this one where nothing is said, from ansible-galaxy's manifest or its source."""
    try:
        manifest: dict[str, t.Any] = json.loads((collection / "MANIFEST.json").read_text(encoding="utf-8"))
        return str(manifest["collection_info"]["version"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        found = _VERSION.search((collection / "galaxy.yml").read_text(encoding="utf-8"))
    except OSError:
        return None
    return found[1] if found else None
