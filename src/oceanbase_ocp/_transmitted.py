# Copyright (c) 2026, OceanBase OCP collection contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a private data directory for any machine from the caller's arguments, for ansible-runner to transmit."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ._arguments import LARGEST_RESULT, Settings, check_keywords, extravars, inventory, write_json

_EXTRAVARS = "env/oceanbase_ocp.json"
_INVENTORY = "oceanbase_ocp_inventory"
_BESIDE = ("group_vars", "host_vars")
# Keywords for ansible-runner's process, which runs here. All others go to the worker.
_OF_PROCESS = {"artifact_dir", "artifacts_handler", "event_handler", "finished_callback", "quiet", "status_handler"}
_HERE = {*_OF_PROCESS, "cancel_callback", "private_data_dir"}


def transmit_arguments(
    settings: Settings, given: Mapping[str, Any], folder: Path, look_seconds: float
) -> dict[str, Any]:
    """The keywords for ansible-runner's transmit.

    given: the caller's own keywords. folder: an empty folder of this run, in which the transmitted files are put
    together. look_seconds: interval in which the worker checks for a cancel.

    Raises TypeError for a keyword that is not allowed, OcpRunError for an inventory that does not exist.
    """
    check_keywords(given)
    private = folder / "transmitted"
    mine = given.get("private_data_dir")
    if mine:
        if not os.path.isdir(mine):
            raise ValueError(f"there is no private_data_dir {mine}")  # as ansible-runner
        earlier = {os.path.join(mine, "artifacts")}  # the worker does not need them
        shutil.copytree(
            mine, private, symlinks=True, ignore=lambda at, names: {n for n in names if os.path.join(at, n) in earlier}
        )
    (private / "env").mkdir(mode=0o700, parents=True, exist_ok=True)
    write_json(private / _EXTRAVARS, extravars(settings))
    if not (private / "env/settings").exists():
        write_json(private / "env/settings", {"pexpect_timeout": look_seconds, **(given.get("settings") or {})})
    arguments = {
        **{name: value for name, value in given.items() if name not in _HERE and name != "settings"},
        "private_data_dir": str(private),
        "playbook": settings.playbook,
        "extravars": _EXTRAVARS,  # a file, since everybody on the worker's machine can read a command line
        "suppress_env_files": True,
        "envvars": _environment(given.get("envvars") or {}),
    }
    if settings.inventory is not None:
        found = inventory(settings.inventory, Path(mine or folder).absolute(), folder)
        arguments["inventory"] = str(_inventory([found] if isinstance(found, str) else found, private))
    return arguments


def process_arguments(given: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The keywords for ansible-runner's process. given, folder: as for `transmit_arguments`."""
    return {
        "quiet": True,
        **{name: value for name, value in given.items() if name in {*_OF_PROCESS, "ident"}},
        "private_data_dir": str(Path(given.get("private_data_dir") or folder / "processed").absolute()),
    }


def _environment(given: Mapping[str, Any]) -> dict[str, Any]:
    """The environment variables of a run elsewhere, in addition to the worker's. given: the caller's, which win."""
    return {
        "MAX_EVENT_RES": LARGEST_RESULT,
        "ANSIBLE_HOST_KEY_CHECKING": "True",  # otherwise ansible-runner would switch it off
        **given,
    }


def _inventory(sources: Sequence[str], private: Path) -> Path:
    """Copy the sources of an inventory, with the variables beside them. Returns the path of the copy.

    sources: paths, and lists of host names.
    """
    target = private / _INVENTORY
    target.mkdir(mode=0o700)
    only = len(sources) == 1
    for number, source in enumerate(sources):
        path = Path(source)
        # Ansible reads the sources in a folder in the order of their names, before 2.19 without names in .ini.
        name = path.name if only else f"{number:03}-{path.name.removesuffix('.ini')}"
        if not path.exists():
            (target / f"{number:03}-hosts").write_text("\n".join(source.split(",")) + "\n", encoding="utf-8")
        elif path.is_dir():
            shutil.copytree(path, target if only else target / name, dirs_exist_ok=True)
        else:
            shutil.copy2(path, target / name)
        where = path if path.is_dir() else path.parent
        for beside in _BESIDE:
            if path.exists() and (where / beside).is_dir():
                shutil.copytree(where / beside, target / beside, dirs_exist_ok=True)
    return target / Path(sources[0]).name if only and Path(sources[0]).is_file() else target
